#pragma once

/// \file tests/support/object_store_contract.h
/// What every ObjectStore keeps to. A test program includes this and instantiates
/// ObjectStoreContract with its stores.

#include <atomic>
#include <functional>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "io/object_store.h"
#include "io/system.h"

namespace calve::io::testing {

/// A store with a folder of its own that is empty.
struct StoreUnderTest {
  std::shared_ptr<ObjectStore> store;
  std::string root;                         // location, no trailing slash
  std::shared_ptr<void> fixture = nullptr;  // what the store needs, and who cleans up
};

/// Gives a store, or one without a store where the environment has none: the test is
/// skipped.
struct StoreMaker {
  std::string name;
  std::function<StoreUnderTest()> make;
};

inline std::ostream& operator<<(std::ostream& out, const StoreMaker& maker) {
  return out << maker.name;
}

class ObjectStoreContract : public ::testing::TestWithParam<StoreMaker> {
 protected:
  void SetUp() override {
    tested_ = GetParam().make();
    if (tested_.store == nullptr) {
      GTEST_SKIP() << "no " << GetParam().name << " in the environment";
    }
  }

  ObjectStore& store() { return *tested_.store; }
  std::string At(const std::string& name) const { return tested_.root + "/" + name; }

  std::vector<std::string> Names(const std::string& folder) {
    std::vector<std::string> names;
    const auto objects = store().List(At(folder));
    EXPECT_TRUE(objects) << (objects ? "" : objects.error().message);
    for (const ObjectInfo& object : objects ? *objects : std::vector<ObjectInfo>()) {
      names.push_back(object.location.substr(tested_.root.size() + 1));
    }
    return names;
  }

 private:
  StoreUnderTest tested_;
};

/// Bytes that no two places of which look alike.
inline std::string NoiseOf(size_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (char& c : bytes) {
    c = static_cast<char>(random());
  }
  return bytes;
}

TEST_P(ObjectStoreContract, AnObjectIsReadAsItWasWritten) {
  const std::string bytes("nul\0inside", 10);
  ASSERT_TRUE(WriteObject(store(), At("a/b/c.txt"), "first"));
  ASSERT_TRUE(WriteObject(store(), At("a/b/c.txt"), bytes));
  EXPECT_EQ(*ReadObject(store(), At("a/b/c.txt")), bytes);
}

TEST_P(ObjectStoreContract, AnObjectMayBeEmpty) {
  ASSERT_TRUE(WriteObject(store(), At("empty"), ""));
  ASSERT_TRUE(store().PutIfAbsent(At("empty2"), ""));
  for (const char* name : {"empty", "empty2"}) {
    const auto read = ReadObject(store(), At(name));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, "");
  }
}

TEST_P(ObjectStoreContract, AReadPastTheEndIsShort) {
  ASSERT_TRUE(WriteObject(store(), At("x"), "abc"));
  const auto file = store().Open(At("x"));
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->size_bytes(), 3U);
  std::string into(10, '-');
  EXPECT_EQ(*(*file)->ReadAt(/*offset=*/1, into), 2U);
  EXPECT_EQ(into.substr(0, 2), "bc");
  EXPECT_EQ(*(*file)->ReadAt(/*offset=*/3, into), 0U);
  EXPECT_EQ(*(*file)->ReadAt(/*offset=*/99, into), 0U);
}

TEST_P(ObjectStoreContract, ALargeObjectIsReadAnywhereByManyThreads) {
  const std::string bytes = NoiseOf((size_t{20} << 20U) + 7);
  const auto output = store().Create(At("large"));
  ASSERT_TRUE(output);
  for (size_t at = 0; at < bytes.size(); at += 3'000'001) {
    const auto piece = std::string_view(bytes).substr(at, 3'000'001);
    const Status written = (*output)->Write(piece);
    ASSERT_TRUE(written) << written.error().message;
  }
  EXPECT_EQ((*output)->bytes_written(), bytes.size());
  const Status closed = (*output)->Close();
  ASSERT_TRUE(closed) << closed.error().message;
  const auto file = store().Open(At("large"));
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ((*file)->size_bytes(), bytes.size());
  std::vector<std::jthread> threads;
  for (unsigned seed = 0; seed < 3; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 20; ++i) {
        const size_t at = random() % bytes.size();
        std::string into(random() % 300'000, '-');
        const auto read = (*file)->ReadAt(at, into);
        ASSERT_TRUE(read) << read.error().message;
        into.resize(*read);
        EXPECT_TRUE(into == bytes.substr(at, *read) && *read > 0) << at;
      }
    });
  }
  threads.clear();
  EXPECT_TRUE(*ReadObject(store(), At("large")) == bytes);
}

