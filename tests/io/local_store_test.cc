#include "io/local_store.h"

#include <fstream>
#include <string>

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

TEST_F(LocalStoreTest, AnUnfinishedFileHasTheNameOfItsObjectInIt) {
  const auto unfinished = store_.Create(At("t/y"));
  ASSERT_TRUE(unfinished);
  const auto begun = store_.ListUnfinished(At("t"));
  ASSERT_TRUE(begun);
  ASSERT_EQ(begun->size(), 1U);
  EXPECT_NE(begun->front().location.find("/t/.y."), std::string::npos);
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
