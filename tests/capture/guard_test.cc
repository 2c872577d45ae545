#include "capture/guard.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/install.h"
#include "capture/postgres_fixture.h"

namespace calve::capture {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const TableRef kAuditLog = {"public", "audit_log_dml"};

class GuardTest : public ::testing::Test {
 protected:
  GuardTest()
      : dsn_(NewDatabase(*SharedServer())), session_(Connect(dsn_)), poller_(dsn_) {
    NoProgress progress;
    const auto plan = PlanInstall(*session_, {.audit_table = kAuditLog});
    EXPECT_TRUE(plan && ApplyPlan(*session_, *plan, progress));
  }

  /// What an extraction does, guard and all.
  void Extract(const std::string& consumer = "lake") {
    (void)poller_.Poll();
    const auto answer = TellGuard(*session_, kAuditLog, consumer, *poller_.cursor());
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(*answer, GuardAnswer::kRecorded);
  }

  std::string FailureOf(const std::string& sql) {
    const auto other = Connect(dsn_);
    const Status status = other->Execute(sql);
    return status ? "" : status.error().message;
  }

  std::string Delete(const std::string& condition) {
    return FailureOf("DELETE FROM public.audit_log_dml WHERE " + condition);
  }

  std::vector<std::string> Payloads() {
    const auto rows =
        *session_->Query("SELECT raw_data FROM public.audit_log_dml ORDER BY 1");
    std::vector<std::string> payloads;
    for (int i = 0; i < rows.size(); ++i) {
      payloads.emplace_back(rows.text(i, 0));
    }
    return payloads;
  }

