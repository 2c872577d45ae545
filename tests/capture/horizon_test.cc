#include "capture/horizon.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/postgres_fixture.h"

namespace calve::capture {
namespace {

using ::testing::HasSubstr;

class HorizonTest : public ::testing::Test {
 protected:
  HorizonTest() : dsn_(NewDatabase(*SharedServer())), session_(Connect(dsn_)) {
    Sql(*session_, kCreateAuditTable);
  }

  std::optional<Horizon> Look(const std::string& dsn) {
    const auto log = *AuditLog::Open({.dsn = dsn, .table = "public.audit_log_dml"});
    EXPECT_TRUE(log->Begin(std::nullopt));
    auto horizon = log->LookAtHorizon();
    EXPECT_TRUE(horizon) << horizon.error().message;
    return horizon ? *horizon : std::nullopt;
  }

  std::string dsn_;
  std::unique_ptr<postgres::Connection> session_;
};

TEST_F(HorizonTest, NoTransactionHoldsNothingBack) {
  Sql(*session_, Insert("a"));
  EXPECT_EQ(Look(dsn_), std::nullopt);
}

TEST_F(HorizonTest, APreparedTransactionIsNamedByItsGid) {
  Sql(*session_, "BEGIN;" + Insert("held") + "PREPARE TRANSACTION 'forgotten'");
  Sql(*session_, Insert("a") + Insert("b"));
  const auto horizon = Look(dsn_);
  Sql(*session_, "COMMIT PREPARED 'forgotten'");
  ASSERT_TRUE(horizon);
  EXPECT_EQ(HolderName(horizon->holder), "prepared");
  EXPECT_EQ(horizon->prepared, "forgotten");
  EXPECT_EQ(horizon->pid, std::nullopt);
  EXPECT_EQ(horizon->rows_behind, 2);
  EXPECT_EQ(Look(dsn_), std::nullopt);
}

TEST_F(HorizonTest, APlainRoleIsToldThatItMayNotSeeSinceWhen) {
  Sql(*session_,
      "DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN PASSWORD 'pw';"
      "GRANT SELECT ON public.audit_log_dml TO plain");
  const auto old = Connect(dsn_);
  Sql(*old, "BEGIN; SELECT pg_current_xact_id()");
  Sql(*session_, Insert("a"));
  std::string dsn = dsn_;
  const std::string login = "postgres:" + SharedServer()->password();
  dsn.replace(dsn.find(login), login.size(), "plain:pw");
  const auto hidden = Look(dsn);
  ASSERT_TRUE(hidden);
  EXPECT_EQ(HolderName(hidden->holder), "backend");
  EXPECT_TRUE(hidden->pid);
  EXPECT_EQ(hidden->age_seconds, std::nullopt);
  EXPECT_EQ(hidden->rows_behind, 1);
  EXPECT_THAT(HorizonWarning(*hidden).value_or(""), HasSubstr("pg_read_all_stats"));
  EXPECT_TRUE(Look(dsn_)->age_seconds);
}

TEST_F(HorizonTest, NothingWaitsWhereTheCursorIsAuditXid) {
  InstallAuditXid(*session_);
  const auto old = Connect(dsn_);
  Sql(*old, "BEGIN; SELECT pg_current_xact_id()");
  Sql(*session_, Insert("a"));
  EXPECT_EQ(Look(dsn_)->rows_behind, 0);
}

TEST_F(HorizonTest, ShortTransactionsAreWorthNoWord) {
  Horizon horizon = {.holder = Horizon::Holder::kBackend,
                     .pid = 7,
                     .prepared = std::nullopt,
                     .age_seconds = 0.2,
                     .rows_behind = 3};
  EXPECT_EQ(HorizonWarning(horizon), std::nullopt);
  horizon.age_seconds = 75;
  EXPECT_EQ(
      HorizonWarning(horizon),
      "3 rows of the audit log wait for the transaction of pid 7, open for 75 s: end it, "
      "or add audit_xid by calve capture install, whose cursor waits for none");
  horizon.rows_behind = 0;
  EXPECT_EQ(HorizonWarning(horizon), std::nullopt);
}

}  // namespace
}  // namespace calve::capture
