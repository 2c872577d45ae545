#include "table/catalog/sqlite_catalog.h"

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/fails_with.h"
#include "support/temp_folder.h"

namespace calve::table {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TableName kOrders{"marts", "orders"};

/// Another program that uses the file: SQLite without any of our code.
class Shell {
 public:
  explicit Shell(const std::string& path) { sqlite3_open(path.c_str(), &handle_); }
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;
  ~Shell() { sqlite3_close(handle_); }

  /// The rows as text, values joined by `|`, rows by `;`; or SQLite's message.
  std::string Run(const std::string& sql) {
    std::string out;
    char* message = nullptr;
    sqlite3_exec(handle_, sql.c_str(), Append, &out, &message);
    if (message != nullptr) {
      out = message;
      sqlite3_free(message);
    }
    return out;
  }

 private:
  static int Append(void* out, int columns, char** values, char** /*names*/) {
    auto& text = *static_cast<std::string*>(out);
    for (int column = 0; column < columns; ++column) {
      text += values[column] == nullptr ? "NULL" : values[column];
      text += column + 1 < columns ? "|" : ";";
    }
    return 0;
  }

  sqlite3* handle_ = nullptr;
};

class SqliteCatalogTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Catalog>> TryOpen(int busy_timeout_ms = 10'000,
                                           const std::string& name = "lake") {
    return OpenSqliteCatalog({.path = path_,
                              .name = name,
                              .warehouse = "file:///lake/",
                              .busy_timeout_ms = busy_timeout_ms});
  }

  std::unique_ptr<Catalog> Open(int busy_timeout_ms = 10'000) {
    auto catalog = TryOpen(busy_timeout_ms);
    EXPECT_TRUE(catalog) << catalog.error().message;
    return catalog ? *std::move(catalog) : nullptr;
  }

  static Status Swap(Catalog& catalog, std::optional<std::string> from,
                     const std::string& to) {
    const std::vector swaps{PointerSwap{.name = kOrders,
                                        .expected_metadata_location = std::move(from),
                                        .metadata_location = to}};
    return catalog.Commit(swaps);
  }

  calve::testing::TempFolder folder_;
  std::string path_ = folder_.path() + "/deep/down/catalog.db";
};

TEST_F(SqliteCatalogTest, RowsLieAsPyIcebergWritesThem) {
  const auto catalog = Open();
  ASSERT_TRUE(catalog->CreateNamespace("marts"));
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  ASSERT_TRUE(Swap(*catalog, "v0", "v1"));
  Shell shell(path_);
  EXPECT_EQ(shell.Run("SELECT * FROM iceberg_tables"), "lake|marts|orders|v1|v0|TABLE;");
  EXPECT_EQ(shell.Run("SELECT * FROM iceberg_namespace_properties"),
            "lake|marts|exists|true;");
}

TEST_F(SqliteCatalogTest, TheWarehouseLosesItsTrailingSlash) {
  EXPECT_EQ(Open()->warehouse(), "file:///lake");
}

