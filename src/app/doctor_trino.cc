#include "app/doctor_trino.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string>

#include <fmt/format.h>

#include "app/dbt/dbt_failure.h"
#include "app/dbt_setup.h"
#include "app/interrupt.h"
#include "app/pipeline_builder.h"
#include "query/trino_client.h"

namespace calve::app {
namespace {

constexpr int kTestedTrino = 476;
constexpr int kDoublingTrino = 477;
constexpr int kFirstRefusingTrino = 478;
constexpr int kLastRefusingTrino = 481;

std::string RemedyOf(const Error& error, const char* remedy) {
  return error.kind == ErrorKind::kUnavailable
             ? "see that it runs and can be reached from here"
             : remedy;
}

Check VersionCheck(const std::string& where, const std::string& version) {
  const std::string detail = fmt::format("{} answers; version {}", where, version);
  int number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);
  if (number == kTestedTrino) {
    return {"trino", CheckState::kGood, detail, ""};
  }
  if (number == kDoublingTrino) {
    return {"trino", CheckState::kWarning, detail + ", whose MERGE writes rows twice",
            "use Trino 476"};
  }
  if (number >= kFirstRefusingTrino && number <= kLastRefusingTrino) {
    return {"trino", CheckState::kWarning, detail + ", whose MERGE refuses sound changes",
            "use Trino 476"};
  }
  return {"trino", CheckState::kWarning, detail + ", which Calve is not tested with",
          "use Trino 476, or try this one on a copy first"};
}

/// Calve's tables that Trino does not have.
Result<std::vector<std::string>> MissingTables(query::TrinoClient& trino,
                                               table::Catalog& catalog) {
  CALVE_ASSIGN(const auto tables, catalog.ListTables());
  CALVE_ASSIGN(
      const auto rows,
      trino.Rows(fmt::format(
          "select table_schema || '.' || table_name from {}.information_schema.tables",
          query::QuoteName(trino.endpoint().catalog))));
  std::set<std::string> seen;
  for (const query::TrinoRow& row : rows) {
    seen.insert(row.front().value_or(""));
  }
  std::vector<std::string> missing;
  for (const table::TableName& name : tables) {
    if (!seen.contains(name.text())) {
      missing.push_back(name.text());
    }
  }
  return missing;
}

Check CatalogCheck(query::TrinoClient& trino, table::Catalog* catalog) {
  const std::string& name = trino.endpoint().catalog;
  const auto known = trino.Rows(
      fmt::format("select 1 from system.metadata.catalogs where catalog_name = {}",
                  query::QuoteText(name)));
  if (!known) {
    return {"trino catalog", CheckState::kFailed, known.error().message,
            RemedyOf(known.error(), "the message is Trino's own")};
  }
  if (known->empty()) {
    return {
        "trino catalog", CheckState::kFailed,
        fmt::format("Trino has no catalog {}", name),
        fmt::format("set trino.catalog, or give Trino a file etc/catalog/{}.properties "
                    "as docs/trino.md shows it",
                    name)};
  }
  if (catalog == nullptr) {
    return {"trino catalog", CheckState::kGood, name + " is there", ""};
  }
  const auto missing = MissingTables(trino, *catalog);
  if (!missing) {
    return {"trino catalog", CheckState::kFailed, missing.error().message,
            RemedyOf(missing.error(), "the message is Trino's own")};
  }
  if (!missing->empty()) {
    return {"trino catalog", CheckState::kFailed,
            fmt::format("{} lacks {} of Calve's tables, such as {}", name,
                        missing->size(), missing->front()),
            "see that iceberg.jdbc-catalog.connection-url leads to catalog.uri, and "
            "iceberg.jdbc-catalog.catalog-name is catalog.name"};
  }
  return {"trino catalog", CheckState::kGood, name + " has all tables of Calve's catalog",
          ""};
}

bool Fits(const std::string& version) {
  return version == "1.11" || version.starts_with("1.11.");
}

Check DbtVersions(const DbtLog& log) {
  const std::string detail =
      fmt::format("the project is sound; dbt-core {}, dbt-{} {}", log.dbt_version(),
                  log.adapter(), log.adapter_version());
  if (log.adapter() != "trino") {
    return {"dbt", CheckState::kFailed, detail,
            "the profile must be of type trino: see profiles.yml"};
  }
  if (!Fits(log.dbt_version()) || !Fits(log.adapter_version())) {
    return {"dbt", CheckState::kWarning, detail,
            "install dbt-core 1.11 and dbt-trino 1.11, which Calve is tested with"};
  }
  return {"dbt", CheckState::kGood, detail, ""};
}

/// `dbt debug`: program, project, profile, connection.
Check DbtCheck(const Config& config, const Environment& environment) {
  auto program = MakeDbtProgram(config, environment);
  if (!program) {
    return {"dbt", CheckState::kFailed, program.error().message, "the message names it"};
  }
  program->interrupted = Interrupted;
  NoProgress silent;
  DbtLog log(silent);
  const auto code = RunDbt(*program, {"debug"}, log);
  if (!code) {
    return {"dbt", CheckState::kFailed, code.error().message, "the message names it"};
  }
  if (*code == 0) {
    return DbtVersions(log);
  }
  const std::string fault = !log.failure().empty()  ? log.failure()
                            : !log.faults().empty() ? log.faults().front()
                                                    : "dbt debug finds a fault";
  return {"dbt", CheckState::kFailed, ProjectFailure(config.models, fault).message,
          fmt::format("`{} debug --project-dir {}` says more", config.dbt.command,
                      config.models)};
}

}  // namespace

void AddTrinoChecks(Session& session, Checks& checks) {
  const PipelineNeeds needs{.catalog = true, .trino = true};
  const auto config = session.LoadConfig(needs);
  if (!config || (!config->trino && config->engine == Engine::kNative)) {
    return;  // The checks before have said what is wrong with the configuration.
  }
  const std::optional<query::TrinoEndpoint>& endpoint = config->trino;
  if (!endpoint) {
    const Error missing = MissingKey(*config, "Trino", "trino.host");
    checks.push_back(
        {"trino", CheckState::kFailed, missing.message, "the message names it"});
    return;
  }
  constexpr size_t kMostReplyBytes = size_t{64} * 1024 * 1024;
  const auto http = io::MakeHttpClient({.max_body_bytes = kMostReplyBytes});
  query::TrinoClient trino(*endpoint, *http, {.interrupted = Interrupted});
  const auto version = trino.Version();
  if (!version) {
    checks.push_back({"trino", CheckState::kFailed, version.error().message,
                      RemedyOf(version.error(), "the message names it")});
    return;
  }
  checks.push_back(VersionCheck(trino.endpoint().url(), *version));
  std::unique_ptr<table::Catalog> catalog;
  if (const auto& place = config->catalog) {
    if (auto opened = BuildCatalog(*place)) {
      catalog = *std::move(opened);
    }
  }
  checks.push_back(CatalogCheck(trino, catalog.get()));
  if (config->engine == Engine::kTrino) {
    checks.push_back(DbtCheck(*config, session.environment()));
  }
}

}  // namespace calve::app
