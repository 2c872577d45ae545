#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/audit_log.h"
#include "capture/postgres_fixture.h"

namespace calve::capture {
namespace {

using ::testing::ElementsAre;

/// Each scenario runs in both cursor modes, and again with the rule taken out: then the
/// row is lost, which shows that the scenario tests something.
class NoLostRowTest : public ::testing::TestWithParam<CursorMode> {
 protected:
  NoLostRowTest()
      : dsn_(NewDatabase(*SharedServer())),
        one_(Connect(dsn_)),
        two_(Connect(dsn_)),
        poller_(dsn_),
        careless_(dsn_, {.read_by_transaction = false}) {
    Sql(*one_, kCreateAuditTable);
    if (GetParam() == CursorMode::kAuditXid) {
      InstallAuditXid(*one_);
    }
  }

  ~NoLostRowTest() override { EXPECT_EQ(poller_.mode(), GetParam()); }

  std::string dsn_;
  std::unique_ptr<postgres::Connection> one_;
  std::unique_ptr<postgres::Connection> two_;
  Poller poller_;
  Poller careless_;  // reads by ids above the largest it saw
};

INSTANTIATE_TEST_SUITE_P(Modes, NoLostRowTest,
                         ::testing::Values(CursorMode::kXmin, CursorMode::kAuditXid),
                         [](const auto& test) {
                           return std::string(CursorModeName(test.param));
                         });

TEST_P(NoLostRowTest, ALongTransactionThatCommitsAfterThePollIsRead) {
  Sql(*one_, Insert("first"));
  EXPECT_THAT(poller_.Poll(), ElementsAre("first"));
  EXPECT_THAT(careless_.Poll(), ElementsAre("first"));
  Sql(*one_, "BEGIN;" + Insert("long"));
  Sql(*two_, Insert("short"));
  const auto while_open = poller_.Poll();
  EXPECT_THAT(careless_.Poll(), ElementsAre("short"));
  Sql(*one_, "COMMIT");
  auto all = poller_.Poll();
  all.insert(all.end(), while_open.begin(), while_open.end());
  EXPECT_THAT(all, ::testing::UnorderedElementsAre("long", "short"));
  EXPECT_THAT(careless_.Poll(), ElementsAre());  // lost
  EXPECT_THAT(poller_.Poll(), ElementsAre());
}

TEST_P(NoLostRowTest, SavepointsAreReadAsTheirTransactionCommits) {
  Sql(*one_, "BEGIN;" + Insert("a") + "SAVEPOINT s;" + Insert("b") + "ROLLBACK TO s;" +
                 Insert("c") + "SAVEPOINT t;" + Insert("d"));
  Sql(*two_, Insert("e"));
  auto all = poller_.Poll();
  EXPECT_THAT(careless_.Poll(), ElementsAre("e"));
  Sql(*one_, "RELEASE t;" + Insert("f") + "COMMIT");
  for (const std::string& payload : poller_.Poll()) {
    all.push_back(payload);
  }
  EXPECT_THAT(all, ::testing::UnorderedElementsAre("a", "c", "d", "e", "f"));
  EXPECT_THAT(careless_.Poll(), ElementsAre("f"));  // a, c, d are lost
  EXPECT_THAT(poller_.Poll(), ElementsAre());
}

TEST_P(NoLostRowTest, APreparedTransactionIsReadOnceItCommits) {
  Sql(*one_, "BEGIN;" + Insert("prepared") + "PREPARE TRANSACTION 'p'");
  Sql(*two_, Insert("after"));
  auto all = poller_.Poll();
  EXPECT_THAT(careless_.Poll(), ElementsAre("after"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(poller_.Poll(), ElementsAre());
  }
  Sql(*two_, "COMMIT PREPARED 'p'");
  for (const std::string& payload : poller_.Poll()) {
    all.push_back(payload);
  }
  EXPECT_THAT(all, ::testing::UnorderedElementsAre("prepared", "after"));
  EXPECT_THAT(careless_.Poll(), ElementsAre());
}

TEST_P(NoLostRowTest, IdsOutOfOrderFromACachedSequenceAreRead) {
  Sql(*one_, "ALTER SEQUENCE public.audit_log_dml_audit_event_id_seq CACHE 20");
  Sql(*one_, Insert("a"));
  Sql(*two_, Insert("b"));
  EXPECT_THAT(poller_.Poll(), ElementsAre("a", "b"));
  EXPECT_THAT(careless_.Poll(), ElementsAre("a", "b"));
  Sql(*one_, Insert("c"));  // below the id of b
  EXPECT_THAT(poller_.Poll(), ElementsAre("c"));
  EXPECT_THAT(careless_.Poll(), ElementsAre());
}

TEST_P(NoLostRowTest, RolledBackIdsAreNotWaitedFor) {
  Sql(*one_, "BEGIN;" + Insert("never") + "ROLLBACK;" + Insert("a"));
  EXPECT_THAT(poller_.Poll(), ElementsAre("a"));
  Sql(*one_, "BEGIN;" + Insert("never") + "ROLLBACK");
  EXPECT_THAT(poller_.Poll(), ElementsAre());
  Sql(*one_, Insert("b"));
  EXPECT_THAT(poller_.Poll(), ElementsAre("b"));
}

TEST_P(NoLostRowTest, AnIdDrawnBeforeItsTransactionHasOneIsRead) {
  // nextval runs before the transaction has an id of its own (but where it writes to the
  // log, each 32nd time), so that no list of running transactions knows of the gap.
  Sql(*one_, Insert("first"));
  Sql(*one_, "BEGIN; SELECT nextval('public.audit_log_dml_audit_event_id_seq')");
  Sql(*two_, Insert("a"));
  EXPECT_THAT(poller_.Poll(), ElementsAre("first", "a"));
  EXPECT_THAT(careless_.Poll(), ElementsAre("first", "a"));
  Sql(*one_,
      "INSERT INTO public.audit_log_dml (audit_event_id, raw_data) VALUES (2, 'b');"
      "COMMIT");
  EXPECT_THAT(poller_.Poll(), ElementsAre("b"));
  EXPECT_THAT(careless_.Poll(), ElementsAre());
}

TEST_P(NoLostRowTest, ManySessionsAtOnceLoseAndDoubleNothing) {
  std::vector<std::unique_ptr<postgres::Connection>> sessions;
  for (int i = 0; i < 6; ++i) {
    sessions.push_back(Connect(dsn_));
    Sql(*sessions.back(), "BEGIN");
  }
  std::multiset<std::string> expected;
  std::multiset<std::string> read;
  uint32_t random = 7;
  for (int step = 0; step < 120; ++step) {
    random = random * 1664525 + 1013904223;
    postgres::Connection& session = *sessions[(random >> 16) % sessions.size()];
    const std::string payload = std::to_string(step);
    Sql(session, Insert(payload));
    expected.insert(payload);
    if ((random >> 8) % 4 == 0) {
      Sql(session, "COMMIT; BEGIN");
    } else if ((random >> 8) % 4 == 1) {
      Sql(session, "SAVEPOINT s");
    }
    if (step % 5 == 0) {
      for (const std::string& row : poller_.Poll()) {
        read.insert(row);
      }
    }
  }
  for (const auto& session : sessions) {
    Sql(*session, "COMMIT");
  }
  for (const std::string& row : poller_.Poll()) {
    read.insert(row);
  }
  EXPECT_EQ(read, expected);
}

TEST(AuditXidTest, ReadingItsSnapshotByXminLosesSavepoints) {
  const std::string dsn = NewDatabase(*SharedServer());
  const auto one = Connect(dsn);
  const auto two = Connect(dsn);
  Sql(*one, kCreateAuditTable);
  InstallAuditXid(*one);
  Poller poller(dsn);
  Poller careless(dsn, {.top_level_ids = false});
  Sql(*one, "BEGIN;" + Insert("a") + "SAVEPOINT s;" + Insert("b"));
  Sql(*two, Insert("c"));
  EXPECT_THAT(poller.Poll(), ElementsAre("c"));
  EXPECT_THAT(careless.Poll(), ElementsAre("c"));
  Sql(*one, "COMMIT");
  EXPECT_THAT(poller.Poll(), ElementsAre("a", "b"));
  EXPECT_THAT(careless.Poll(), ElementsAre("a"));  // b's own id was below the snapshot's
}

}  // namespace
}  // namespace calve::capture
