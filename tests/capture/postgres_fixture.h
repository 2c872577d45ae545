#pragma once

/// \file tests/capture/postgres_fixture.h
/// Audit tables on the PostgreSQL server of an executable's tests.

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "capture/audit_log.h"
#include "io/postgres/connection.h"
#include "landing/event_rows.h"
#include "support/postgres_server.h"

namespace calve::capture {

using calve::testing::Connect;
using calve::testing::NewDatabase;
using calve::testing::SharedServer;
using calve::testing::Sql;
using calve::testing::TestServer;

inline constexpr const char* kCreateAuditTable =
    "CREATE TABLE public.audit_log_dml (audit_event_id serial PRIMARY KEY, "
    "audit_operation text, audit_timestamp timestamptz DEFAULT now(), tbl_schema text, "
    "tbl_name text, raw_data text)";

/// What `capture install` does to a table.
inline void InstallAuditXid(postgres::Connection& connection) {
  Sql(connection, "ALTER TABLE public.audit_log_dml ADD COLUMN audit_xid xid8");
  Sql(connection,
      "ALTER TABLE public.audit_log_dml ALTER COLUMN audit_xid SET DEFAULT "
      "pg_current_xact_id()");
  Sql(connection, "CREATE INDEX ON public.audit_log_dml (audit_xid)");
}

/// SQL that adds a row with this payload.
inline std::string Insert(const std::string& payload) {
  return "INSERT INTO public.audit_log_dml (audit_operation, raw_data) VALUES ('I', '" +
         payload + "');";
}

/// Extracts again and again, as a pipeline would, and remembers what it saw.
class Poller {
 public:
  explicit Poller(std::string dsn, CaptureRules rules = {}) {
    options_.dsn = std::move(dsn);
    options_.table = "public.audit_log_dml";
    options_.rules = rules;
    options_.batch_rows = 3;
  }

  /// The payloads of one extraction, in order of id. Failures are noted as the only one.
  std::vector<std::string> Poll() {
    std::vector<std::string> payloads;
    const Status status = Extract(payloads);
    return status ? payloads : std::vector<std::string>{status.error().message};
  }

  Status Extract(std::vector<std::string>& payloads) {
    CALVE_ASSIGN(const auto log, AuditLog::Open(options_));
    CALVE_TRY(log->Begin(cursor_));
    mode_ = log->mode();
    CALVE_ASSIGN(const int64_t expected, log->CountRows());
    std::vector<landing::EventRow> rows;
    while (true) {
      CALVE_ASSIGN(const auto batch, log->Next());
      if (batch == nullptr) {
        break;
      }
      landing::AddRows(*batch, rows);
    }
    EXPECT_EQ(static_cast<int64_t>(rows.size()), expected);
    CALVE_ASSIGN(const auto next, log->Finish());
    CALVE_TRY(log->AwaitDurable());
    std::sort(rows.begin(), rows.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    for (const landing::EventRow& row : rows) {
      payloads.push_back(row.payload.value_or("NULL"));
    }
    // As the ledger does: a cursor survives its text.
    const auto parsed = CursorFromJson(CursorToJson(*next));
    EXPECT_TRUE(parsed && *parsed == *next);
    cursor_ = next;
    return {};
  }

  std::optional<Cursor>& cursor() { return cursor_; }
  AuditLogOptions& options() { return options_; }
  CursorMode mode() const { return mode_; }

 private:
  AuditLogOptions options_;
  std::optional<Cursor> cursor_;
  CursorMode mode_ = CursorMode::kXmin;
};

}  // namespace calve::capture
