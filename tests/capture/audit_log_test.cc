#include "capture/audit_log.h"

#include <string>
#include <vector>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/postgres_fixture.h"

namespace calve::capture {
namespace {

using landing::EventRow;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest()
      : dsn_(NewDatabase(*SharedServer())), session_(Connect(dsn_)), poller_(dsn_) {}

  Error PollError(Poller& poller) {
    std::vector<std::string> payloads;
    const Status status = poller.Extract(payloads);
    EXPECT_FALSE(status);
    return status ? Error{ErrorKind::kInternal, ""} : status.error();
  }

  Result<std::vector<EventRow>> ReadAll(const std::string& table) {
    CALVE_ASSIGN(const auto log, AuditLog::Open({.dsn = dsn_, .table = table}));
    CALVE_TRY(log->Begin(std::nullopt));
    std::vector<EventRow> rows;
    while (true) {
      CALVE_ASSIGN(const auto batch, log->Next());
      if (batch == nullptr) {
        return rows;
      }
      landing::AddRows(*batch, rows);
    }
  }

  std::string dsn_;
  std::unique_ptr<postgres::Connection> session_;
  Poller poller_;
};

TEST_F(AuditLogTest, ReadsEveryColumnTypeThatAnAuditTableMayHave) {
  Sql(*session_, R"(CREATE SCHEMA "o""dd";
    CREATE TABLE "o""dd"."a.b" (raw_data jsonb, extra int, audit_event_id bigint,
      audit_timestamp timestamp(3), audit_operation char(1), tbl_schema name,
      tbl_name varchar(20));
    INSERT INTO "o""dd"."a.b" VALUES
      ('{"a": "ä€😀"}', 1, 9223372036854775807, '2024-01-31 23:59:59.123', 'U', 's', ''),
      (NULL, 2, -1, NULL, NULL, NULL, NULL),
      ('[]', 3, 0, '0044-03-15 12:00:00 BC', 'D', 's', E'a\nb'))");
  const auto rows = ReadAll(R"("o""dd"."a.b")");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_THAT(*rows,
              ElementsAre(EventRow{INT64_MAX, "U", 1'706'745'599'123'000, "s", "",
                                   R"({"a": "ä€😀"})"},
                          EventRow{-1, {}, {}, {}, {}, {}},
                          EventRow{0, "D", -63'517'780'800'000'000, "s", "a\nb", "[]"}));
}

TEST_F(AuditLogTest, ADatabaseInAnotherEncodingIsReadAsUtf8) {
  Sql(*Connect(SharedServer()->dsn()),
      "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  dsn_ = SharedServer()->dsn("latin");
  Sql(*Connect(dsn_), std::string(kCreateAuditTable) + ";" + Insert("ä"));
  const auto rows = ReadAll("public.audit_log_dml");
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_THAT(*rows, SizeIs(1));
  EXPECT_EQ((*rows)[0].payload, "ä");
}

TEST_F(AuditLogTest, WhatIsNoAuditLogIsRefused) {
  Sql(*session_,
      "SET search_path = public; CREATE TABLE few (audit_event_id int); "
      "CREATE TABLE numbers (audit_event_id numeric, audit_operation text, "
      "audit_timestamp "
      "timestamptz, tbl_schema text, tbl_name text, raw_data text); "
      "CREATE TABLE dates (LIKE numbers); "
      "ALTER TABLE dates ALTER audit_event_id TYPE int, ALTER audit_timestamp TYPE date "
      "USING now(); CREATE VIEW v AS SELECT * FROM numbers");
  const auto error = [&](const std::string& table) {
    const auto rows = ReadAll(table);
    EXPECT_FALSE(rows);
    EXPECT_EQ(rows.error().kind, ErrorKind::kInvalidArgument);
    return rows.error().message;
  };
  EXPECT_THAT(error("public.few"),
              HasSubstr("public.few is no audit log: it has no column"));
  EXPECT_THAT(error("numbers"), HasSubstr("its audit_event_id is of type numeric"));
  EXPECT_THAT(error("dates"), HasSubstr("its audit_timestamp is of type date"));
  EXPECT_THAT(error("v"), HasSubstr("it is a view"));
  EXPECT_THAT(error("missing"), HasSubstr("\"public.missing\" does not exist"));
  EXPECT_THAT(error("a.b.c"), HasSubstr("'a.b.c'"));
}

TEST_F(AuditLogTest, RowsWithoutIdOrWithFarMomentsStopNothing) {
  Sql(*session_,
      std::string(kCreateAuditTable) +
          ";ALTER TABLE public.audit_log_dml DROP CONSTRAINT audit_log_dml_pkey, "
          "ALTER audit_event_id DROP NOT NULL;"
          "INSERT INTO public.audit_log_dml VALUES (NULL, NULL, 'infinity'), "
          "(7, NULL, '294276-12-31 23:59:59.999999+00'), (NULL, NULL, NULL)");
  EXPECT_EQ(poller_.Poll().size(), 3U);
  EXPECT_EQ(poller_.cursor()->source.last_row->id, 7);
  EXPECT_THAT(poller_.Poll(), ElementsAre());
}

TEST_F(AuditLogTest, ALostConnectionIsOneSentenceThatARetryHeals) {
  Sql(*session_,
      std::string(kCreateAuditTable) +
          ";INSERT INTO public.audit_log_dml (raw_data) SELECT repeat('x', 1000) "
          "FROM generate_series(1, 30000)");
  const auto log = *AuditLog::Open(poller_.options());
  ASSERT_TRUE(log->Begin(std::nullopt));
  ASSERT_TRUE(log->Next());  // the server has more to send than any buffer takes
  Sql(*session_,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
      "current_database() AND pid <> pg_backend_pid()");
  Result<std::shared_ptr<arrow::RecordBatch>> batch = log->Next();
  while (batch && *batch != nullptr) {
    batch = log->Next();
  }
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().kind, ErrorKind::kUnavailable);
  // The server's last words may be lost with it.
  EXPECT_THAT(batch.error().message,
              AllOf(StartsWith("the connection to PostgreSQL was lost: "),
                    EndsWith("; run again once it is up"), Not(HasSubstr("\n"))));
}

TEST_F(AuditLogTest, RowSecurityThatWouldHideRowsFails) {
  Sql(*session_, std::string(kCreateAuditTable) + ";" + Insert("a") +
                     "CREATE ROLE reader LOGIN PASSWORD 'pw';"
                     "GRANT SELECT ON public.audit_log_dml TO reader;"
                     "ALTER TABLE public.audit_log_dml ENABLE ROW LEVEL SECURITY");
  std::string dsn = dsn_;
  const std::string login = "postgres:" + SharedServer()->password();
  dsn.replace(dsn.find(login), login.size(), "reader:pw");
  Poller poller(dsn);
  EXPECT_THAT(PollError(poller).message, HasSubstr("row-level security"));
  Sql(*session_, "ALTER TABLE public.audit_log_dml DISABLE ROW LEVEL SECURITY");
  EXPECT_THAT(poller.Poll(), ElementsAre("a"));  // a reader needs nothing but SELECT
  EXPECT_EQ(poller.cursor()->source.sequence_value, std::nullopt);
  Sql(*session_, Insert("b") + "SET synchronous_commit = off;" + Insert("c"));
  EXPECT_THAT(poller.Poll(), ElementsAre("b", "c"));
}

TEST_F(AuditLogTest, InstallingAndDroppingTheColumnBetweenPollsLosesNothing) {
  const auto other = Connect(dsn_);
  Sql(*session_, kCreateAuditTable);
  Sql(*session_, Insert("a"));
  EXPECT_THAT(poller_.Poll(), ElementsAre("a"));
  Sql(*other,
      "CREATE TABLE public.elsewhere (x int); BEGIN; INSERT INTO public.elsewhere VALUES "
      "(1)");
  Sql(*session_, Insert("b"));
  EXPECT_THAT(poller_.Poll(), ElementsAre());  // the other transaction holds it back
  Sql(*session_, "ALTER TABLE public.audit_log_dml ADD COLUMN audit_xid xid8");
  Sql(*session_, Insert("c"));
  EXPECT_THAT(poller_.Poll(), ElementsAre());
  EXPECT_EQ(poller_.mode(), CursorMode::kXmin);  // not in use without its default
  Sql(*session_,
      "ALTER TABLE public.audit_log_dml ALTER audit_xid SET DEFAULT "
      "pg_current_xact_id()");
  Sql(*session_, Insert("d"));
  EXPECT_THAT(poller_.Poll(), ElementsAre("b", "c", "d"));
  EXPECT_EQ(poller_.mode(), CursorMode::kAuditXid);
  EXPECT_THAT(poller_.Poll(), ElementsAre());
  Sql(*session_, Insert("e"));
  EXPECT_THAT(poller_.Poll(), ElementsAre("e"));
  Sql(*session_, Insert("f"));
  Sql(*session_, "ALTER TABLE public.audit_log_dml DROP COLUMN audit_xid");
  InstallAuditXid(*session_);
  Sql(*session_, Insert("g"));
  EXPECT_THAT(poller_.Poll(), ::testing::IsSupersetOf({"f", "g"}));
  Sql(*session_, Insert("h"));
  EXPECT_THAT(poller_.Poll(), ElementsAre("h"));
  Sql(*session_, Insert("i"));
  Sql(*session_, "ALTER TABLE public.audit_log_dml DROP COLUMN audit_xid");
  Sql(*other, "COMMIT");
  EXPECT_THAT(poller_.Poll(), ::testing::Contains("i"));
  EXPECT_EQ(poller_.mode(), CursorMode::kXmin);
  EXPECT_THAT(poller_.Poll(), ElementsAre());
}

TEST_F(AuditLogTest, AWindowIsReadByTimeAndMovesNoCursor) {
  Sql(*session_,
      std::string(kCreateAuditTable) +
          ";INSERT INTO public.audit_log_dml (audit_timestamp, raw_data) VALUES "
          "('2024-01-01 00:00Z', 'a'), ('2024-01-02 00:00Z', 'b'), "
          "('2024-01-03 00:00Z', 'c')");
  EXPECT_THAT(poller_.Poll(), SizeIs(3));
  const auto log = *AuditLog::Open(poller_.options());
  ASSERT_TRUE(log->BeginWindow(
      poller_.cursor(),
      {*ParseTimestamp("2024-01-01 00:00:00"), *ParseTimestamp("2024-01-03 00:00:00")}));
  EXPECT_EQ(*log->CountRows(), 2);
  EXPECT_EQ((*log->Next())->num_rows(), 2);
  EXPECT_EQ(*log->Next(), nullptr);
  EXPECT_EQ(*log->Finish(), poller_.cursor());
}

TEST_F(AuditLogTest, TheFlushWaitForcesALogThatNobodyElseFlushes) {
  Sql(*session_, kCreateAuditTable);
  poller_.options().flush_timeout = std::chrono::milliseconds(5000);
  Sql(*session_, "SET synchronous_commit = off; BEGIN;" + Insert("open"));
  for (int i = 0; i < 5; ++i) {
    const auto other = Connect(dsn_);
    Sql(*other, "SET synchronous_commit = off;" + Insert("done"));
    EXPECT_TRUE(poller_.Poll().size() <= 5);
  }
}

class ContinuityTest : public AuditLogTest {
 protected:
  ContinuityTest() {
    Sql(*session_, kCreateAuditTable);
    Sql(*session_, Insert("a") + Insert("b"));
    EXPECT_THAT(poller_.Poll(), ElementsAre("a", "b"));
  }

  std::string Halt() {
    const Error error = PollError(poller_);
    EXPECT_EQ(error.kind, ErrorKind::kCorrupt);
    EXPECT_THAT(error.message, HasSubstr("start over"));  // the remedy
    return error.message.substr(0, error.message.find(';'));
  }
};

TEST_F(ContinuityTest, NothingChangedIsFine) {
  EXPECT_THAT(poller_.Poll(), ElementsAre());
  Sql(*session_, "DELETE FROM public.audit_log_dml WHERE audit_event_id = 1");
  Sql(*session_, "VACUUM FULL public.audit_log_dml; ");
  EXPECT_THAT(poller_.Poll(), ElementsAre());
}

TEST_F(ContinuityTest, ATruncatedTableHalts) {
  Sql(*session_, "TRUNCATE public.audit_log_dml");
  EXPECT_EQ(Halt(),
            "audit_rows_lost: the last row that was read, audit_event_id 2, is gone");
}

TEST_F(ContinuityTest, IdsThatStartOverHalt) {
  Sql(*session_, "TRUNCATE public.audit_log_dml RESTART IDENTITY");
  const std::string message =
      "audit_rows_lost: the sequence of audit_event_id is at 0, but id 2 was read "
      "(TRUNCATE … RESTART IDENTITY?)";
  EXPECT_EQ(Halt(), message);
  Sql(*session_, Insert("x") + Insert("y"));
  EXPECT_EQ(
      Halt(),
      "audit_rows_lost: the last row that was read, audit_event_id 2, was changed or "
      "replaced");
}

TEST_F(ContinuityTest, AChangedRowHalts) {
  Sql(*session_,
      "UPDATE public.audit_log_dml SET raw_data = 'x' WHERE audit_event_id = 2");
  EXPECT_EQ(
      Halt(),
      "audit_rows_lost: the last row that was read, audit_event_id 2, was changed or "
      "replaced");
}

TEST_F(ContinuityTest, ATableThatWasMadeAgainHalts) {
  Sql(*session_, "DROP TABLE public.audit_log_dml");
  Sql(*session_, kCreateAuditTable);
  EXPECT_THAT(Halt(),
              HasSubstr("source_changed: the audit table was dropped and made again"));
}

TEST_F(ContinuityTest, AnotherServerHalts) {
  poller_.cursor()->source.system_identifier = "1";
  EXPECT_THAT(Halt(),
              HasSubstr("source_changed: system identifier 1 was read, this server"));
}

TEST_F(ContinuityTest, AnotherTimelineHalts) {
  poller_.cursor()->source.timeline = 7;
  EXPECT_THAT(Halt(),
              HasSubstr("source_changed: timeline 7 was read, this server is on 1"));
}

TEST_F(ContinuityTest, ACursorAheadOfTheSourceHalts) {
  poller_.cursor()->covered = {1'000'000'000, 1'000'000'000, {}};
  EXPECT_THAT(Halt(),
              HasSubstr("cursor_ahead_of_source: transactions below 1000000000 "));
}

TEST_F(ContinuityTest, AHaltLastsUntilItsCauseIsGone) {
  Sql(*session_, "ALTER TABLE public.audit_log_dml RENAME TO aside");
  EXPECT_EQ(PollError(poller_).kind, ErrorKind::kInvalidArgument);
  Sql(*session_, "ALTER TABLE public.aside RENAME TO audit_log_dml");
  Sql(*session_, Insert("c"));
  EXPECT_THAT(poller_.Poll(), ElementsAre("c"));
}

}  // namespace
}  // namespace calve::capture