TEST_F(SqliteCatalogTest, CatalogsOfOtherNamesInTheFileAreNotSeen) {
  ASSERT_TRUE(Swap(*Open(), std::nullopt, "v0"));
  auto other = TryOpen(10'000, "pond");
  ASSERT_TRUE(other);
  EXPECT_THAT(*(*other)->ListTables(), IsEmpty());
  EXPECT_THAT((*other)->MetadataLocation(kOrders), FailsWith(ErrorKind::kNotFound));
  EXPECT_TRUE(Swap(**other, std::nullopt, "w0"));
}

TEST_F(SqliteCatalogTest, TheOlderLayoutWithoutATypeWorks) {
  { Open(); }
  Shell(path_).Run("ALTER TABLE iceberg_tables DROP COLUMN iceberg_type");
  const auto catalog = Open();
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  ASSERT_TRUE(Swap(*catalog, "v0", "v1"));
  EXPECT_EQ(*catalog->MetadataLocation(kOrders), "v1");
  EXPECT_THAT(*catalog->ListTables(), ElementsAre(kOrders));
  EXPECT_EQ(Shell(path_).Run("SELECT * FROM iceberg_tables"), "lake|marts|orders|v1|v0;");
}

TEST_F(SqliteCatalogTest, ViewsOfOtherEnginesAreLeftAlone) {
  const auto catalog = Open();
  Shell shell(path_);
  shell.Run("INSERT INTO iceberg_tables VALUES('lake','marts','orders','v',NULL,'VIEW')");
  shell.Run("INSERT INTO iceberg_tables VALUES('lake','marts','old','t',NULL,NULL)");
  EXPECT_THAT(*catalog->ListTables(), ElementsAre(TableName{"marts", "old"}));
  EXPECT_THAT(catalog->MetadataLocation(kOrders), FailsWith(ErrorKind::kNotFound));
  EXPECT_THAT(Swap(*catalog, "v", "v1"), FailsWith(ErrorKind::kConflict));
  EXPECT_THAT(catalog->DropTable(kOrders), FailsWith(ErrorKind::kNotFound));
}

TEST_F(SqliteCatalogTest, AFileThatIsNoDatabaseIsCorrupt) {
  path_ = folder_.path() + "/notes.txt";
  std::ofstream(path_) << std::string(4096, 'x');
  EXPECT_THAT(TryOpen(), FailsWith(ErrorKind::kCorrupt));
}

TEST_F(SqliteCatalogTest, TablesWithOtherColumnsAreCorrupt) {
  path_ = folder_.path() + "/other.db";
  Shell(path_).Run("CREATE TABLE iceberg_tables (x)");
  const auto opened = TryOpen();
  ASSERT_THAT(opened, FailsWith(ErrorKind::kCorrupt));
  EXPECT_THAT(opened.error().message, HasSubstr("no column catalog_name"));
}

TEST_F(SqliteCatalogTest, AFolderThatCannotBeMadeIsUnavailable) {
  std::ofstream(folder_.path() + "/file") << "x";
  path_ = folder_.path() + "/file/catalog.db";
  EXPECT_THAT(TryOpen(), FailsWith(ErrorKind::kUnavailable));
}

TEST_F(SqliteCatalogTest, ALockThatStaysIsUnavailable) {
  const auto catalog = Open(/*busy_timeout_ms=*/20);
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  Shell shell(path_);
  shell.Run("BEGIN IMMEDIATE");
  const Status status = Swap(*catalog, "v0", "v1");
  ASSERT_THAT(status, FailsWith(ErrorKind::kUnavailable));
  EXPECT_THAT(status.error().message, HasSubstr("locked by another process"));
  shell.Run("COMMIT");
  EXPECT_TRUE(Swap(*catalog, "v0", "v1"));
}

TEST_F(SqliteCatalogTest, AReaderDoesNotHoldUpACommit) {
  const auto catalog = Open(/*busy_timeout_ms=*/20);
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  Shell reader(path_);
  reader.Run("BEGIN");
  EXPECT_EQ(reader.Run("SELECT metadata_location FROM iceberg_tables"), "v0;");
  EXPECT_TRUE(Swap(*catalog, "v0", "v1"));
  EXPECT_EQ(reader.Run("SELECT metadata_location FROM iceberg_tables"), "v0;");
}

/// A database that is there keeps its rollback journal; a reader then blocks COMMIT
/// itself.
TEST_F(SqliteCatalogTest, ACommitBlockedAtItsEndIsUnavailableAndUndone) {
  path_ = folder_.path() + "/catalog.db";
  Shell reader(path_);
  reader.Run("CREATE TABLE others (x)");
  const auto catalog = Open(/*busy_timeout_ms=*/20);
  EXPECT_EQ(reader.Run("PRAGMA journal_mode"), "delete;");
  ASSERT_TRUE(Swap(*catalog, std::nullopt, "v0"));
  reader.Run("BEGIN");
  reader.Run("SELECT * FROM iceberg_tables");
  EXPECT_THAT(Swap(*catalog, "v0", "v1"), FailsWith(ErrorKind::kUnavailable));
  reader.Run("COMMIT");
  EXPECT_EQ(*catalog->MetadataLocation(kOrders), "v0");
  EXPECT_TRUE(Swap(*catalog, "v0", "v1"));
}

TEST_F(SqliteCatalogTest, TwoProcessesThatRaceHaveOneWinner) {
  ASSERT_TRUE(Swap(*Open(), std::nullopt, "v0"));
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      const auto status = Swap(*Open(60'000), "v0", "v1-" + std::to_string(child));
      ::_exit(status ? 0 : status.error().kind == ErrorKind::kConflict ? 1 : 2);
    }
    children.push_back(pid);
  }
  int winners = 0;
  for (const pid_t pid : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) <= 1) << status;
    winners += WEXITSTATUS(status) == 0 ? 1 : 0;
  }
  EXPECT_EQ(winners, 1);
}

TEST_F(SqliteCatalogTest, ProcessesThatMakeTheCatalogAtOnceAllSucceed) {
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      ::_exit(TryOpen(60'000) ? 0 : 1);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
}

}  // namespace
}  // namespace calve::table
