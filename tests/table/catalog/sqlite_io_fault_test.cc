/// \file sqlite_io_fault_test.cc
/// The commit's own sync fails: SQLite's file layer is wrapped so that the disk says no.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "support/temp_folder.h"
#include "table/catalog/sqlite_catalog.h"

namespace calve::table {
namespace {

// The file layer is plain functions: no other way in than globals. NOLINTBEGIN
std::atomic<bool> sync_fails = false;
std::atomic<bool> delete_works_and_fails = false;

/// A kind of file has its own functions: the database (shared memory, locks), and logs.
struct Methods {
  const sqlite3_io_methods* real = nullptr;
  sqlite3_io_methods faulty = {};
};
Methods database_methods;
Methods log_methods;
sqlite3_vfs* real_vfs = nullptr;
sqlite3_vfs faulty_vfs;

int SyncOrFail(sqlite3_file* file, int flags) {
  if (sync_fails) {
    return SQLITE_IOERR_FSYNC;
  }
  const bool database = file->pMethods == &database_methods.faulty;
  const Methods& methods = database ? database_methods : log_methods;
  return methods.real->xSync(file, flags);
}

int DeleteOrFail(sqlite3_vfs* /*vfs*/, const char* name, int sync_folder) {
  const int code = real_vfs->xDelete(real_vfs, name, sync_folder);
  return delete_works_and_fails ? SQLITE_IOERR_DIR_FSYNC : code;
}

int OpenFaulty(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* file, int flags,
               int* out_flags) {
  const int code = real_vfs->xOpen(real_vfs, name, file, flags, out_flags);
  if (code == SQLITE_OK && file->pMethods != nullptr) {
    Methods& methods =
        (flags & SQLITE_OPEN_MAIN_DB) != 0 ? database_methods : log_methods;
    methods.real = file->pMethods;
    methods.faulty = *file->pMethods;
    methods.faulty.xSync = SyncOrFail;
    file->pMethods = &methods.faulty;
  }
  return code;
}

// NOLINTEND

class SqliteIoFaultTest : public ::testing::Test {
 protected:
  SqliteIoFaultTest() {
    real_vfs = sqlite3_vfs_find(nullptr);
    faulty_vfs = *real_vfs;
    faulty_vfs.zName = "faulty";
    faulty_vfs.xOpen = OpenFaulty;
    faulty_vfs.xDelete = DeleteOrFail;
    sqlite3_vfs_register(&faulty_vfs, /*makeDflt=*/1);
  }

  void Open() {
    auto opened =
        OpenSqliteCatalog({.path = path_, .name = "lake", .warehouse = "file:///lake"});
    ASSERT_TRUE(opened) << opened.error().message;
    catalog_ = *std::move(opened);
    ASSERT_TRUE(Swap(std::nullopt, "v0"));
  }

  SqliteIoFaultTest(const SqliteIoFaultTest&) = delete;
  SqliteIoFaultTest& operator=(const SqliteIoFaultTest&) = delete;
  ~SqliteIoFaultTest() override {
    sync_fails = false;
    delete_works_and_fails = false;
    catalog_.reset();
    sqlite3_vfs_register(real_vfs, /*makeDflt=*/1);
    sqlite3_vfs_unregister(&faulty_vfs);
  }

  Status Swap(std::optional<std::string> from, const std::string& to) {
    const std::vector swaps{PointerSwap{.name = orders_,
                                        .expected_metadata_location = std::move(from),
                                        .metadata_location = to}};
    return catalog_->Commit(swaps);
  }

  const TableName orders_{"marts", "orders"};
  calve::testing::TempFolder folder_;
  std::string path_ = folder_.path() + "/catalog.db";
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(SqliteIoFaultTest, AFailedSyncIsUnknownAndTheSwapCanBeTriedAgain) {
  Open();
  sync_fails = true;
  const Status status = Swap("v0", "v1");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kCommitUnknown) << status.error().message;
  sync_fails = false;
  const auto location = catalog_->MetadataLocation(orders_);
  ASSERT_TRUE(location) << location.error().message;
  EXPECT_EQ(*location, "v0");
  EXPECT_TRUE(Swap("v0", "v1"));
}

/// With a rollback journal the commit happens when the journal is deleted; what fails
/// after that is seen by looking again.
TEST_F(SqliteIoFaultTest, ACommitThatIsSeenAfterAnErrorSucceeded) {
  sqlite3* handle = nullptr;
  sqlite3_open(path_.c_str(), &handle);
  sqlite3_exec(handle, "CREATE TABLE others (x)", nullptr, nullptr, nullptr);
  sqlite3_close(handle);
  Open();
  delete_works_and_fails = true;
  const Status status = Swap("v0", "v1");
  EXPECT_TRUE(status) << status.error().message;
  delete_works_and_fails = false;
  const auto location = catalog_->MetadataLocation(orders_);
  ASSERT_TRUE(location) << location.error().message;
  EXPECT_EQ(*location, "v1");
}

}  // namespace
}  // namespace calve::table
