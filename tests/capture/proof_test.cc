#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/audit_log.h"
#include "capture/postgres_fixture.h"

namespace calve::capture {
namespace {

using ::testing::ElementsAre;

/// What a proof reads must be just what the extractions before it have read.
class ProofTest : public ::testing::TestWithParam<CursorMode> {
 protected:
  ProofTest()
      : dsn_(NewDatabase(*SharedServer())),
        one_(Connect(dsn_)),
        two_(Connect(dsn_)),
        poller_(dsn_) {
    Sql(*one_, kCreateAuditTable);
    if (GetParam() == CursorMode::kAuditXid) {
      Sql(*one_, Insert("before the column"));
      InstallAuditXid(*one_);
    }
  }

  /// Extracts, and adds what it read to read_.
  void Poll() {
    for (std::string& payload : poller_.Poll()) {
      read_.push_back(std::move(payload));
    }
    std::sort(read_.begin(), read_.end());
  }

  static std::vector<std::string> Rest(AuditLog& log) {
    std::vector<landing::EventRow> rows;
    while (true) {
      const auto batch = log.Next();
      EXPECT_TRUE(batch) << (batch ? "" : batch.error().message);
      if (!batch || *batch == nullptr) {
        break;
      }
      landing::AddRows(**batch, rows);
    }
    std::vector<std::string> payloads;
    for (const landing::EventRow& row : rows) {
      payloads.push_back(row.payload.value_or("NULL"));
    }
    std::sort(payloads.begin(), payloads.end());
    return payloads;
  }

  std::unique_ptr<AuditLog> Begin() {
    auto log = AuditLog::Open(poller_.options());
    EXPECT_TRUE(log);
    const Status begun = (*log)->BeginProof(*poller_.cursor());
    EXPECT_TRUE(begun) << (begun ? "" : begun.error().message);
    return *std::move(log);
  }

  std::string dsn_;
  std::unique_ptr<postgres::Connection> one_;
  std::unique_ptr<postgres::Connection> two_;
  Poller poller_;
  std::vector<std::string> read_;
};

INSTANTIATE_TEST_SUITE_P(Modes, ProofTest,
                         ::testing::Values(CursorMode::kXmin, CursorMode::kAuditXid),
                         [](const auto& test) {
                           return std::string(CursorModeName(test.param));
                         });

TEST_P(ProofTest, TheRowsOfTheCutAreThoseThatWereExtracted) {
  Sql(*one_, Insert("first"));
  Poll();
  Sql(*one_, "BEGIN;" + Insert("long") + "SAVEPOINT s;" + Insert("sub"));
  Sql(*two_, Insert("short"));
  Poll();
  Sql(*one_, "COMMIT");
  Sql(*two_, Insert("last"));
  const auto log = Begin();
  EXPECT_EQ(Rest(*log), read_);
  ASSERT_TRUE(log->ReadBeyond());
  std::vector<std::string> all = Rest(*log);
  EXPECT_THAT(all, ::testing::IsSupersetOf({"last", "long", "sub"}));
  all.insert(all.end(), read_.begin(), read_.end());
  EXPECT_EQ(all.size(), GetParam() == CursorMode::kAuditXid ? 6U : 5U);
}

TEST_P(ProofTest, AnotherTableIsReadInTheSameSnapshot) {
  Sql(*one_,
      "CREATE TABLE public.\"o'rders\" (id int, name text);"
      "INSERT INTO public.\"o'rders\" VALUES (1, 'a'), (2, NULL);" +
          Insert("first"));
  Poll();
  const auto log = Begin();
  Sql(*two_, "DELETE FROM public.\"o'rders\"");
  EXPECT_EQ(Rest(*log), read_);
  ASSERT_TRUE(log->ReadTable("public.o'rders"));
  EXPECT_THAT(Rest(*log),
              ElementsAre(R"({"id": 1, "name": "a"})", R"({"id": 2, "name": null})"));
}

TEST_P(ProofTest, ALostRowIsAHaltNotADifference) {
  Sql(*one_, Insert("first"));
  Poll();
  Sql(*one_, "DELETE FROM public.audit_log_dml");
  const auto log = AuditLog::Open(poller_.options());
  ASSERT_TRUE(log);
  const Status begun = (*log)->BeginProof(*poller_.cursor());
  ASSERT_FALSE(begun);
  EXPECT_THAT(begun.error().message, ::testing::StartsWith("audit_rows_lost"));
}

TEST(ProofCutTest, ACutByAColumnThatIsGoneCannotBeTold) {
  const std::string dsn = NewDatabase(*SharedServer());
  const auto connection = Connect(dsn);
  Sql(*connection, kCreateAuditTable);
  InstallAuditXid(*connection);
  Sql(*connection, Insert("first"));
  Poller poller(dsn);
  EXPECT_THAT(poller.Poll(), ElementsAre("first"));
  Sql(*connection, "ALTER TABLE public.audit_log_dml DROP COLUMN audit_xid");
  const auto log = AuditLog::Open(poller.options());
  ASSERT_TRUE(log);
  const Status begun = (*log)->BeginProof(*poller.cursor());
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().kind, ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace calve::capture
