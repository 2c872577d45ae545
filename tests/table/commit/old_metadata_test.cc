// What becomes of metadata files that fall out of the log.

#include <set>
#include <string>

#include "table/commit/commit_fixture.h"
#include "table/commit/transaction.h"

namespace calve::table {
namespace {

using testing::kOrders;
using testing::Lake;
using testing::OrdersDefinition;

constexpr const char* kDelete = "write.metadata.delete-after-commit.enabled";

std::set<std::string> MetadataFiles(const Lake& lake) {
  std::set<std::string> files;
  for (const std::string& location : lake.store.Locations()) {
    if (location.ends_with(".metadata.json")) {
      files.insert(location);
    }
  }
  return files;
}

std::set<std::string> Named(const LoadedTable& table) {
  std::set<std::string> files{table.metadata_location};
  for (const MetadataLogEntry& entry : table.metadata.metadata_log) {
    files.insert(entry.metadata_file);
  }
  return files;
}

LoadedTable CommitTimes(Lake& lake, int count) {
  LoadedTable table;
  for (int i = 0; i < count; ++i) {
    TableUpdate update = lake.Update();
    update.SetProperty("note", std::to_string(i));
    table = lake.MustCommit(std::move(update));
  }
  return table;
}

void Create(Lake& lake, const char* deletes) {
  TableDefinition definition = OrdersDefinition();
  definition.properties = {{"write.metadata.previous-versions-max", "2"}};
  if (deletes != nullptr) {
    definition.properties[kDelete] = deletes;
  }
  lake.MustCommit(lake.Create(definition));
}

TEST(OldMetadataTest, OfATableThatCalveMadeOnlyTheLoggedOnesStay) {
  Lake lake;
  Create(lake, nullptr);
  const LoadedTable table = CommitTimes(lake, 5);
  EXPECT_EQ(MetadataFiles(lake), Named(table));
  EXPECT_EQ(MetadataFiles(lake).size(), 3U);
}

TEST(OldMetadataTest, WhereThePropertySaysSoAllStay) {
  Lake lake;
  Create(lake, "false");
  CommitTimes(lake, 5);
  EXPECT_EQ(MetadataFiles(lake).size(), 6U);
}

TEST(OldMetadataTest, NothingIsDeletedBeforeATransactionIsPublished) {
  Lake lake;
  Create(lake, nullptr);
  CommitTimes(lake, 2);
  const auto before = MetadataFiles(lake);
  Transaction transaction(lake.context());
  CommitContext inside = lake.context();
  const auto catalog = transaction.catalog();
  inside.catalog = catalog.get();
  for (int i = 0; i < 4; ++i) {
    auto table = LoadTable(lake.store, *catalog, kOrders);
    ASSERT_TRUE(table);
    TableUpdate update(*std::move(table), NewSnapshotId(lake.uuids()));
    update.SetProperty("note", std::to_string(100 + i));
    std::vector<TableUpdate> updates;
    updates.push_back(std::move(update));
    ASSERT_TRUE(CommitUpdates(inside, std::move(updates)));
  }
  for (const std::string& file : before) {
    EXPECT_TRUE(lake.store.Has(file)) << file;
  }
  ASSERT_TRUE(transaction.Publish());
  EXPECT_EQ(MetadataFiles(lake), Named(lake.Update().base()));
}

}  // namespace
}  // namespace calve::table
