#include "app/source_project.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "app/scaffold.h"
#include "app/source_draft.h"
#include "model/flatten.h"

namespace calve::app {
namespace {

constexpr std::string_view kDbtFolder = "dbt_dwh/";
constexpr std::string_view kModels = "dbt_dwh/models/";
/// What dbt takes from elsewhere, and what is none of this project's.
constexpr std::string_view kPackages = "dbt_dwh/packages/";

void ReplaceAll(std::string& text, std::string_view from, const std::string& to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

/// A scalar of calve.yaml between double quotes, where `$` begins a variable.
std::string Scalar(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' || c == '\\' ? std::string("\\") + c
              : c == '$'            ? "$$"
                                    : std::string(1, c);
  }
  return quoted + "\"";
}

/// The example's text from `begin` to `end`, replaced.
void ReplaceBetween(std::string& text, std::string_view begin, std::string_view end,
                    const std::string& to) {
  const size_t from = text.find(begin);
  const size_t until = from == text.npos ? text.npos : text.find(end, from);
  if (until != text.npos) {
    text.replace(from, until - from, to);
  }
}

/// `postgres:` with where the source is.
std::string SourceSection(const postgres::Endpoint& source) {
  return fmt::format(
      "  postgres:\n"
      "    host: {}\n    port: {}\n    database: {}\n    user: {}\n"
      "    # The password comes from PGPASSWORD, a password file of libpq's, or\n"
      "    # CALVE_SOURCE__POSTGRES__PASSWORD; TLS from PGSSLMODE and PGSSLROOTCERT.\n",
      Scalar(source.host), source.port, Scalar(source.database), Scalar(source.user));
}

/// Turns the example into the project of another database, without tables yet.
std::vector<contract::ProjectFile> Skeleton(const postgres::Endpoint& source,
                                            const std::string& name) {
  std::vector<contract::ProjectFile> files;
  for (contract::ProjectFile file : ExampleProject()) {
    if (file.path.starts_with(kPackages)) {
      files.push_back(std::move(file));
      continue;
    }
    const bool of_orders = file.path.starts_with(kModels) &&
                           (file.path.find("_orders") != std::string::npos ||
                            file.path.ends_with("unit_tests.yml"));
    if (file.path.find("/marts/") != std::string::npos || of_orders) {
      continue;
    }
    if (const size_t models =
            file.text.find("\n  - name: stg_ecomm_audit_log_dml_orders");
        models != std::string::npos) {
      file.text.erase(models);
    }
    ReplaceAll(file.text, "The reference pipeline's dbt project",
               "The dbt project for the database " + name);
    ReplaceAll(file.text, "The reference pipeline: the e-commerce database's audit log",
               "The audit log of the database " + name);
    ReplaceBetween(file.text, "  postgres:\n", "  audit_log:", SourceSection(source));
    ReplaceAll(file.text, "the e-commerce database", "the database " + name);
    for (const char* old : {"ecommerce", "ecomm"}) {
      ReplaceAll(file.text, old, name);
      ReplaceAll(file.path, old, name);
    }
    files.push_back(std::move(file));
  }
  return files;
}

/// Takes the files of the dbt project out; their paths as the project has them.
std::vector<contract::ProjectFile> DbtFiles(
    const std::vector<contract::ProjectFile>& files) {
  std::vector<contract::ProjectFile> found;
  for (const contract::ProjectFile& file : files) {
    if (file.path.starts_with(kDbtFolder) && !file.path.starts_with(kPackages)) {
      found.push_back({file.path.substr(kDbtFolder.size()), file.text});
    }
  }
  return found;
}

void Put(std::vector<contract::ProjectFile>& files, contract::ProjectFile file) {
  const auto known = std::find_if(
      files.begin(), files.end(),
      [&](const contract::ProjectFile& one) { return one.path == file.path; });
  if (known == files.end()) {
    files.push_back(std::move(file));
  } else {
    *known = std::move(file);
  }
}

/// Adds a table's models; an error is a reason to skip the table.
Status AddModels(const capture::TableShape& shape, SourceProject& project) {
  CALVE_ASSIGN(const SourceDraft draft, DraftContract(shape, /*key=*/{}));
  CALVE_ASSIGN(const contract::AddedTable added,
               contract::AddTable(DbtFiles(project.files), draft.table));
  for (const contract::ProjectFile& file : added.files) {
    Put(project.files, {std::string(kDbtFolder) + file.path, file.text});
  }
  project.models.insert(project.models.end(), added.models.begin(), added.models.end());
  project.tables.push_back(draft.table.source_table);
  return {};
}

}  // namespace

Result<SourceProject> DraftProject(postgres::Connection& connection,
                                   const std::string& schema) {
  CALVE_ASSIGN(const auto shapes, capture::ReadTableShapes(connection, schema));
  const postgres::Endpoint source = connection.endpoint();
  std::string name = model::ExtraColumnName(source.database);
  SourceProject project;
  project.files = Skeleton(source, name);
  for (const capture::TableShape& shape : shapes) {
    const Status added = AddModels(shape, project);
    if (!added) {
      project.skipped.push_back(
          {shape.ref.schema + "." + shape.ref.name, added.error().message});
    }
  }
  if (project.tables.empty()) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("no table of schema {} in database {} can have models: {}",
                             schema, source.database,
                             project.skipped.empty() ? "there is none"
                                                     : project.skipped.front().reason)};
  }
  return project;
}

}  // namespace calve::app
