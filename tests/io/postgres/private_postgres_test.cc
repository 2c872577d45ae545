#include "io/postgres/private_postgres.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/postgres/connection.h"
#include "support/postgres_server.h"

namespace calve::postgres {
namespace {

using testing::Connect;
using testing::SharedServer;
using testing::Sql;

using ::testing::HasSubstr;

TEST(PrivatePostgresTest, AKeptFolderIsStartedAgainWithItsData) {
  const calve::testing::TempFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::others_exec,
                               std::filesystem::perm_options::add);
  const PrivatePostgresOptions options = {
      .folder = folder.path() + "/pg", .fsync = false, .settings = {{"work_mem", "7MB"}}};
  std::string password;
  {
    auto server = PrivatePostgres::Start(options);
    ASSERT_TRUE(server) << server.error().message;
    EXPECT_EQ((*server)->folder(), options.folder);
    password = (*server)->password();
    Sql(*Connect((*server)->dsn()), "CREATE TABLE public.kept AS SELECT 42 AS x");
  }
  auto server = PrivatePostgres::Start(options);
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ((*server)->password(), password);
  const auto session = Connect((*server)->dsn());
  EXPECT_EQ(session->Query("SELECT x FROM public.kept")->number(0, 0), 42);
  EXPECT_EQ(session->Query("SHOW work_mem")->text(0, 0), "7MB");
  EXPECT_EQ(session->Query("SHOW fsync")->text(0, 0), "off");
  EXPECT_EQ(session->Query("SHOW listen_addresses")->text(0, 0), "127.0.0.1");
  EXPECT_EQ(session->Query("SHOW unix_socket_directories")->text(0, 0), "");

  auto second = PrivatePostgres::Start(options);  // takes the running one over
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ((*second)->port(), (*server)->port());
  ASSERT_TRUE((*server)->Stop(PrivatePostgres::StopMode::kImmediate));
  EXPECT_EQ(Connection::Open((*server)->dsn()).error().kind, ErrorKind::kUnavailable);
  const int port = (*server)->port();
  ASSERT_TRUE((*server)->Restart());
  EXPECT_EQ((*server)->port(), port);
  EXPECT_EQ(Connect((*server)->dsn())->Query("SELECT x FROM public.kept")->number(0, 0),
            42);
}

TEST(PrivatePostgresTest, AFolderThatTheServersUserCannotReachIsReplaced) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "the server runs as this user";
  }
  const calve::testing::TempFolder folder;  // of this user alone
  auto server = PrivatePostgres::Start({.folder = folder.path() + "/pg", .fsync = false});
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_THAT((*server)->folder(), HasSubstr("/var/tmp/calve-postgres-"));
  const std::string replaced = (*server)->folder();
  server->reset();
  std::filesystem::remove_all(replaced);
}

TEST(PrivatePostgresTest, AServerThatDoesNotStartSaysWhy) {
  const calve::testing::TempFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::others_exec,
                               std::filesystem::perm_options::add);
  const auto server = PrivatePostgres::Start({.folder = folder.path() + "/pg",
                                              .fsync = false,
                                              .settings = {{"no_such_setting", "1"}}});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(server.error().message, HasSubstr("no_such_setting"));
}

}  // namespace
}  // namespace calve::postgres
