#include "table/catalog/postgres_catalog.h"

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fails_with.h"
#include "support/postgres_server.h"

namespace calve::table {
namespace {

using calve::testing::Connect;
using calve::testing::SharedServer;
using calve::testing::Sql;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const TableName kOrdersTable{"marts", "orders"};

class PostgresCatalogTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Catalog>> TryOpen(PostgresCatalogOptions options = {}) {
    options.dsn = options.dsn.empty() ? dsn_ : options.dsn;
    options.name = options.name.empty() ? "lake" : options.name;
    options.warehouse = "file:///lake/";
    return OpenPostgresCatalog(std::move(options));
  }

  std::unique_ptr<Catalog> Open(PostgresCatalogOptions options = {}) {
    auto catalog = TryOpen(std::move(options));
    EXPECT_TRUE(catalog) << catalog.error().message;
    return catalog ? *std::move(catalog) : nullptr;
  }

  static Status Swap(Catalog& catalog, std::optional<std::string> from,
                     const std::string& to) {
    const std::vector swaps{PointerSwap{.name = kOrdersTable,
                                        .expected_metadata_location = std::move(from),
                                        .metadata_location = to}};
    return catalog.Commit(swaps);
  }

  /// Another program's session: rows as text, values joined by `|`, rows by `;`.
  std::string Shell(const std::string& sql) {
    const auto rows = shell_->Query(sql);
    if (!rows) {
      return rows.error().message;
    }
    std::string out;
    for (int row = 0; row < rows->size(); ++row) {
      for (int column = 0; !sql.starts_with("INSERT") && column < 6; ++column) {
        out += (column == 0 ? "" : "|") + rows->value(row, column).value_or("NULL");
      }
      out += ";";
    }
    return out;
  }

  /// Ends every session but the shell's, as a restart of the server would.
  void EndSessions() {
    Sql(*shell_,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()");
  }

  std::string dsn_ = calve::testing::NewDatabase(*SharedServer());
  std::unique_ptr<postgres::Connection> shell_ = Connect(dsn_);
};

TEST_F(PostgresCatalogTest, RowsLieAsJavaAndPyIcebergWriteThem) {
  const auto catalog = Open();
  ASSERT_TRUE(catalog->CreateNamespace("marts"));
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  EXPECT_EQ(Shell("SELECT * FROM public.iceberg_tables"),
            "lake|marts|orders|v0|NULL|TABLE;");
  ASSERT_TRUE(Swap(*catalog, "v0", "v1"));
  EXPECT_EQ(Shell("SELECT * FROM public.iceberg_tables"),
            "lake|marts|orders|v1|v0|TABLE;");
  EXPECT_EQ(Shell("SELECT *, '' a, '' b FROM public.iceberg_namespace_properties"),
            "lake|marts|exists|true||;");
  EXPECT_EQ(catalog->warehouse(), "file:///lake");
}

TEST_F(PostgresCatalogTest, CatalogsOfOtherNamesAreNotSeen) {
  ASSERT_TRUE(Swap(*Open(), std::nullopt, "v0"));
  const auto other = Open({.name = "pond"});
  EXPECT_THAT(*other->ListTables(), IsEmpty());
  EXPECT_THAT(other->MetadataLocation(kOrdersTable), FailsWith(ErrorKind::kNotFound));
  EXPECT_TRUE(Swap(*other, std::nullopt, "w0"));
}

TEST_F(PostgresCatalogTest, TheOlderLayoutStaysAsItIs) {
  { Open(); }
  Sql(*shell_, "ALTER TABLE public.iceberg_tables DROP COLUMN iceberg_type");
  const auto catalog = Open();
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  ASSERT_TRUE(Swap(*catalog, "v0", "v1"));
  EXPECT_THAT(*catalog->ListTables(), ElementsAre(kOrdersTable));
  EXPECT_EQ(Shell("SELECT *, '' FROM public.iceberg_tables"),
            "lake|marts|orders|v1|v0|;");
  // As Trino does while we run; what is there counts as a table to all.
  Sql(*shell_, "ALTER TABLE public.iceberg_tables ADD COLUMN iceberg_type VARCHAR(5)");
  ASSERT_TRUE(Swap(*catalog, "v1", "v2"));
  EXPECT_EQ(*Open()->MetadataLocation(kOrdersTable), "v2");
}

TEST_F(PostgresCatalogTest, ViewsOfOtherEnginesAreLeftAlone) {
  const auto catalog = Open();
  Sql(*shell_,
      "INSERT INTO public.iceberg_tables VALUES "
      "('lake','marts','orders','v',NULL,'VIEW'), ('lake','marts','old','t',NULL,NULL)");
  EXPECT_THAT(*catalog->ListTables(), ElementsAre(TableName{"marts", "old"}));
  EXPECT_THAT(catalog->MetadataLocation(kOrdersTable), FailsWith(ErrorKind::kNotFound));
  EXPECT_THAT(Swap(*catalog, "v", "v1"), FailsWith(ErrorKind::kConflict));
  EXPECT_THAT(Swap(*catalog, "v", "v"), FailsWith(ErrorKind::kConflict));
  EXPECT_THAT(Swap(*catalog, std::nullopt, "v1"), FailsWith(ErrorKind::kConflict));
  EXPECT_THAT(catalog->DropTable(kOrdersTable), FailsWith(ErrorKind::kNotFound));
}

TEST_F(PostgresCatalogTest, TheSearchPathSaysWhereTheTablesAre) {
  Sql(*shell_, "CREATE SCHEMA \"Ice \"\"Berg\"");
  const std::string dsn = dsn_ + "&options=-csearch_path%3D%22Ice%5C%20%22%22Berg%22";
  const auto catalog = Open({.dsn = dsn});
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  EXPECT_EQ(Shell("SELECT metadata_location, '','','','','' "
                  "FROM \"Ice \"\"Berg\".iceberg_tables"),
            "v0|||||;");
  EXPECT_THAT(Open()->MetadataLocation(kOrdersTable), FailsWith(ErrorKind::kNotFound));
  EXPECT_THAT(TryOpen({.dsn = dsn_ + "&options=-csearch_path%3Dmissing"}),
              FailsWith(ErrorKind::kInvalidArgument));
}

TEST_F(PostgresCatalogTest, ManyThatOpenAnEmptyDatabaseAtOnceAllSucceed) {
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&] { EXPECT_NE(Open(), nullptr); });
  }
}

