#include "io/postgres/connection.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/postgres_server.h"

namespace calve::postgres {
namespace {

using testing::Connect;
using testing::SharedServer;
using testing::Sql;

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Error OpenError(const std::string& dsn) {
  const auto connection = Connection::Open(dsn);
  EXPECT_FALSE(connection);
  return connection ? Error{ErrorKind::kInternal, ""} : connection.error();
}

TEST(ConnectionTest, AnUnreachableServerIsUnavailableAndSaysWhatToCheck) {
  const Error error = OpenError("postgresql://u:hunter2@127.0.0.1:1/db");
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_THAT(error.message, AllOf(HasSubstr("check that it runs, and its host and port"),
                                   HasSubstr("127.0.0.1"), Not(HasSubstr("hunter2"))));
}

TEST(ConnectionTest, ARefusedLoginIsTheCallersErrorAndNoMessageHoldsThePassword) {
  std::string dsn = SharedServer()->dsn();
  dsn.replace(dsn.find(SharedServer()->password()), SharedServer()->password().size(),
              "hunter2");
  const Error error = OpenError(dsn);
  EXPECT_EQ(error.kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("check user and password"), Not(HasSubstr("hunter2"))));
  EXPECT_EQ(OpenError(SharedServer()->dsn("no_such_database")).kind,
            ErrorKind::kInvalidArgument);
}

TEST(ConnectionTest, ABrokenConnectionStringIsNotQuoted) {
  for (const char* dsn : {"host=x password='hunter2", "postgresql://u:hunter2@[x",
                          "host=x hunter2", "nonsense=hunter2"}) {
    const Error error = OpenError(dsn);
    EXPECT_EQ(error.kind, ErrorKind::kInvalidArgument) << dsn;
    EXPECT_THAT(error.message, Not(HasSubstr("hunter2")));
  }
}

TEST(ConnectionTest, ParametersAreBoundAndNamesQuoted) {
  const auto connection = Connect(SharedServer()->dsn());
  const std::string text = "'; DROP TABLE x; --";
  const auto rows = connection->Query("SELECT $1::text, $2::text, $3::int8 + 1",
                                      {text, std::nullopt, "41"});
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->size(), 1);
  EXPECT_EQ(rows->text(0, 0), text);
  EXPECT_TRUE(rows->is_null(0, 1));
  EXPECT_EQ(rows->value(0, 1), std::nullopt);
  EXPECT_EQ(rows->number(0, 2), 42);
  EXPECT_EQ(*connection->QuoteName("o\"; drop table x; --"),
            "\"o\"\"; drop table x; --\"");
  EXPECT_FALSE(connection->QuoteName("\xC0'"));
}

TEST(ConnectionTest, ErrorsCarryTheServersMessageAndKind) {
  const auto connection = Connect(SharedServer()->dsn());
  const auto kind = [&](const std::string& sql) {
    const auto rows = connection->Query(sql);
    EXPECT_FALSE(rows);
    return rows.error().kind;
  };
  EXPECT_EQ(kind("SELECT * FROM missing"), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind("SELECT 1/0"), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"), ErrorKind::kConflict);
  EXPECT_EQ(kind("DO $$ BEGIN RAISE SQLSTATE '53300'; END $$"), ErrorKind::kUnavailable);
  EXPECT_EQ(kind("DO $$ BEGIN RAISE SQLSTATE 'XX000'; END $$"), ErrorKind::kInternal);
  EXPECT_EQ(connection->Query("SELECT nonsense").error().message.substr(0, 45),
            "PostgreSQL: ERROR: column \"nonsense\" does not");
  EXPECT_EQ(kind("SELECT pg_terminate_backend(pg_backend_pid())"),
            ErrorKind::kUnavailable);
  EXPECT_EQ(kind("SELECT 1"), ErrorKind::kUnavailable);
}

TEST(ConnectionTest, AParameterWithAZeroByteIsRefusedNotCut) {
  const auto connection = Connect(SharedServer()->dsn());
  const auto rows = connection->Query("SELECT $1::text", {std::string("a\0b", 3)});
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().kind, ErrorKind::kInvalidArgument);
}

TEST(ConnectionTest, UserAndPasswordWinOverTheConnectionStrings) {
  const std::string good = SharedServer()->dsn();
  std::string bad = good;
  bad.replace(bad.find(SharedServer()->password()), SharedServer()->password().size(),
              "hunter2");
  EXPECT_FALSE(Connection::Open(bad));
  const auto connection = Connection::Open(
      ConnectOptions{.dsn = bad, .password = SharedServer()->password()});
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ((*connection)->endpoint().host, "127.0.0.1");
  EXPECT_EQ((*connection)->endpoint().user, "postgres");
  EXPECT_EQ((*connection)->endpoint().port, std::to_string(SharedServer()->port()));
  EXPECT_GE((*connection)->server_version(), 130000);
}

TEST(ConnectionTest, AReplyThatDoesNotComeInTimeEndsTheSession) {
  const auto connection = Connection::Open(ConnectOptions{
      .dsn = SharedServer()->dsn(), .reply_timeout = std::chrono::milliseconds(300)});
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_EQ((*connection)->Query("SELECT $1::int8 + 1", {"41"})->number(0, 0), 42);
  EXPECT_TRUE((*connection)->Execute("SELECT 1; SELECT 2"));
  EXPECT_EQ((*connection)->Execute("SELECT 1/0; SELECT 2").error().kind,
            ErrorKind::kInvalidArgument);
  const auto late = (*connection)->Query("SELECT pg_sleep(60)");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(late.error().message, HasSubstr("did not reply within 1 s"));
  EXPECT_TRUE((*connection)->is_lost());
}

TEST(ConnectionTest, ATransactionThatFailedSaysSoAndItsCommitIsARollback) {
  const auto connection = Connect(SharedServer()->dsn());
  Sql(*connection, "BEGIN");
  EXPECT_FALSE(connection->in_failed_transaction());
  EXPECT_FALSE(connection->Query("SELECT 1/0"));
  EXPECT_TRUE(connection->in_failed_transaction());
  EXPECT_EQ(connection->Query("COMMIT")->command(), "ROLLBACK");
  Sql(*connection, "BEGIN");
  EXPECT_EQ(connection->Query("COMMIT")->command(), "COMMIT");
}

TEST(ConnectionTest, TheSearchPathStaysOnlyWhereItIsAskedFor) {
  const std::string sql = "SELECT current_setting('search_path')";
  EXPECT_EQ(Connect(SharedServer()->dsn())->Query(sql)->text(0, 0), "pg_catalog");
  const auto connection = Connection::Open(
      ConnectOptions{.dsn = SharedServer()->dsn(), .keeps_search_path = true});
  ASSERT_TRUE(connection);
  EXPECT_EQ((*connection)->Query(sql)->text(0, 0), "\"$user\", public");
}

TEST(ConnectionTest, AFailedCopyIsAnErrorAndTheSessionGoesOn) {
  const auto connection = Connect(SharedServer()->dsn());
  EXPECT_FALSE(connection->StartCopyOut("COPY missing TO STDOUT"));
  ASSERT_TRUE(connection->StartCopyOut(
      "COPY (SELECT 1/(3 - x) FROM generate_series(1, 3) x) TO STDOUT"));
  Status status;
  while (status) {
    const auto piece = connection->NextCopyData();
    if (!piece) {
      status = piece.error();
    } else if (!*piece) {
      break;
    }
  }
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("division by zero"));
  EXPECT_TRUE(connection->Query("SELECT 1"));
}

}  // namespace
}  // namespace calve::postgres
