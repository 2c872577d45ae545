#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/audit_log.h"
#include "capture/postgres_fixture.h"

namespace calve::capture {
namespace {

/// What a pipeline loses in a crash of the source, with the wait for its log or without.
struct CrashResult {
  size_t committed = 0;
  size_t lost = 0;
  size_t doubled = 0;
};

/// Fifty transactions roll back, an extraction follows, the server is killed and started
/// again, and new rows come, under the ids that the lost log had handed out.
CrashResult CrashAfterExtraction(CursorMode mode, bool await_flush) {
  static TestServer server(/*fsync=*/true);
  const std::string dsn = server->dsn();
  std::vector<std::string> read;
  std::vector<std::string> committed;
  Poller poller(dsn, {.await_flush = await_flush});
  const auto poll = [&] {
    for (const std::string& payload : poller.Poll()) {
      read.push_back(payload);
    }
  };
  {
    const auto session = Connect(dsn);
    Sql(*session, "DROP TABLE IF EXISTS public.audit_log_dml");
    Sql(*session, kCreateAuditTable);
    if (mode == CursorMode::kAuditXid) {
      InstallAuditXid(*session);
    }
    Sql(*session, Insert("before"));
    committed.push_back("before");
    // The log must not get to disk by chance: its writer sleeps until it is killed.
    const auto writer = session->Query(
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'");
    EXPECT_TRUE(writer && writer->size() == 1);
    ::kill(static_cast<pid_t>(writer->number(0, 0)), SIGSTOP);
    for (int i = 0; i < 50; ++i) {
      Sql(*session, "BEGIN;" + Insert("rolled back") + "ROLLBACK");
    }
    poll();
  }
  EXPECT_TRUE(server->Crash());
  const Status restarted = server->Restart();
  EXPECT_TRUE(restarted) << restarted.error().message;
  const auto session = Connect(dsn);
  Sql(*session, "SET synchronous_commit = off");  // Only to be quick.
  for (int i = 0; i < 60; ++i) {
    const std::string payload = "after " + std::to_string(i);
    Sql(*session, Insert(payload));
    committed.push_back(payload);
  }
  poll();
  CrashResult result = {.committed = committed.size()};
  for (const std::string& payload : committed) {
    const auto times = std::count(read.begin(), read.end(), payload);
    result.lost += times == 0 ? 1 : 0;
    result.doubled += times > 1 ? 1 : 0;
  }
  return result;
}

class SourceCrashTest : public ::testing::TestWithParam<CursorMode> {};

INSTANTIATE_TEST_SUITE_P(Modes, SourceCrashTest,
                         ::testing::Values(CursorMode::kXmin, CursorMode::kAuditXid),
                         [](const auto& test) {
                           return std::string(CursorModeName(test.param));
                         });

TEST_P(SourceCrashTest, LosesNothing) {
  const CrashResult result = CrashAfterExtraction(GetParam(), /*await_flush=*/true);
  EXPECT_EQ(result.committed, 61U);
  EXPECT_EQ(result.lost, 0U);
  EXPECT_EQ(result.doubled, 0U);
}

TEST_P(SourceCrashTest, LosesRowsWhereTheLogIsNotWaitedFor) {
  const CrashResult result = CrashAfterExtraction(GetParam(), /*await_flush=*/false);
  EXPECT_GT(result.lost, 0U) << "of " << result.committed;
}

}  // namespace
}  // namespace calve::capture
