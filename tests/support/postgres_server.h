#pragma once

/// \file tests/support/postgres_server.h
/// One PostgreSQL server for all tests of an executable, and databases of their own.

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "io/postgres/connection.h"
#include "io/postgres/private_postgres.h"
#include "support/temp_folder.h"

namespace calve::testing {

/// A server in a folder of its own, both gone at the end.
class TestServer {
 public:
  explicit TestServer(bool fsync = false) {
    auto started = postgres::PrivatePostgres::Start(
        {.folder = folder_.path() + "/postgres",
         .fsync = fsync,
         .settings = {{"max_prepared_transactions", "10"},
                      {"autovacuum", "off"},
                      {"bgwriter_lru_maxpages", "0"},
                      {"wal_level", "replica"}}});
    EXPECT_TRUE(started) << started.error().message;
    server_ = *std::move(started);
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  ~TestServer() {
    (void)server_->Stop(postgres::PrivatePostgres::StopMode::kImmediate);
    std::error_code ignored;
    std::filesystem::remove_all(server_->folder(), ignored);
  }

  postgres::PrivatePostgres& operator*() const { return *server_; }
  postgres::PrivatePostgres* operator->() const { return server_.get(); }

 private:
  TempFolder folder_;
  std::unique_ptr<postgres::PrivatePostgres> server_;
};

/// A server that the tests of this executable share.
inline TestServer& SharedServer() {
  static TestServer server;
  return server;
}

inline std::unique_ptr<postgres::Connection> Connect(const std::string& dsn) {
  auto connection = postgres::Connection::Open(dsn);
  EXPECT_TRUE(connection) << connection.error().message;
  return *std::move(connection);
}

inline void Sql(postgres::Connection& connection, const std::string& sql) {
  const Status status = connection.Execute(sql);
  EXPECT_TRUE(status) << sql << ": " << status.error().message;
}

inline std::string NewDatabase(postgres::PrivatePostgres& server) {
  static std::atomic<int> counter = 0;
  const std::string name = "test_" + std::to_string(++counter);
  Sql(*Connect(server.dsn()), "CREATE DATABASE " + name);
  return server.dsn(name);
}

}  // namespace calve::testing