TEST_P(ObjectStoreContract, WhatIsNotClosedIsNotThereAndAnOlderObjectStays) {
  ASSERT_TRUE(WriteObject(store(), At("old"), "old"));
  {
    const auto fresh = store().Create(At("new/x"));
    const auto again = store().Create(At("old"));
    ASSERT_TRUE(fresh && again);
    ASSERT_TRUE((*fresh)->Write(NoiseOf(size_t{9} << 20U)));
    ASSERT_TRUE((*again)->Write("half"));
    EXPECT_EQ(Names("new"), std::vector<std::string>());
  }
  EXPECT_EQ(store().Open(At("new/x")).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(*ReadObject(store(), At("old")), "old");
  const auto unfinished = store().ListUnfinished(At("new"));
  ASSERT_TRUE(unfinished) << unfinished.error().message;
  EXPECT_TRUE(unfinished->empty());
}

TEST_P(ObjectStoreContract, WritesThatAreNotOverAreListedApartAndCanBeGivenUp) {
  const auto begun = store().Create(At("t/y"));
  ASSERT_TRUE(begun);
  ASSERT_TRUE((*begun)->Write(NoiseOf(size_t{9} << 20U)));
  EXPECT_EQ(Names("t"), std::vector<std::string>());
  const auto unfinished = store().ListUnfinished(At("t"));
  ASSERT_TRUE(unfinished) << unfinished.error().message;
  EXPECT_TRUE(store().ListUnfinished(At("other"))->empty());
  for (const ObjectInfo& one : *unfinished) {
    EXPECT_TRUE(one.modified_ms);
    EXPECT_TRUE(store().Delete(one.location));
    EXPECT_TRUE(store().Delete(one.location));
  }
  EXPECT_TRUE(store().ListUnfinished(At("t"))->empty());
}

TEST_P(ObjectStoreContract, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(store().Open(At("nothing")).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(ReadObject(store(), At("no/thing")).error().kind, ErrorKind::kNotFound);
}

TEST_P(ObjectStoreContract, OfManyPutsIfAbsentOneWins) {
  std::atomic<int> wins = 0;
  std::atomic<int> conflicts = 0;
  std::atomic<int> winner = -1;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const Status status = store().PutIfAbsent(At("entry"), std::to_string(i));
        wins += status ? 1 : 0;
        conflicts += !status && status.error().kind == ErrorKind::kConflict ? 1 : 0;
        winner = status ? i : winner.load();
      });
    }
  }
  EXPECT_EQ(wins, 1);
  EXPECT_EQ(conflicts, 7);
  EXPECT_EQ(*ReadObject(store(), At("entry")), std::to_string(winner));
  const Status again = store().PutIfAbsent(At("entry"), std::to_string(winner));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kConflict);
}

TEST_P(ObjectStoreContract, AListHasWholeObjectsByNameWhateverTheirNames) {
  const std::vector<std::string> names{"f/ a b",  "f/+plus+",  "f/a/z", "f/b",
                                       "f/b<&>'", "f/c=%20/d", "f/ü"};
  for (const std::string& name : names) {
    ASSERT_TRUE(WriteObject(store(), At(name), name));
  }
  ASSERT_TRUE(WriteObject(store(), At("f2"), "3"));
  ASSERT_TRUE(WriteObject(store(), At("ff/x"), "3"));
  EXPECT_EQ(Names("f"), names);
  const auto objects = store().List(At("f"));
  for (const ObjectInfo& object : *objects) {
    const auto read = ReadObject(store(), object.location);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(At(*read), object.location);
    EXPECT_EQ(object.size_bytes, read->size());
    if (object.modified_ms) {
      const int64_t now_ms = SystemClock().Now().value / 1000;
      EXPECT_NEAR(static_cast<double>(*object.modified_ms), static_cast<double>(now_ms),
                  3.6e6);
    }
  }
  EXPECT_EQ(Names("nowhere"), std::vector<std::string>());
}

TEST_P(ObjectStoreContract, DeletingTwiceIsNoError) {
  ASSERT_TRUE(WriteObject(store(), At("x"), "1"));
  ASSERT_TRUE(WriteObject(store(), At("xy"), "2"));
  EXPECT_TRUE(store().Delete(At("x")));
  EXPECT_TRUE(store().Delete(At("x")));
  EXPECT_EQ(store().Open(At("x")).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(*ReadObject(store(), At("xy")), "2");
}

inline std::string NameOfStore(const ::testing::TestParamInfo<StoreMaker>& info) {
  return info.param.name;
}

}  // namespace calve::io::testing
