#include "capture/install.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/capture_status.h"
#include "capture/postgres_fixture.h"

namespace calve::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TableRef kLog = {"public", "audit_log_dml"};

class InstallTest : public ::testing::Test {
 protected:
  InstallTest()
      : dsn_(NewDatabase(*SharedServer())), session_(Connect(dsn_)), poller_(dsn_) {
    Sql(*session_, "SET search_path = public");
  }

  CapturePlan Plan(InstallRequest request) {
    const auto connection = Connect(dsn_);
    if (request.audit_table.name.empty()) {
      request.audit_table = kLog;
    }
    auto plan = PlanInstall(*connection, request);
    EXPECT_TRUE(plan) << plan.error().message;
    return plan ? *std::move(plan) : CapturePlan{};
  }

  void Apply(const CapturePlan& plan) {
    NoProgress progress;
    const Status applied = ApplyPlan(*Connect(dsn_), plan, progress);
    EXPECT_TRUE(applied) << applied.error().message;
  }

  void Install(InstallRequest request = {}) { Apply(Plan(std::move(request))); }

  void Uninstall(UninstallRequest request = {}) {
    const auto connection = Connect(dsn_);
    request.audit_table = kLog;
    const auto plan = PlanUninstall(*connection, request);
    ASSERT_TRUE(plan) << plan.error().message;
    Apply(*plan);
  }

  Error InstallError(InstallRequest request) {
    request.audit_table = kLog;
    const auto plan = PlanInstall(*Connect(dsn_), request);
    EXPECT_FALSE(plan);
    return plan ? Error{ErrorKind::kInternal, ""} : plan.error();
  }

  CaptureStatus Look() {
    auto status = LookAtCapture(*Connect(dsn_), kLog);
    EXPECT_TRUE(status) << status.error().message;
    return status ? *std::move(status) : CaptureStatus{};
  }

  /// Rows of a query, their columns joined by spaces.
  std::vector<std::string> Read(const std::string& sql) {
    const auto rows = Connect(dsn_)->Query(sql);
    EXPECT_TRUE(rows) << rows.error().message;
    std::vector<std::string> lines;
    for (int i = 0; rows && i < rows->size(); ++i) {
      lines.emplace_back(rows->text(i, 0));
    }
    return lines;
  }

  /// `operation table payload` of every event, in order; then forgets them.
  std::vector<std::string> Events() {
    const auto events = Read(
        "SELECT concat_ws(' ', audit_operation, tbl_schema || '.' || tbl_name, raw_data) "
        "FROM public.audit_log_dml WHERE audit_event_id > " +
        std::to_string(seen_) + " ORDER BY audit_event_id");
    seen_ += static_cast<int64_t>(events.size());
    return events;
  }

  std::string FailureOf(const std::string& sql) {
    const Status status = session_->Execute(sql);
    EXPECT_FALSE(status) << sql;
    (void)session_->Execute("ROLLBACK");
    return status ? "" : status.error().message;
  }

  std::string dsn_;
  std::unique_ptr<postgres::Connection> session_;
  Poller poller_;
  int64_t seen_ = 0;
};

TEST_F(InstallTest, EveryChangeOfARowIsWrittenOnce) {
  Sql(*session_, "CREATE TABLE orders (order_id int PRIMARY KEY, sum numeric(9,2))");
  Install({.tables = {{"public", "orders"}}});
  Sql(*session_,
      "INSERT INTO orders VALUES (1, 12.50), (2, NULL);"
      "UPDATE orders SET sum = 3 WHERE order_id = 1;"
      "UPDATE orders SET order_id = 9 WHERE order_id = 2;"
      "DELETE FROM orders WHERE order_id = 1");
  Sql(*session_, "BEGIN; INSERT INTO orders VALUES (7, 7); ROLLBACK");
  Sql(*session_,
      "INSERT INTO orders VALUES (9, 1) ON CONFLICT (order_id) DO UPDATE SET sum = 4;"
      "TRUNCATE orders");
  EXPECT_THAT(Events(), ElementsAre(R"(I public.orders {"sum": 12.50, "order_id": 1})",
                                    R"(I public.orders {"sum": null, "order_id": 2})",
                                    R"(U public.orders {"sum": 3.00, "order_id": 1})",
                                    R"(D public.orders {"sum": null, "order_id": 2})",
                                    R"(I public.orders {"sum": null, "order_id": 9})",
                                    R"(D public.orders {"sum": 3.00, "order_id": 1})",
                                    R"(U public.orders {"sum": 4.00, "order_id": 9})",
                                    R"(D public.orders {"sum": 4.00, "order_id": 9})"));
}