  std::string dsn_;
  std::unique_ptr<postgres::Connection> session_;
  Poller poller_;
};

TEST_F(GuardTest, NothingIsRemovedBeforeItIsExtracted) {
  Sql(*session_, Insert("a"));
  EXPECT_THAT(Delete("true"), HasSubstr("the audit row 1 is not extracted yet"));
  EXPECT_THAT(FailureOf("TRUNCATE public.audit_log_dml"), HasSubstr("not extracted yet"));
  Extract();
  Sql(*session_, Insert("b"));
  EXPECT_THAT(Delete("raw_data = 'b'"),
              HasSubstr("the audit row 2 is not extracted yet"));
  EXPECT_THAT(FailureOf("TRUNCATE public.audit_log_dml"), HasSubstr("not extracted yet"));
  Extract();
  EXPECT_EQ(Delete("raw_data = 'a'"), "");
  EXPECT_THAT(Payloads(), ElementsAre("b"));
}

TEST_F(GuardTest, NoRowIsEverChanged) {
  Sql(*session_, Insert("a"));
  Extract();
  EXPECT_THAT(FailureOf("UPDATE public.audit_log_dml SET raw_data = 'x'"),
              HasSubstr("never changed"));
  EXPECT_THAT(FailureOf("SET session_replication_role = replica; "
                        "UPDATE public.audit_log_dml SET raw_data = 'x'"),
              HasSubstr("never changed"));
}

TEST_F(GuardTest, APurgeOfAllLeavesTheRowThatTheNextExtractionNeeds) {
  Sql(*session_, Insert("a") + Insert("b"));
  Extract();
  EXPECT_EQ(Delete("true"), "");
  EXPECT_THAT(Payloads(), ElementsAre("b"));
  Sql(*session_, Insert("c"));
  EXPECT_THAT(poller_.Poll(), ElementsAre("c"));
}

TEST_F(GuardTest, WhatIsExtractedCanBeTruncated) {
  EXPECT_EQ(FailureOf("TRUNCATE public.audit_log_dml"), "");  // empty
  Sql(*session_, Insert("a"));
  Extract();
  EXPECT_EQ(FailureOf("TRUNCATE public.audit_log_dml"), "");
}

TEST_F(GuardTest, ARowOfATransactionThatWasOpenIsNotExtractedThoughLaterOnesAre) {
  const auto open = Connect(dsn_);
  Sql(*open, "BEGIN;" + Insert("late"));
  Sql(*session_, Insert("early"));
  Extract();
  Sql(*open, "COMMIT");
  EXPECT_THAT(Delete("raw_data = 'late'"), HasSubstr("not extracted yet"));
  EXPECT_THAT(FailureOf("TRUNCATE public.audit_log_dml"), HasSubstr("not extracted yet"));
  Extract();
  EXPECT_EQ(Delete("raw_data = 'late'"), "");
}

TEST_F(GuardTest, ARowOfTheDeletingTransactionItselfIsNotExtracted) {
  Sql(*session_, Insert("a"));
  Extract();
  EXPECT_THAT(FailureOf("BEGIN; SAVEPOINT s;" + Insert("own") +
                        "DELETE FROM public.audit_log_dml WHERE raw_data = 'own'"),
              HasSubstr("not extracted yet"));
}

TEST_F(GuardTest, RowsThatAreOlderThanTheColumnGoByTheirTransaction) {
  Sql(*session_,
      "ALTER TABLE public.audit_log_dml DROP CONSTRAINT calve_own_xid, ALTER audit_xid "
      "DROP "
      "DEFAULT;" +
          Insert("old"));
  NoProgress progress;
  ASSERT_TRUE(ApplyPlan(*session_, *PlanInstall(*session_, {.audit_table = kAuditLog}),
                        progress));
  Sql(*session_, Insert("new"));
  EXPECT_THAT(Delete("raw_data = 'old'"), HasSubstr("not extracted yet"));
  Extract();
  EXPECT_EQ(Delete("raw_data = 'old'"), "");
}

TEST_F(GuardTest, EveryPipelineThatIsKnownMustHaveTheRow) {
  Sql(*session_, Insert("a") + Insert("b"));
  Extract("first");
  EXPECT_EQ(Delete("raw_data = 'a'"), "");
  Sql(*session_, Insert("c") + Insert("d"));
  Extract("second");
  EXPECT_THAT(Delete("raw_data = 'c'"), HasSubstr("not extracted yet"));
  Extract("first");
  EXPECT_EQ(Delete("raw_data = 'c'"), "");
}

TEST_F(GuardTest, AMarkOfAnotherServerOrTableSaysNothing) {
  Sql(*session_, Insert("a") + Insert("b"));
  Extract();
  for (const char* column : {"system_identifier = '1'", "table_oid = 1"}) {
    const std::string name = column;
    Sql(*session_,
        "CREATE TEMP TABLE kept AS TABLE public.calve_extracted_audit_log_dml");
    Sql(*session_, "UPDATE public.calve_extracted_audit_log_dml SET " + name);
    EXPECT_THAT(Delete("raw_data = 'a'"), HasSubstr("not extracted yet")) << name;
    EXPECT_THAT(FailureOf("TRUNCATE public.audit_log_dml"),
                HasSubstr("not extracted yet"));
    Sql(*session_,
        "DELETE FROM public.calve_extracted_audit_log_dml; INSERT INTO "
        "public.calve_extracted_audit_log_dml TABLE pg_temp.kept; DROP TABLE "
        "pg_temp.kept");
  }
  EXPECT_EQ(Delete("raw_data = 'a'"), "");
}

TEST_F(GuardTest, ARoleThatMayNotTellIsSaidSoAndTheGuardGoesOnRefusing) {
  Sql(*session_,
      Insert("a") + "DROP ROLE IF EXISTS teller; CREATE ROLE teller LOGIN PASSWORD 'pw'");
  NoProgress progress;
  ASSERT_TRUE(ApplyPlan(
      *session_, *PlanInstall(*session_, {.audit_table = kAuditLog, .role = "teller"}),
      progress));
  std::string dsn = dsn_;
  const std::string login = "postgres:" + SharedServer()->password();
  dsn.replace(dsn.find(login), login.size(), "teller:pw");
  (void)poller_.Poll();
  const auto teller = Connect(dsn);
  EXPECT_EQ(*TellGuard(*teller, kAuditLog, "lake", *poller_.cursor()),
            GuardAnswer::kNotAllowed);
  EXPECT_THAT(Delete("true"), HasSubstr("not extracted yet"));
  const auto more = PlanInstall(
      *session_, {.audit_table = kAuditLog, .role = "teller", .role_records = true});
  ASSERT_EQ(more->steps.size(), 1U);
  ASSERT_TRUE(ApplyPlan(*session_, *more, progress));
  EXPECT_EQ(*TellGuard(*teller, kAuditLog, "lake", *poller_.cursor()),
            GuardAnswer::kRecorded);
  EXPECT_EQ(Delete("true"), "");
}

TEST_F(GuardTest, ATableWithoutGuardHasNoneToTell) {
  const std::string dsn = NewDatabase(*SharedServer());
  const auto session = Connect(dsn);
  Sql(*session, std::string(kCreateAuditTable) + ";" + Insert("a"));
  Poller poller(dsn);
  (void)poller.Poll();
  EXPECT_EQ(*TellGuard(*session, kAuditLog, "lake", *poller.cursor()),
            GuardAnswer::kNoGuard);
}

TEST_F(GuardTest, AnUnchangedMarkIsNotWrittenAgain) {
  Sql(*session_, Insert("a"));
  Extract();
  const auto transactions = [&] {
    return session_->Query("SELECT pg_current_xact_id()")->number(0, 0);
  };
  const int64_t before = transactions();
  ASSERT_TRUE(TellGuard(*session_, kAuditLog, "lake", *poller_.cursor()));
  EXPECT_EQ(transactions(), before + 1);  // this look's own
  const auto marks = *ReadGuardMarks(*session_, kAuditLog);
  ASSERT_EQ(marks.size(), 1U);
  EXPECT_EQ(marks[0].consumer, "lake");
  EXPECT_EQ(marks[0].last_row_id, 1);
}

}  // namespace
}  // namespace calve::capture
