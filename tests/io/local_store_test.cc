#include "io/local_store.h"

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/system.h"
#include "support/temp_folder.h"

namespace calve::io {
namespace {

class LocalStoreTest : public ::testing::Test {
 protected:
  std::string At(const std::string& name) const {
    return "file://" + folder_.path() + "/" + name;
  }

  testing::TempFolder folder_;
  LocalStore store_;
};

TEST_F(LocalStoreTest, AnObjectIsReadAsItWasWritten) {
  ASSERT_TRUE(WriteObject(store_, At("a/b/c.txt"), "first"));
  ASSERT_TRUE(WriteObject(store_, At("a/b/c.txt"), std::string("nul\0inside", 10)));
  EXPECT_EQ(*ReadObject(store_, At("a/b/c.txt")), std::string("nul\0inside", 10));
}

TEST_F(LocalStoreTest, AListTellsWhenAnObjectWasWrittenAndLeavesUnfinishedOnesOut) {
  ASSERT_TRUE(WriteObject(store_, At("t/x"), "abc"));
  const auto unfinished = store_.Create(At("t/y"));
  ASSERT_TRUE(unfinished);
  const auto listed = store_.List(At("t"));
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 1U);
  const int64_t now_ms = SystemClock().Now().value / 1000;
  ASSERT_TRUE(listed->front().modified_ms);
  EXPECT_NEAR(static_cast<double>(*listed->front().modified_ms),
              static_cast<double>(now_ms), 3.6e6);
  const auto begun = store_.ListUnfinished(At("t"));
  ASSERT_TRUE(begun);
  ASSERT_EQ(begun->size(), 1U);
  EXPECT_NE(begun->front().location.find("/t/.y."), std::string::npos);
}

TEST_F(LocalStoreTest, AReadPastTheEndIsShort) {
  ASSERT_TRUE(WriteObject(store_, At("x"), "abc"));
  const auto file = store_.Open(At("x"));
  ASSERT_TRUE(file);
  std::string into(10, '-');
  EXPECT_EQ(*(*file)->ReadAt(/*offset=*/1, into), 2U);
  EXPECT_EQ(into.substr(0, 2), "bc");
}

TEST_F(LocalStoreTest, AFileThatWasNotClosedIsNotThere) {
  {
    const auto file = store_.Create(At("x"));
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->Write("half"));
    EXPECT_TRUE(store_.List(At("").substr(0, At("").size() - 1))->empty());
  }
  EXPECT_EQ(store_.Open(At("x")).error().kind, ErrorKind::kNotFound);
}

/// In a container every process has the same id, and a killed one leaves its files.
TEST_F(LocalStoreTest, TemporaryFilesOfAKilledProcessWithThisIdDoNoHarm) {
  for (int i = 0; i < 1000; ++i) {
    std::ofstream(folder_.path() + "/.x." + std::to_string(::getpid()) + "." +
                  std::to_string(i) + ".tmp")
        << "left";
  }
  ASSERT_TRUE(WriteObject(store_, At("x"), "new"));
  EXPECT_EQ(*ReadObject(store_, At("x")), "new");
}

TEST_F(LocalStoreTest, AFileInTheWayOfAFolderIsNamed) {
  ASSERT_TRUE(WriteObject(store_, At("a"), "1"));
  const Status written = WriteObject(store_, At("a/b/c"), "2");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(written.error().message.find(folder_.path() + "/a"), std::string::npos);
}

TEST_F(LocalStoreTest, OfManyPutsIfAbsentOneWins) {
  std::atomic<int> wins = 0;
  std::atomic<int> conflicts = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const Status status = store_.PutIfAbsent(At("entry"), std::to_string(i));
        wins += status ? 1 : 0;
        conflicts += !status && status.error().kind == ErrorKind::kConflict ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(wins, 1);
  EXPECT_EQ(conflicts, 7);
}

TEST_F(LocalStoreTest, AListHasWholeObjectsByName) {
  ASSERT_TRUE(WriteObject(store_, At("f/b"), "22"));
  ASSERT_TRUE(WriteObject(store_, At("f/a/z"), "1"));
  ASSERT_TRUE(WriteObject(store_, At("g"), "3"));
  const auto objects = store_.List(At("f"));
  ASSERT_TRUE(objects);
  ASSERT_EQ(objects->size(), 2U);
  EXPECT_EQ((*objects)[0].location, At("f/a/z"));
  EXPECT_EQ((*objects)[1].location, At("f/b"));
  EXPECT_EQ((*objects)[1].size_bytes, 2U);
  EXPECT_TRUE(store_.List(At("nowhere"))->empty());
}

TEST_F(LocalStoreTest, DeletingTwiceIsNoError) {
  ASSERT_TRUE(WriteObject(store_, At("x"), "1"));
  EXPECT_TRUE(store_.Delete(At("x")));
  EXPECT_TRUE(store_.Delete(At("x")));
}

TEST_F(LocalStoreTest, WhatIsNoRegularFileIsRefusedAtOnce) {
  ASSERT_EQ(::mkfifo((folder_.path() + "/pipe").c_str(), 0600), 0);
  EXPECT_EQ(store_.Open(At("pipe")).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(store_.Open(At("")).error().kind, ErrorKind::kInvalidArgument);
}

TEST_F(LocalStoreTest, AUriMayHaveOneSlashOrThree) {
  ASSERT_TRUE(WriteObject(store_, At("x"), "1"));
  EXPECT_EQ(*ReadObject(store_, "file:" + folder_.path() + "/x"), "1");
  EXPECT_EQ(*ReadObject(store_, folder_.path() + "/x"), "1");
}

TEST_F(LocalStoreTest, OtherSchemesAreRefused) {
  EXPECT_EQ(store_.Open("file://host/x").error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(store_.Open("s3://bucket/x").error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(store_.Open("relative/x").error().kind, ErrorKind::kInvalidArgument);
}

TEST(Sha256Test, GivesTheStandardsDigest) {
  EXPECT_EQ(Sha256Hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(SystemUuidsTest, AreVersionFourAndDiffer) {
  SystemUuids uuids;
  const std::string a = uuids.Next();
  EXPECT_EQ(a.size(), 36U);
  EXPECT_EQ(a[14], '4');
  EXPECT_NE(a, uuids.Next());
}

}  // namespace
}  // namespace calve::io
