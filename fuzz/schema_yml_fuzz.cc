// Fuzzes the reader of dbt projects: any YAML is a project, or one error that names the
// file.
//
// Input: the digit of the file (dbt_project.yml, sources, staging, marts), then its text.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "contract/contract.h"
#include "contract/project_fixture.h"
#include "fuzz_input.h"

namespace {

using calve::contract::ProjectFile;
using calve::fuzz::Require;

void CheckProject(const std::vector<ProjectFile>& files) {
  const auto project = calve::contract::ParseProject(files);
  if (!project) {
    const auto& error = project.error();
    Require(error.kind == calve::ErrorKind::kInvalidArgument,
            "a project is valid or its author's mistake");
    const bool names_file =
        std::any_of(files.begin(), files.end(), [&](const ProjectFile& file) {
          return error.message.starts_with(file.path + ":");
        });
    Require(names_file, "an error starts with the file's name");
    return;
  }
  for (const auto& model : project->models) {
    Require(project->Find(model.name) == &model, "names of models are unique");
  }
  Require(calve::contract::Select(*project, "").has_value(), "all can be selected");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text = calve::fuzz::TextOf(data, size);
  if (text.empty()) {
    return 0;
  }
  std::vector<ProjectFile> files = calve::contract::ValidProject();
  files[static_cast<unsigned char>(text[0]) % files.size()].text = text.substr(1);
  CheckProject(files);
  return 0;
}
