#include "capture/read_rule.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/postgres_fixture.h"

namespace calve::capture {
namespace {

using ::testing::ElementsAre;

constexpr uint64_t kEpoch = uint64_t{1} << 32;

Cursor CursorAt(uint64_t xmin) {
  Cursor cursor;
  cursor.covered = {xmin, xmin, {}};
  return cursor;
}

/// Of rows with these xmin, those that the rule reads, as PostgreSQL evaluates it.
std::vector<int64_t> ReadOf(const std::vector<uint32_t>& xids, const AuditTable& table,
                            const std::optional<Cursor>& since,
                            const Snapshot& snapshot) {
  std::string sql = "SELECT t.xmin::text FROM (VALUES ";
  for (const uint32_t xid : xids) {
    sql += "('" + std::to_string(xid) + "'::xid, NULL::xid8),";
  }
  sql.back() = ')';
  sql += " t(xmin, audit_xid) WHERE " + UnreadRowsSql(table, since, {snapshot}, {});
  const auto connection = Connect(SharedServer()->dsn());
  const auto rows = connection->Query(sql);
  EXPECT_TRUE(rows) << rows.error().message;
  std::vector<int64_t> out;
  for (int i = 0; i < rows->size(); ++i) {
    out.push_back(rows->number(i, 0));
  }
  return out;
}

TEST(ReadRuleTest, RowIdsAreWidenedAcrossTheWrapAround) {
  const Snapshot snapshot = {2 * kEpoch + 50, 2 * kEpoch + 100, {}};
  const std::vector<uint32_t> xids = {1, 2, 3, 49, 50, 99, 4'294'967'280, 4'294'967'290};
  EXPECT_THAT(ReadOf(xids, {}, CursorAt(2 * kEpoch - 10), snapshot),
              ElementsAre(3, 49, 4'294'967'290));
  EXPECT_THAT(ReadOf(xids, {}, std::nullopt, snapshot),
              ElementsAre(1, 2, 3, 49, 4'294'967'280, 4'294'967'290));
  EXPECT_THAT(ReadOf(xids, {}, CursorAt(snapshot.xmin), snapshot), ElementsAre());
}

TEST(ReadRuleTest, FrozenRowsBelongToTheFirstExtractionAlone) {
  const Snapshot snapshot = {800, 900, {}};
  EXPECT_THAT(ReadOf({1, 2, 3, 799, 800}, {}, std::nullopt, snapshot),
              ElementsAre(1, 2, 3, 799));
  EXPECT_THAT(ReadOf({1, 2, 3, 799, 800}, {}, CursorAt(3), snapshot),
              ElementsAre(3, 799));
}

TEST(ReadRuleTest, RowsWithoutAuditXidAreAllReadByTheFirstExtractionOfTheColumn) {
  AuditTable table;
  table.audit_xid_column = 7;
  const Snapshot snapshot = {800, 900, {}};
  EXPECT_THAT(ReadOf({2, 10, 799, 850}, table, std::nullopt, snapshot),
              ElementsAre(2, 10, 799, 850));
  EXPECT_THAT(ReadOf({2, 10, 799, 850}, table, CursorAt(700), snapshot),
              ElementsAre(799, 850));
  Cursor same_column = CursorAt(700);
  same_column.mode = CursorMode::kAuditXid;
  same_column.audit_xid_column = 7;
  EXPECT_THAT(ReadOf({2, 10, 799, 850}, table, same_column, snapshot), ElementsAre());
  same_column.audit_xid_column = 8;
  EXPECT_THAT(ReadOf({2, 10, 799, 850}, table, same_column, snapshot),
              ElementsAre(799, 850));
}

TEST(ReadRuleTest, AStandbyCoversOnlyWhatIsBelowItsXmin) {
  const SnapshotView primary = {{10, 20, {10, 14}}, /*in_recovery=*/false};
  const SnapshotView standby = {{10, 20, {}}, /*in_recovery=*/true};
  EXPECT_EQ(CoveredBy(CursorMode::kAuditXid, primary), primary.snapshot);
  EXPECT_EQ(CoveredBy(CursorMode::kAuditXid, standby), (Snapshot{10, 10, {}}));
  EXPECT_EQ(CoveredBy(CursorMode::kXmin, primary), (Snapshot{10, 10, {}}));
}

}  // namespace
}  // namespace calve::capture