TEST_F(InstallTest, APartitionedTableIsOneTableAndEachRowIsWrittenOnce) {
  Sql(*session_,
      "CREATE TABLE t (id int, r int, PRIMARY KEY (id, r)) PARTITION BY RANGE (r);"
      "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10);"
      "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (30) PARTITION BY RANGE "
      "(r);"
      "CREATE TABLE t2a PARTITION OF t2 FOR VALUES FROM (10) TO (20)");
  Install({.schema = "public"});
  Sql(*session_,
      "CREATE TABLE t2b PARTITION OF t2 FOR VALUES FROM (20) TO (30);"
      "INSERT INTO t VALUES (1, 1), (2, 10); INSERT INTO t2b VALUES (3, 20);"
      "UPDATE t SET r = 11 WHERE id = 1; UPDATE t SET id = 5 WHERE id = 3");
  EXPECT_THAT(
      Events(),
      ElementsAre(R"(I public.t {"r": 1, "id": 1})", R"(I public.t {"r": 10, "id": 2})",
                  R"(I public.t {"r": 20, "id": 3})", R"(D public.t {"r": 1, "id": 1})",
                  R"(I public.t {"r": 11, "id": 1})", R"(D public.t {"r": 20, "id": 3})",
                  R"(I public.t {"r": 20, "id": 5})"));
  // The partition that came later has no trigger for TRUNCATE of its own yet.
  EXPECT_THAT(Look().tables[0].problem, HasSubstr("\"t2b\" lacks the trigger"));
  Sql(*session_, "TRUNCATE t");
  EXPECT_EQ(Events().size(), 3U);
  Install();
  EXPECT_EQ(Look().tables[0].problem, "");
  Sql(*session_, "INSERT INTO t VALUES (1, 1), (2, 10), (3, 20); TRUNCATE t2b, t1");
  EXPECT_EQ(Events().size(), 5U);
  Sql(*session_, "TRUNCATE t2");
  EXPECT_THAT(Events(), ElementsAre(R"(D public.t {"r": 10, "id": 2})"));
}

TEST_F(InstallTest, TheLogFollowsTheOrderInWhichTriggersOfOthersChangeARow) {
  Sql(*session_,
      "CREATE TABLE t (id int PRIMARY KEY, parent int REFERENCES t ON UPDATE CASCADE, n "
      "int);"
      "CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS "
      "'BEGIN UPDATE public.t SET n = 2 WHERE id = NEW.id; RETURN NULL; END';"
      "CREATE TRIGGER \"1first\" AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION "
      "again()");
  Install({.schema = "public"});
  Sql(*session_, "INSERT INTO t VALUES (1, 1, 1); UPDATE t SET id = 4");
  EXPECT_THAT(Events(), ElementsAre(R"(I public.t {"n": 1, "id": 1, "parent": 1})",
                                    R"(U public.t {"n": 2, "id": 1, "parent": 1})",
                                    R"(D public.t {"n": 2, "id": 1, "parent": 1})",
                                    R"(I public.t {"n": 2, "id": 4, "parent": 1})",
                                    R"(U public.t {"n": 2, "id": 4, "parent": 4})"));
}

TEST_F(InstallTest, ARowsJsonIsTheSameInEverySession) {
  Sql(*session_,
      "CREATE TABLE t (at timestamptz, i interval, b bytea, r tsrange, f float8);");
  Install({.schema = "public"});
  const std::string insert =
      "INSERT INTO t VALUES ('2024-07-01 12:00+02', '1 mon -1 day', '\\x00ff', "
      "'[2024-01-02,2024-03-04]', 0.1::float8 + 0.2)";
  Sql(*session_, insert);
  Sql(*session_,
      "SET TimeZone = 'America/Sao_Paulo'; SET DateStyle = 'German'; SET IntervalStyle = "
      "'iso_8601'; SET bytea_output = 'escape'; SET extra_float_digits = -5;" +
          insert);
  const auto events = Events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0], events[1]);
  EXPECT_THAT(events[0], HasSubstr("\"2024-07-01T10:00:00+00:00\""));
}

TEST_F(InstallTest, AKeyChangesWithItsTextEvenWhereItsTypeCallsItEqual) {
  Sql(*session_,
      "CREATE COLLATION public.ci (provider = icu, locale = 'und-u-ks-level2', "
      "deterministic "
      "= false);"
      "CREATE TABLE t (k text COLLATE public.ci PRIMARY KEY, n int);"
      "INSERT INTO t VALUES ('a', 1)");
  Install({.schema = "public"});
  Sql(*session_, "UPDATE t SET k = 'A'; UPDATE t SET n = 2");
  EXPECT_THAT(Events(), ElementsAre(R"(D public.t {"k": "a", "n": 1})",
                                    R"(I public.t {"k": "A", "n": 1})",
                                    R"(U public.t {"k": "A", "n": 2})"));
}

