#include "table/maintain/orphans.h"

#include <string>

#include "table/maintain/maintain_fixture.h"

namespace calve::table {
namespace {

using testing::MaintainedLake;
using testing::Must;

constexpr int64_t kDayMs = 24LL * 60 * 60 * 1000;

class OrphansTest : public ::testing::Test {
 protected:
  OrphansTest() {
    it.Append(0, 10);
    it.Append(10, 20);
    for (const std::string& location : it.lake.store.Locations()) {
      it.lake.store.SetModified(location, 0);
    }
  }

  void Put(const std::string& location, int64_t modified_ms) {
    EXPECT_TRUE(io::WriteObject(it.lake.store, location, "bytes"));
    it.lake.store.SetModified(location, modified_ms);
  }

  Result<Orphans> Find(const OrphanRequest& request = {}) {
    return FindOrphans(it.lake.store, it.Load(), request, /*now_ms=*/10 * kDayMs);
  }

  std::vector<std::string> Found(const OrphanRequest& request = {}) {
    std::vector<std::string> files;
    for (const io::ObjectInfo& file : Must(Find(request)).files) {
      files.push_back(file.location);
    }
    return files;
  }

  MaintainedLake it;
  const std::string place = "memory://lake/marts/orders";
};

TEST_F(OrphansTest, OnlyOldFilesThatNobodyReachesAreOrphans) {
  Put(place + "/data/old.parquet", 7 * kDayMs);
  Put(place + "/data/young.parquet", 7 * kDayMs + 1);
  Put(place + "/metadata/old.avro", 0);
  Put("memory://lake/marts/orders2/data/x.parquet", 0);
  EXPECT_EQ(Found(), (std::vector<std::string>{place + "/data/old.parquet",
                                               place + "/metadata/old.avro"}));
}

TEST_F(OrphansTest, AFileOfUnknownAgeIsNone) {
  EXPECT_TRUE(io::WriteObject(it.lake.store, place + "/data/x.parquet", "bytes"));
  EXPECT_EQ(Found(), std::vector<std::string>{});
}

TEST_F(OrphansTest, AYoungerAgeThanThreeDaysIsRefused) {
  EXPECT_THAT(
      Find({.older_than = kMinOrphanAge - std::chrono::milliseconds(1), .spared = {}}),
      FailsWith(ErrorKind::kInvalidArgument));
}

TEST_F(OrphansTest, FilesOfTablesInsideAreSparedAndATableInsideAnotherIsRefused) {
  Put(place + "/inner/data/x.parquet", 0);
  EXPECT_EQ(Found({.older_than = kMinOrphanAge, .spared = {place + "//inner/"}}),
            std::vector<std::string>{});
  EXPECT_THAT(Find({.older_than = kMinOrphanAge, .spared = {"memory://lake/marts"}}),
              FailsWith(ErrorKind::kInvalidArgument));
  EXPECT_THAT(Find({.older_than = kMinOrphanAge, .spared = {place}}),
              FailsWith(ErrorKind::kInvalidArgument));
}

TEST_F(OrphansTest, AFileThatIsReachedByAnotherPathIsDoubtful) {
  // As if the warehouse were mounted elsewhere: same names, other folders.
  const DataFile moved = it.Write(50, 60, 0).front();
  DataFile alias = moved;
  alias.file_path = "memory://mirror/" + moved.file_path.substr(9);
  TableUpdate update = it.lake.Update();
  ASSERT_TRUE(update.Append({alias}));
  it.lake.MustCommit(std::move(update));
  it.lake.store.SetModified(moved.file_path, 0);
  const Orphans orphans = Must(Find());
  EXPECT_TRUE(orphans.files.empty());
  EXPECT_EQ(orphans.doubtful, std::vector<std::string>{moved.file_path});
}

TEST(NormalizedLocationTest, AllWaysToWriteAPathAreOne) {
  for (const char* alias :
       {"file:///srv/lake/t/x", "file:/srv/lake/t/x", "/srv/lake/t/x",
        "file://localhost/srv/lake/t/x", "//srv//lake/./t/x", "file:////srv/lake//t/x",
        "/srv/lake/u/../t/x", "/srv/lake/t/x/"}) {
    EXPECT_EQ(NormalizedLocation(alias), "/srv/lake/t/x") << alias;
  }
  EXPECT_EQ(NormalizedLocation("s3://lake//t/x"), "s3://lake/t/x");
  EXPECT_NE(NormalizedLocation("s3://lake/t"), NormalizedLocation("/lake/t"));
}

}  // namespace
}  // namespace calve::table
