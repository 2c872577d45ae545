#include <algorithm>
#include <cstdlib>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "app/check.h"
#include "app/commands.h"
#include "app/doctor_secrets.h"
#include "app/doctor_storage.h"
#include "app/doctor_trino.h"
#include "capture/source_health.h"
#include "flow/extract.h"

namespace calve::app {
namespace {

constexpr int64_t kOldTransactionSeconds = 300;
constexpr double kSkewSeconds = 5;
constexpr int64_t kLeastServer = 130000;

std::string RemedyOr(const Error& error, const char* remedy) {
  return error.kind == ErrorKind::kCorrupt ? "see the message: it names the way out"
                                           : remedy;
}

Check Examination(const capture::SourceHealth& health) {
  if (health.server_version_number < kLeastServer) {
    return {"server version", CheckState::kFailed, "PostgreSQL " + health.server_version,
            "Calve needs PostgreSQL 13 or newer"};
  }
  return {"server version", CheckState::kGood, "PostgreSQL " + health.server_version, ""};
}

Check Privileges(const capture::SourceHealth& health) {
  if (health.is_superuser) {
    return {"privileges", CheckState::kWarning,
            fmt::format("{} is a superuser", health.role),
            "connect as a role that may SELECT from the audit table and nothing else"};
  }
  if (health.may_write) {
    return {"privileges", CheckState::kWarning,
            fmt::format("{} may also write to the audit table", health.role),
            "connect as a role that may SELECT from it and nothing else, unless you load "
            "events by this one"};
  }
  return {"privileges", CheckState::kGood,
          fmt::format("{} may read the audit table and not write to it", health.role),
          ""};
}

Check CursorCheck(const capture::SourceHealth& health) {
  if (!health.has_audit_xid) {
    return {"cursor", CheckState::kWarning,
            "xmin: every extraction scans the whole audit table",
            "add the indexed column audit_xid: calve capture install"};
  }
  return {"cursor", CheckState::kGood, "audit_xid, by index", ""};
}

Check Horizon(const capture::SourceHealth& health) {
  const auto& oldest = health.oldest_transaction;
  if (!oldest || oldest->age_seconds < kOldTransactionSeconds) {
    return {"horizon", CheckState::kGood,
            oldest ? fmt::format("the oldest writing transaction is {} s old",
                                 oldest->age_seconds)
                   : "no writing transaction is open",
            ""};
  }
  return {"horizon", CheckState::kWarning,
          fmt::format("{} holds a transaction open for {} s", oldest->who,
                      oldest->age_seconds),
          health.has_audit_xid ? "its own rows come once it ends; nothing else waits"
                               : "rows of younger transactions wait for it: end it"};
}

Check Guard(const capture::SourceHealth& health) {
  if (!health.is_guarded) {
    return {
        "guard", CheckState::kWarning,
        "no trigger keeps unread audit rows from being updated, deleted or truncated: "
        "a plain DELETE of unread rows can't be seen",
        "calve capture install adds the guard"};
  }
  return {"guard", CheckState::kGood, "triggers watch UPDATE, DELETE and TRUNCATE", ""};
}

Check Skew(const capture::SourceHealth& health, TimestampUs now) {
  constexpr double kMicro = 1e-6;
  const double skew = kMicro * static_cast<double>(health.clock.value - now.value);
  const std::string detail =
      fmt::format("the source's clock is {:+.1f} s from ours", skew);
  if (std::abs(skew) > kSkewSeconds) {
    return {"clocks", CheckState::kWarning, detail,
            "no row is lost by it, but ages and dates of files mislead: run NTP on both"};
  }
  return {"clocks", CheckState::kGood, detail, ""};
}

void CheckSource(const flow::Pipeline& pipeline, TimestampUs now, Checks& checks) {
  const auto health =
      capture::ExamineSource(pipeline.source.dsn, pipeline.source.audit_table);
  if (!health) {
    checks.push_back({"source", CheckState::kFailed, health.error().message,
                      "see that the server runs and that source.postgres.dsn and "
                      "source.audit_log.table are right"});
    return;
  }
  checks.push_back({"source", CheckState::kGood,
                    "reachable; " + pipeline.source.audit_table + " is an audit log",
                    ""});
  checks.push_back(Examination(*health));
  checks.push_back(Privileges(*health));
  checks.push_back(CursorCheck(*health));
  checks.push_back(Horizon(*health));
  checks.push_back(Guard(*health));
  checks.push_back(Skew(*health, now));
}

/// What an extraction would do now: needs source, landing place and ledger.
void CheckContinuity(const flow::Pipeline& pipeline, Checks& checks) {
  const auto plan = flow::PlanExtract(pipeline);
  if (plan) {
    checks.push_back({"continuity", CheckState::kGood,
                      fmt::format("{} rows wait to be extracted", plan->rows), ""});
  } else {
    checks.push_back({"continuity", CheckState::kFailed, plan.error().message,
                      RemedyOr(plan.error(), "see the checks above")});
  }
}

/// Builds a part of the pipeline, or notes why it can't be.
std::optional<flow::Pipeline> Part(Session& session, const PipelineNeeds& needs,
                                   const std::string& name, Checks& checks) {
  auto pipeline = session.LoadPipeline(needs);
  if (!pipeline) {
    checks.push_back({name, CheckState::kFailed, pipeline.error().message,
                      pipeline.error().kind == ErrorKind::kUnavailable
                          ? "see that it runs and can be reached from here"
                          : "the message names the way out"});
    return std::nullopt;
  }
  return *std::move(pipeline);
}

void CheckModels(Session& session, Checks& checks) {
  const auto pipeline = Part(session, {.models = true}, "contracts", checks);
  if (pipeline) {
    checks.push_back(
        {"contracts", CheckState::kGood,
         fmt::format("{} models; landing table {}", pipeline->project.models.size(),
                     pipeline->landing_table.text()),
         ""});
  }
}

Checks Examine(Session& session, Checks checks) {
  CheckModels(session, checks);
  const auto source = Part(session, {.source = true}, "source", checks);
  if (source) {
    CheckSource(*source, session.clock().Now(), checks);
  }
  const auto landing = Part(session, {.landing = true}, "landing", checks);
  if (landing) {
    checks.push_back(CheckPlace(*landing, "landing storage", landing->landing.root));
  }
  if (source && landing) {
    const auto both = Part(session, {.source = true, .landing = true}, "source", checks);
    if (both) {
      CheckContinuity(*both, checks);
    }
  }
  const auto catalog = Part(session, {.catalog = true, .landing_table = "landing.unused"},
                            "catalog", checks);
  if (catalog) {
    checks.push_back(CheckPlace(*catalog, "warehouse", catalog->catalog->warehouse()));
    checks.push_back(CheckCatalog(*catalog));
  }
  AddTrinoChecks(session, checks);
  return checks;
}

Result<Document> Doctor(Session& session) {
  const auto config = session.LoadConfig({});
  Checks checks;
  AddSecretChecks(session, checks);
  const bool secret_failed = std::ranges::any_of(
      checks, [](const Check& check) { return check.state == CheckState::kFailed; });
  if (config) {
    checks = Examine(session, std::move(checks));
  } else if (!secret_failed) {
    return config.error();
  }
  return ChecksDocument("doctor", checks, session.messages());
}

}  // namespace

void AddDoctorCommand(Commands& commands) {
  commands.Add("doctor",
               "Check source, storage, catalog and contracts; exit 4 if one is wrong",
               [](Session& session) { return Doctor(session); });
}

}  // namespace calve::app