TEST_F(PostgresCatalogTest, TablesWithOtherColumnsAreCorrupt) {
  Sql(*shell_, "CREATE TABLE public.iceberg_tables (x int)");
  const auto opened = TryOpen();
  ASSERT_THAT(opened, FailsWith(ErrorKind::kCorrupt));
  EXPECT_THAT(opened.error().message, HasSubstr("no column catalog_name"));
}

TEST_F(PostgresCatalogTest, ARoleThatMayNotMakeTheTablesIsToldWhatToGrant) {
  Sql(*shell_, "REVOKE CREATE ON SCHEMA public FROM public");
  Sql(*shell_,
      "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader') THEN "
      "CREATE ROLE reader LOGIN PASSWORD 'hunter2'; END IF; END $$");
  const PostgresCatalogOptions reader{.dsn = "", .user = "reader", .password = "hunter2"};
  const auto opened = TryOpen(reader);
  ASSERT_THAT(opened, FailsWith(ErrorKind::kInvalidArgument));
  EXPECT_THAT(opened.error().message,
              AllOf(HasSubstr("GRANT CREATE ON SCHEMA public TO reader"),
                    Not(HasSubstr("hunter2"))));
  Open();
  Sql(*shell_,
      "GRANT SELECT, INSERT, UPDATE, DELETE ON public.iceberg_tables, "
      "public.iceberg_namespace_properties TO reader");
  const auto catalog = Open(reader);
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  ASSERT_TRUE(Swap(*catalog, "v0", "v1"));
}

