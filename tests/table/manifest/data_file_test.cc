#include "table/manifest/data_file.h"

#include <string>

#include <gtest/gtest.h>

namespace calve::table {
namespace {

constexpr int32_t kDeletedPathId = 2147483546;

DataFile PositionDeletes(const std::string& lower, const std::string& upper) {
  DataFile file;
  file.content = FileContent::kPositionDeletes;
  file.lower_bounds[kDeletedPathId] = lower;
  file.upper_bounds[kDeletedPathId] = upper;
  return file;
}

TEST(ReferencedDataFileTest, IsWhatTheManifestNames) {
  DataFile file = PositionDeletes("a", "z");
  file.referenced_data_file = "m";
  EXPECT_EQ(ReferencedDataFile(file), "m");
}

TEST(ReferencedDataFileTest, IsTheOnePathWithinTheBounds) {
  EXPECT_EQ(ReferencedDataFile(PositionDeletes("a", "a")), "a");
}

TEST(ReferencedDataFileTest, IsUnknownWhereBoundsDifferOrLack) {
  EXPECT_EQ(ReferencedDataFile(PositionDeletes("a", "b")), std::nullopt);
  DataFile file = PositionDeletes("a", "a");
  file.upper_bounds.clear();
  EXPECT_EQ(ReferencedDataFile(file), std::nullopt);
  file.lower_bounds.clear();
  EXPECT_EQ(ReferencedDataFile(file), std::nullopt);
}

TEST(ReferencedDataFileTest, EqualityDeletesPointAtNoFile) {
  DataFile file = PositionDeletes("a", "a");
  file.content = FileContent::kEqualityDeletes;
  EXPECT_EQ(ReferencedDataFile(file), std::nullopt);
}

}  // namespace
}  // namespace calve::table