TEST_F(InstallTest, ASecondInstallDoesNothingAndUninstallTakesAllButTheEvents) {
  Sql(*session_, "CREATE TABLE t (id int PRIMARY KEY)");
  const auto before = Read("SELECT relname FROM pg_class ORDER BY 1");
  const InstallRequest request = {.schema = "public"};
  const CapturePlan plan = Plan(request);
  EXPECT_THAT(Read("SELECT relname FROM pg_class ORDER BY 1"), before);  // a plan is none
  Apply(plan);
  Sql(*session_, "INSERT INTO t VALUES (1)");
  EXPECT_THAT(Plan(request).steps, IsEmpty());
  EXPECT_THAT(Plan({}).steps, IsEmpty());
  Uninstall();
  EXPECT_THAT(Read("SELECT tgname FROM pg_trigger"), IsEmpty());
  EXPECT_THAT(Read("SELECT proname FROM pg_proc WHERE proname LIKE 'calve%'"), IsEmpty());
  EXPECT_THAT(Read("SELECT relname FROM pg_class WHERE relname LIKE 'calve%'"),
              IsEmpty());
  EXPECT_EQ(Events().size(), 1U);
  Sql(*session_, "INSERT INTO t VALUES (2)");
  EXPECT_THAT(Events(), IsEmpty());
  Install(request);  // and back
  Sql(*session_, "INSERT INTO t VALUES (3)");
  EXPECT_EQ(Events().size(), 1U);
  Uninstall({.drop_audit_table = true});
  EXPECT_THAT(Read("SELECT relname FROM pg_class ORDER BY 1"), before);
}

TEST_F(InstallTest, TheScriptOfADryRunDoesWhatInstallDoes) {
  Sql(*session_, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);" +
                     std::string(kCreateAuditTable));
  const InstallRequest request = {.schema = "public", .existing_rows = true};
  const CapturePlan plan = Plan(request);
  for (const SqlStep& step : plan.steps) {
    Sql(*session_, step.sql);  // as psql would, step by step
  }
  EXPECT_THAT(Plan(request).steps, IsEmpty());
  EXPECT_THAT(ScriptOf(plan), HasSubstr("CREATE INDEX CONCURRENTLY"));
  EXPECT_THAT(Events(), ElementsAre(R"(I public.t {"id": 1})"));
}

TEST_F(InstallTest, UninstallOfOneTableLeavesTheOthersAndTheGuard) {
  Sql(*session_, "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int)");
  Install({.schema = "public"});
  Uninstall({.tables = {{"public", "a"}}});
  Sql(*session_, "INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)");
  EXPECT_THAT(Events(), ElementsAre(R"(I public.b {"id": 2})"));
  EXPECT_TRUE(Look().guarded);
}

TEST_F(InstallTest, ADamagedInstallationIsSeenAndMended) {
  Sql(*session_, "CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL UNIQUE)");
  Install({.schema = "public"});
  const auto damage = [&](const std::string& sql) {
    Sql(*session_, sql);
    const CaptureStatus status = Look();
    const std::string found =
        status.tables.empty() ? "no table" : status.tables[0].problem;
    const std::string problem =
        found + status.cursor_problem + (status.guarded ? "" : "no guard");
    EXPECT_NE(problem, "") << sql;
    Install({.schema = "public"});
    EXPECT_EQ(Look().tables.at(0).problem, "") << sql;
    EXPECT_EQ(Look().cursor_problem, "") << sql;
    EXPECT_TRUE(Look().guarded) << sql;
    return problem;
  };
  EXPECT_THAT(damage("ALTER TABLE t DISABLE TRIGGER ALL"), HasSubstr("is disabled"));
  EXPECT_THAT(damage("ALTER TABLE t DROP CONSTRAINT t_pkey, ADD PRIMARY KEY (k)"),
              HasSubstr("another key"));
  EXPECT_THAT(damage("ALTER TABLE t DROP CONSTRAINT t_pkey"), HasSubstr("another key"));
  EXPECT_THAT(damage("ALTER TABLE audit_log_dml DISABLE TRIGGER USER"), "no guard");
  EXPECT_THAT(damage("DROP INDEX calve_xid_audit_log_dml"), HasSubstr("no index"));
  EXPECT_THAT(damage("ALTER TABLE audit_log_dml DROP CONSTRAINT calve_own_xid"),
              HasSubstr("of their own"));
  EXPECT_THAT(damage("UPDATE pg_index SET indisvalid = false WHERE indexrelid = "
                     "'calve_xid_audit_log_dml'::regclass"),
              HasSubstr("no index"));
  EXPECT_THAT(damage("COMMENT ON FUNCTION calve_capture_audit_log_dml() IS 'older'"),
              HasSubstr("another version"));
}