TEST_F(PostgresCatalogTest, AMissingDatabaseAndARefusedLoginAreNamed) {
  const auto missing = TryOpen({.dsn = SharedServer()->dsn("no_such_database")});
  ASSERT_THAT(missing, FailsWith(ErrorKind::kInvalidArgument));
  EXPECT_THAT(missing.error().message, HasSubstr("\"no_such_database\" does not exist"));
  const auto refused = TryOpen({.dsn = dsn_, .password = "hunter2"});
  ASSERT_THAT(refused, FailsWith(ErrorKind::kInvalidArgument));
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("the catalog's database"),
                    HasSubstr("check user and password"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(TryOpen({.dsn = "postgresql://u:hunter2@127.0.0.1:1/db"}),
              FailsWith(ErrorKind::kUnavailable));
}

TEST_F(PostgresCatalogTest, ANameThatPostgresqlCannotHoldIsRefused) {
  const auto catalog = Open();
  const std::vector swaps{PointerSwap{.name = {"marts", std::string("or\0ders", 7)},
                                      .expected_metadata_location = std::nullopt,
                                      .metadata_location = "v0"}};
  EXPECT_THAT(catalog->Commit(swaps), FailsWith(ErrorKind::kInvalidArgument));
  EXPECT_THAT(Swap(*catalog, std::nullopt, std::string(1001, 'x')),
              FailsWith(ErrorKind::kInvalidArgument));
  EXPECT_THAT(*catalog->ListTables(), IsEmpty());
}

TEST_F(PostgresCatalogTest, ASessionThatDiedWhileIdleIsReplaced) {
  const auto catalog = Open();
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  EndSessions();
  EXPECT_EQ(*catalog->MetadataLocation(kOrdersTable), "v0");
  EndSessions();
  EXPECT_TRUE(Swap(*catalog, "v0", "v1"));
  EndSessions();
  EXPECT_EQ(catalog->ListTables()->size(), 1U);
  EndSessions();
  EXPECT_TRUE(catalog->CreateNamespace("marts"));
  EndSessions();
  EXPECT_TRUE(catalog->DropTable(kOrdersTable));
}

TEST_F(PostgresCatalogTest, ASessionThatEndsBeforeCommitHasChangedNothing) {
  const auto catalog = Open();
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  Sql(*shell_,
      "CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$; "
      "CREATE TRIGGER die BEFORE UPDATE ON public.iceberg_tables FOR EACH ROW "
      "EXECUTE FUNCTION public.die()");
  EXPECT_THAT(Swap(*catalog, "v0", "v1"), FailsWith(ErrorKind::kUnavailable));
  EXPECT_EQ(*catalog->MetadataLocation(kOrdersTable), "v0");
}

/// A deferred trigger runs within COMMIT.
TEST_F(PostgresCatalogTest,
       ACommitThatTheServerLostWithItsReplyIsKnownNotToHaveHappened) {
  const auto catalog = Open();
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  Sql(*shell_,
      "CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; "
      "CREATE CONSTRAINT TRIGGER die AFTER UPDATE OR DELETE ON public.iceberg_tables "
      "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.die()");
  const Status swapped = Swap(*catalog, "v0", "v1");
  ASSERT_THAT(swapped, FailsWith(ErrorKind::kUnavailable));
  EXPECT_THAT(swapped.error().message, HasSubstr("nothing was committed"));
  EXPECT_THAT(catalog->DropTable(kOrdersTable), FailsWith(ErrorKind::kUnavailable));
  EXPECT_EQ(*catalog->MetadataLocation(kOrdersTable), "v0");
}

TEST_F(PostgresCatalogTest, ACommitThatNobodyCanTellTheFateOfIsUnknown) {
  const auto catalog = Open({.settle_timeout = std::chrono::milliseconds(200)});
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  const std::string database = Shell("SELECT current_database(), '', '', '', '', ''");
  const std::string name = database.substr(0, database.find('|'));
  // The session ends within COMMIT, and the server takes no other.
  Sql(*shell_,
      "CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; "
      "CREATE CONSTRAINT TRIGGER die AFTER UPDATE ON public.iceberg_tables "
      "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.die(); "
      "UPDATE pg_database SET datallowconn = false WHERE datname = '" +
          name + "'");
  EXPECT_THAT(Swap(*catalog, "v0", "v1"), FailsWith(ErrorKind::kCommitUnknown));
  Sql(*shell_,
      "UPDATE pg_database SET datallowconn = true WHERE datname = '" + name + "'");
  EXPECT_EQ(*catalog->MetadataLocation(kOrdersTable), "v0");
}

/// Waits until a session of this database waits for `event`, then ends it.
void EndWhoWaitsFor(postgres::Connection& shell, const std::string& event) {
  const std::string sql =
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
      "WHERE datname = current_database() AND wait_event = '" +
      event + "'";
  for (int tries = 0; tries < 6000; ++tries) {
    const auto ended = shell.Query(sql);
    if (ended && ended->size() > 0) {
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ADD_FAILURE() << "nobody waits for " << event;
}

/// Makes COMMIT wait for a standby that is not there. The server takes the setting up in
/// its own time: writes until one waits.
void RequireAbsentStandby(postgres::Connection& shell, const std::string& dsn) {
  Sql(shell, "SET synchronous_commit = local; CREATE TABLE public.probe (n int)");
  Sql(shell, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
  Sql(shell, "SELECT pg_reload_conf()");
  const std::jthread ender([&] { EndWhoWaitsFor(*Connect(dsn), "SyncRep"); });
  const auto writer = Connect(dsn);
  for (int i = 0; i < 100'000 && !writer->is_lost(); ++i) {
    (void)writer->Query("INSERT INTO public.probe VALUES (1)").has_value();
  }
}

/// Whoever is ended while COMMIT waits has committed.
TEST_F(PostgresCatalogTest, ACommitWhoseReplyWasLostIsFoundToHaveHappened) {
  const auto catalog = Open();
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  RequireAbsentStandby(*shell_, dsn_);
  std::vector<Status> outcomes;
  {
    const std::jthread ender([&] {
      const auto other = Connect(dsn_);
      EndWhoWaitsFor(*other, "SyncRep");
    });
    outcomes.push_back(Swap(*catalog, "v0", "v1"));
  }
  {
    const std::jthread ender([&] {
      const auto other = Connect(dsn_);
      EndWhoWaitsFor(*other, "SyncRep");
    });
    outcomes.push_back(catalog->DropTable(kOrdersTable));
  }
  Sql(*shell_, "ALTER SYSTEM RESET synchronous_standby_names");
  Sql(*shell_, "SELECT pg_reload_conf()");
  for (const Status& outcome : outcomes) {
    EXPECT_TRUE(outcome) << outcome.error().message;
  }
  EXPECT_THAT(catalog->MetadataLocation(kOrdersTable), FailsWith(ErrorKind::kNotFound));
}

TEST_F(PostgresCatalogTest, ARowThatStaysLockedIsUnavailable) {
  const auto catalog = Open({.lock_timeout = std::chrono::milliseconds(50)});
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  Sql(*shell_, "BEGIN; UPDATE public.iceberg_tables SET metadata_location = 'w'");
  const Status status = Swap(*catalog, "v0", "v1");
  ASSERT_THAT(status, FailsWith(ErrorKind::kUnavailable));
  EXPECT_THAT(status.error().message, HasSubstr("lock timeout"));
  EXPECT_EQ(*catalog->MetadataLocation(kOrdersTable), "v0");
  Sql(*shell_, "ROLLBACK");
  EXPECT_TRUE(Swap(*catalog, "v0", "v1"));
}

TEST_F(PostgresCatalogTest, ADeadlockIsTriedAgain) {
  const auto catalog = Open();
  const std::vector create{PointerSwap{.name = {"a", "a"},
                                       .expected_metadata_location = std::nullopt,
                                       .metadata_location = "v0"},
                           PointerSwap{.name = {"b", "b"},
                                       .expected_metadata_location = std::nullopt,
                                       .metadata_location = "v0"}};
  ASSERT_TRUE(catalog->Commit(create));
  std::vector swaps = create;
  for (PointerSwap& swap : swaps) {
    swap.expected_metadata_location = "v0";
    swap.metadata_location = "v1";
  }
  // Another program takes b, then a; it waits longer than we for the deadlock to show.
  Sql(*shell_, "SET deadlock_timeout = '60s'");
  Sql(*shell_,
      "BEGIN; SELECT 1 FROM public.iceberg_tables WHERE table_name = 'b' FOR UPDATE");
  Status status;
  {
    const std::jthread committer([&] { status = catalog->Commit(swaps); });
    const auto other = Connect(dsn_);
    for (int tries = 0; tries < 6000; ++tries) {
      const auto waits = other->Query(
          "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
          "AND wait_event_type = 'Lock'");
      if (waits && waits->size() > 0) {
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    Sql(*shell_, "SELECT 1 FROM public.iceberg_tables WHERE table_name = 'a' FOR UPDATE");
    Sql(*shell_, "COMMIT");
  }
  EXPECT_TRUE(status) << status.error().message;
  EXPECT_EQ(*catalog->MetadataLocation({"b", "b"}), "v1");
}

TEST_F(PostgresCatalogTest, AReadOnlyServerIsUnavailable) {
  const auto catalog = Open();
  Sql(*shell_,
      "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "RAISE "
      "SQLSTATE '25006' USING MESSAGE = 'cannot execute INSERT in a read-only "
      "transaction'; END $$; "
      "CREATE TRIGGER refuse BEFORE INSERT ON public.iceberg_tables EXECUTE FUNCTION "
      "public.refuse()");
  EXPECT_THAT(Swap(*catalog, std::nullopt, "v0"), FailsWith(ErrorKind::kUnavailable));
}

TEST(PostgresCatalogRestartTest, ACatalogGoesOnAfterTheServersRestart) {
  const calve::testing::TestServer server(/*fsync=*/true);
  auto catalog = OpenPostgresCatalog(
      {.dsn = server->dsn(), .name = "lake", .warehouse = "file:///lake"});
  ASSERT_TRUE(catalog) << catalog.error().message;
  const std::vector create{PointerSwap{.name = kOrdersTable,
                                       .expected_metadata_location = std::nullopt,
                                       .metadata_location = "v0"}};
  ASSERT_TRUE((*catalog)->Commit(create));
  ASSERT_TRUE(server->Crash());
  EXPECT_THAT((*catalog)->MetadataLocation(kOrdersTable),
              FailsWith(ErrorKind::kUnavailable));
  EXPECT_THAT((*catalog)->Commit(create), FailsWith(ErrorKind::kUnavailable));
  ASSERT_TRUE(server->Restart());
  EXPECT_EQ(*(*catalog)->MetadataLocation(kOrdersTable), "v0");
  EXPECT_THAT((*catalog)->Commit(create), FailsWith(ErrorKind::kConflict));
}

}  // namespace
}  // namespace calve::table
