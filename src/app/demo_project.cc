#include "app/demo_project.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "app/config/config_file.h"
#include "app/event_files.h"
#include "app/pipeline_builder.h"
#include "app/scaffold.h"

namespace calve::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMarkerFile = ".calve-demo";

/// The path as someone in the working folder would write it.
std::string ShortPath(const std::string& path) {
  std::error_code error;
  const std::string relative =
      fs::path(path).lexically_relative(fs::current_path(error)).string();
  return error || relative.empty() || relative.starts_with("..") ? path : relative;
}

/// How this program was started, as far as can be told.
std::string ProgramName() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const std::string name = error ? "calve" : ShortPath(program.string());
  return error || name.find('/') != name.npos ? name : "./" + name;
}

/// The value as YAML's single-quoted scalar, its dollar signs escaped.
std::string QuoteForConfig(const std::string& value) {
  std::string quoted = "'";
  for (const char c : value) {
    quoted += c;
    if (c == '\'' || c == '$') {
      quoted += c;
    }
  }
  return quoted + "'";
}

/// Replaces the value in the line that starts with `dsn:`.
Result<std::string> WithDsn(const std::string& text, const std::string& dsn) {
  const size_t key = text.find(" dsn:");
  if (key == std::string::npos) {
    return Error{ErrorKind::kInternal, "the example's calve.yaml has no dsn"};
  }
  const size_t end = std::min(text.find('\n', key), text.size());
  return text.substr(0, key) + " dsn: " + QuoteForConfig(dsn) + text.substr(end);
}

}  // namespace

Result<DemoProject> DemoProject::Make(const std::string& folder) {
  std::error_code error;
  std::string absolute = fs::absolute(folder, error).lexically_normal().string();
  while (absolute.size() > 1 && absolute.back() == '/') {
    absolute.pop_back();
  }
  const bool ours = fs::exists(fs::path(absolute) / kMarkerFile, error);
  const bool empty = !fs::exists(absolute, error) || fs::is_empty(absolute, error);
  if (!ours && !empty) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("{} holds files that no demo wrote; choose another folder "
                             "with --dir",
                             absolute)};
  }
  return DemoProject(std::move(absolute));
}

Status DemoProject::Clear() {
  std::error_code error;
  fs::create_directories(folder_, error);
  const std::ofstream marker(fs::path(folder_) / kMarkerFile);
  if (error || !marker) {
    return Error{
        ErrorKind::kUnavailable,
        fmt::format("cannot write to {}; choose another folder with --dir", folder_)};
  }
  constexpr std::array kWritten{"lake", "dbt_dwh", "calve.yaml", "events-1.csv",
                                "events-2.csv"};
  for (const char* name : kWritten) {
    fs::remove_all(fs::path(folder_) / name, error);
    if (error) {
      return Error{ErrorKind::kUnavailable, fmt::format("cannot remove {}/{}: {}",
                                                        folder_, name, error.message())};
    }
  }
  return {};
}

Status DemoProject::Write(const std::string& dsn) const {
  CALVE_TRY(WriteScaffold(folder_, ExampleProject()));
  std::ifstream stream(config_file(), std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  CALVE_ASSIGN(const std::string config, WithDsn(text, dsn));
  std::error_code error;
  fs::permissions(config_file(), fs::perms::owner_read | fs::perms::owner_write, error);
  std::ofstream out(config_file(), std::ios::binary | std::ios::trunc);
  out << config << std::flush;
  if (error || !out) {
    return Error{ErrorKind::kUnavailable, "cannot write " + config_file()};
  }
  return {};
}

Result<flow::Pipeline> DemoProject::BuildPipeline() const {
  CALVE_ASSIGN(const Config config,
               LoadConfig({.file = config_file(), .assignments = {}, .environment = {}}));
  return app::BuildPipeline(
      config, {.source = true, .landing = true, .catalog = true, .models = true}, {});
}

Result<std::string> DemoProject::OftenChangedOrder() const {
  constexpr int kLookAt = 2000;
  CALVE_ASSIGN(generate::EventCsvReader reader, OpenEventFile(events_file(2)));
  const std::vector<std::string>& columns = reader.payload_columns();
  const auto id = std::find(columns.begin(), columns.end(), "order_id") - columns.begin();
  std::map<std::string, int> counts;
  generate::EventRecord record;
  for (int i = 0; i < kLookAt; ++i) {
    CALVE_ASSIGN(const bool more, reader.Next(record));
    if (!more) {
      break;
    }
    ++counts[std::string(record.payload[static_cast<size_t>(id)].value_or(""))];
  }
  const auto most =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == counts.end()) {
    return Error{ErrorKind::kInternal, "the second event file is empty"};
  }
  return most->first;
}

std::string DemoProject::WhatToTry(const std::string& order, bool server_runs) const {
  const std::string calve = ProgramName() + " -c " + ShortPath(config_file());
  std::string text = "what to try next\n";
  text += fmt::format("  {} status\n", calve);
  text += fmt::format("  {} table snapshots marts.orders\n", calve);
  text += fmt::format("  {} row marts.orders {}\n", calve, order);
  if (server_runs) {
    text += fmt::format("  {} run --follow\n", calve);
    text += fmt::format("  {} demo --dir {} --stop\n", ProgramName(), ShortPath(folder_));
  } else {
    text += fmt::format("  {} demo --keep-running    # the same, and PostgreSQL stays\n",
                        ProgramName());
  }
  text += fmt::format(
      R"(  python - <<'end'    # pip install 'pyiceberg[sql-sqlite,pyarrow]'
from pyiceberg.catalog.sql import SqlCatalog
lake = SqlCatalog("lake", uri="sqlite:///{0}/lake/catalog.db", warehouse="file://{0}/lake/warehouse")
print(lake.load_table("marts.orders").scan(limit=5).to_arrow().to_pylist())
end)",
      folder_);
  return text;
}

std::string DemoProject::events_file(int round) const {
  return fmt::format("{}/events-{}.csv", folder_, round);
}

}  // namespace calve::app