TEST_F(InstallTest, HostileNamesAreNamesAndNothingElse) {
  Sql(*session_, "CREATE TABLE sentinel (x int)");
  const std::vector<std::string> names = {R"(o"; drop table sentinel; --)",
                                          "\xF0\x9F\x98\x80",
                                          std::string(63, 'n'),
                                          "trailing ",
                                          "UPPER",
                                          "$calve$",
                                          "a$calve",
                                          "@table@",
                                          "%s %I",
                                          "r",
                                          "x.y",
                                          "it's",
                                          "back\\slash"};
  const auto quoted = [&](const std::string& name) { return *session_->QuoteName(name); };
  for (const std::string& name : names) {
    const std::string schema = quoted("s" + name.substr(0, 62));
    Sql(*session_, "CREATE SCHEMA " + schema);
    Sql(*session_, "CREATE TABLE " + schema + "." + quoted(name) + " (" + quoted(name) +
                       " int PRIMARY KEY)");
    // The audit table lies in the hostile schema too, and is named alike.
    const TableRef log = {"s" + name.substr(0, 62), name.substr(0, 62) + "L"};
    const std::string log_sql = schema + "." + quoted(log.name);
    Install({.audit_table = log, .schema = log.schema});
    EXPECT_THAT(Plan({.audit_table = log, .schema = log.schema}).steps, IsEmpty())
        << name;
    const std::string table = schema + "." + quoted(name);
    Sql(*session_, "INSERT INTO " + table + " VALUES (1); UPDATE " + table + " SET " +
                       quoted(name) + " = 2; TRUNCATE " + table);
    EXPECT_THAT(
        Read("SELECT audit_operation FROM " + log_sql + " ORDER BY audit_event_id"),
        ElementsAre("I", "D", "I", "D"))
        << name;
    EXPECT_THAT(Read("SELECT DISTINCT tbl_name FROM " + log_sql), ElementsAre(name));
    EXPECT_THAT(FailureOf("TRUNCATE " + log_sql), HasSubstr("not extracted yet")) << name;
  }
  EXPECT_THAT(Read("SELECT count(*) FROM public.sentinel"), ElementsAre("0"));
  EXPECT_THAT(InstallError({.tables = {{"public", std::string(64, 'n')}}}).message,
              HasSubstr("there is no table"));
}

TEST_F(InstallTest, WhatCannotBeCapturedIsRefusedOrLeftOut) {
  Sql(*session_,
      "CREATE UNLOGGED TABLE u (id int); CREATE TABLE d (id int PRIMARY KEY DEFERRABLE);"
      "CREATE VIEW v AS SELECT 1; CREATE TABLE ok (id int);" +
          std::string(kCreateAuditTable));
  EXPECT_THAT(InstallError({.tables = {{"public", "u"}}}).message, HasSubstr("unlogged"));
  EXPECT_THAT(InstallError({.tables = {{"public", "d"}}}).message,
              HasSubstr("deferrable"));
  EXPECT_THAT(InstallError({.tables = {{"public", "v"}}}).message, HasSubstr("view"));
  EXPECT_THAT(InstallError({.tables = {kLog}}).message, HasSubstr("audit log itself"));
  EXPECT_EQ(InstallError({.schema = "none"}).kind, ErrorKind::kNotFound);
  EXPECT_EQ(InstallError({.role = "nobody_here"}).kind, ErrorKind::kNotFound);
  const CapturePlan plan = Plan({.schema = "public"});
  std::vector<std::string> skipped;
  for (const auto& table : plan.skipped) {
    skipped.push_back(table.table);
  }
  EXPECT_THAT(skipped, ElementsAre("public.d", "public.u"));
  Sql(*session_, "ALTER TABLE audit_log_dml ALTER audit_event_id DROP DEFAULT");
  EXPECT_THAT(InstallError({}).message, HasSubstr("has no default"));
}

TEST_F(InstallTest, TruncateUnderAnOlderSnapshotIsRefused) {
  Sql(*session_, "CREATE TABLE t (id int)");
  Install({.schema = "public"});
  EXPECT_THAT(FailureOf("BEGIN ISOLATION LEVEL REPEATABLE READ; TRUNCATE t"),
              HasSubstr("READ COMMITTED"));
}

TEST_F(InstallTest, ATableIsWrittenByRolesThatMayNotTouchTheLog) {
  Sql(*session_,
      "CREATE TABLE t (id int); DROP ROLE IF EXISTS app; CREATE ROLE app;"
      "GRANT ALL ON t TO app; GRANT CREATE ON SCHEMA public TO app");
  Install({.schema = "public"});
  Sql(*session_, "SET ROLE app; INSERT INTO public.t VALUES (1); TRUNCATE public.t");
  EXPECT_EQ(Events().size(), 2U);
  EXPECT_THAT(FailureOf("INSERT INTO public.audit_log_dml (raw_data) VALUES ('{}')"),
              HasSubstr("permission denied"));
  // Nor forge events with the function.
  EXPECT_THAT(
      FailureOf("CREATE TABLE public.mine (id int); CREATE TRIGGER x AFTER INSERT ON "
                "public.mine FOR EACH ROW EXECUTE FUNCTION "
                "public.calve_capture_audit_log_dml('plain')"),
      HasSubstr("permission denied"));
}

TEST_F(InstallTest, TheRoleMayReadTheAuditTableAndNothingElse) {
  Sql(*session_,
      "CREATE TABLE t (id int); DROP ROLE IF EXISTS least; "
      "CREATE ROLE least LOGIN PASSWORD 'pw'; REVOKE ALL ON SCHEMA public FROM PUBLIC");
  Install({.schema = "public", .role = "least"});
  EXPECT_THAT(Plan({.role = "least"}).steps, IsEmpty());
  Sql(*session_, "INSERT INTO t VALUES (1)");
  std::string dsn = dsn_;
  const std::string login = "postgres:" + SharedServer()->password();
  dsn.replace(dsn.find(login), login.size(), "least:pw");
  Poller poller(dsn);
  EXPECT_THAT(poller.Poll(), ElementsAre(R"({"id": 1})"));
  const auto least = Connect(dsn);
  for (const char* sql : {"SELECT FROM public.t", "DELETE FROM public.audit_log_dml",
                          "SELECT FROM public.calve_extracted_audit_log_dml",
                          "TRUNCATE public.audit_log_dml"}) {
    const Status status = least->Execute(sql);
    EXPECT_FALSE(status) << sql;
    EXPECT_THAT(status.error().message, HasSubstr("permission denied")) << sql;
  }
  EXPECT_THAT(LookAtCapture(*least, kLog)->marks_problem, HasSubstr("permission denied"));
}

TEST_F(InstallTest, RowsThatWereThereComeFirstIfAskedFor) {
  Sql(*session_, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
  Install({.schema = "public", .existing_rows = true});
  Sql(*session_, "UPDATE t SET id = 3 WHERE id = 2");
  EXPECT_THAT(Events(),
              ElementsAre(R"(I public.t {"id": 1})", R"(I public.t {"id": 2})",
                          R"(D public.t {"id": 2})", R"(I public.t {"id": 3})"));
  Install({.schema = "public", .existing_rows = true});
  EXPECT_THAT(Events(), IsEmpty());
}

TEST_F(InstallTest, InstallingBetweenExtractionsLosesAndDoublesNothing) {
  Sql(*session_, std::string(kCreateAuditTable) + ";" + Insert("a"));
  EXPECT_THAT(poller_.Poll(), ElementsAre("a"));
  Sql(*session_, Insert("b"));
  Install();
  Sql(*session_, Insert("c"));
  EXPECT_THAT(poller_.Poll(), ElementsAre("b", "c"));
  EXPECT_EQ(poller_.mode(), CursorMode::kAuditXid);
  EXPECT_THAT(FailureOf("INSERT INTO audit_log_dml (audit_xid) VALUES (NULL)"),
              HasSubstr("calve_own_xid"));
  EXPECT_THAT(FailureOf("INSERT INTO audit_log_dml (audit_xid) VALUES ('3')"),
              HasSubstr("calve_own_xid"));
  Sql(*session_, "BEGIN; SAVEPOINT s;" + Insert("d") + "RELEASE s; COMMIT");
  Sql(*session_, Insert("e"));
  Uninstall();
  Sql(*session_, Insert("f"));
  EXPECT_THAT(poller_.Poll(), ElementsAre("d", "e", "f"));
  EXPECT_EQ(poller_.mode(), CursorMode::kXmin);
}

}  // namespace
}  // namespace calve::capture
