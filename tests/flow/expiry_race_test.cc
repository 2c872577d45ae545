// Whatever moment another process chooses to merge files and to expire snapshots: those
// who read the tables meanwhile look again, and nothing is lost or taken for damage.

#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "flow/flow_fixture.h"
#include "flow/fsck.h"
#include "flow/ingest.h"
#include "flow/table_care.h"

namespace calve::flow {
namespace {

/// Calls `interrupt` once, before the n-th object is opened or folder listed.
class InterruptedStore final : public io::ObjectStore {
 public:
  InterruptedStore(std::shared_ptr<io::ObjectStore> store, int reads_before,
                   std::function<void()> interrupt)
      : store_(std::move(store)), left_(reads_before), interrupt_(std::move(interrupt)) {}

  bool was_interrupted() const { return left_ < 0; }

  Result<std::unique_ptr<io::InputFile>> Open(const std::string& location) override {
    Count();
    return store_->Open(location);
  }
  Result<std::unique_ptr<io::OutputFile>> Create(const std::string& location) override {
    return store_->Create(location);
  }
  Status PutIfAbsent(const std::string& location, std::string_view bytes) override {
    return store_->PutIfAbsent(location, bytes);
  }
  Result<std::vector<io::ObjectInfo>> List(const std::string& folder) override {
    Count();
    return store_->List(folder);
  }
  Status Delete(const std::string& location) override { return store_->Delete(location); }

 private:
  void Count() {
    if (left_-- == 0) {
      interrupt_();
    }
  }

  std::shared_ptr<io::ObjectStore> store_;
  int left_;
  std::function<void()> interrupt_;
};

OrderEvent Upsert(int64_t id) {
  return {.id = id,
          .operation = id < 3 ? 'I' : 'U',
          .time_us = id,
          .order_id = static_cast<int32_t>(id % 2),
          .description = fmt::format("event {}", id)};
}

/// Two files consumed, and two that wait; of metadata files few are kept.
void LandSome(FlowFixture& fixture) {
  for (int64_t id = 1; id <= 4; ++id) {
    fixture.Land({Upsert(id)});
    if (id <= 2) {
      fixture.Run();
    }
  }
  for (const CaredTable& cared : Must(TablesUnderCare(fixture.pipeline(), ""))) {
    SetPropertyOf(fixture.pipeline(), cared.name, "write.metadata.previous-versions-max",
                  "3");
  }
}

using Act = std::function<void(FlowFixture& fixture)>;

struct Interruption {
  int step = 1;  // every so many reads
  std::function<void(const Pipeline&)> by = [](const Pipeline& all) { TakeCare(all); };
};

/// Lets `act` be interrupted at every `step`-th of its reads, each time on tables made
/// anew, and looks at the outcome by `check`.
void InterruptEverywhere(const Act& act, const Act& check,
                         const Interruption& interruption = {}) {
  for (int reads = 0;; reads += interruption.step) {
    SCOPED_TRACE(fmt::format("interrupted before read {}", reads));
    FlowFixture fixture;
    LandSome(fixture);
    const Pipeline undisturbed = fixture.pipeline();
    const auto store = std::make_shared<InterruptedStore>(
        undisturbed.store, reads, [&] { interruption.by(undisturbed); });
    fixture.pipeline().store = store;
    act(fixture);
    fixture.pipeline().store = undisturbed.store;
    check(fixture);
    if (!store->was_interrupted() || ::testing::Test::HasFailure()) {
      EXPECT_GT(reads, 0);
      return;
    }
  }
}

const std::vector<std::string> kVersions{"audit_event_id", "order_id", "is_current"};

/// Holds both marts to those of tables that nobody disturbed.
Act SameMarts() {
  const auto undisturbed = std::make_shared<FlowFixture>();
  LandSome(*undisturbed);
  undisturbed->Run();
  return [undisturbed](FlowFixture& fixture) {
    EXPECT_EQ(fixture.Run().commits, 0);
    EXPECT_EQ(fixture.Rows("marts.orders", {"order_id", "audit_event_id"}),
              undisturbed->Rows("marts.orders", {"order_id", "audit_event_id"}));
    EXPECT_EQ(fixture.Rows("marts.orders_history_scd2", kVersions),
              undisturbed->Rows("marts.orders_history_scd2", kVersions));
  };
}

TEST(ExpiryRaceTest, ATransformConsumesEverythingOnce) {
  InterruptEverywhere([](FlowFixture& fixture) { fixture.Run(); }, SameMarts(),
                      {.step = 2});
}

TEST(ExpiryRaceTest, AFullRefreshConsumesEverythingOnce) {
  const auto refresh = [](FlowFixture& fixture) {
    fixture.Run({.select = "", .full_refresh = true});
  };
  for (const char* table : {"", "landing.ecomm_audit_log_dml"}) {
    InterruptEverywhere(refresh, SameMarts(), {.step = 5, .by = [&](const Pipeline& all) {
                                                 TakeCare(all, {.only = table});
                                               }});
  }
}

void ExpectNoFindings(FlowFixture& fixture) {
  testing::TempFolder scratch;
  NoProgress progress;
  const FsckReport report =
      Must(Fsck(fixture.pipeline(), {.scratch_folder = scratch.path()}, progress));
  for (const Finding& finding : report.findings) {
    ADD_FAILURE() << finding.subject << " " << finding.name << " " << finding.place << " "
                  << finding.detail;
  }
}

TEST(ExpiryRaceTest, FsckTakesNoExpiryForDamage) {
  InterruptEverywhere(ExpectNoFindings, ExpectNoFindings, {.step = 3});
}

TEST(ExpiryRaceTest, FsckTakesNoDeletedMetadataForDamage) {
  const auto commit_often = [](const Pipeline& pipeline) {
    for (const CaredTable& cared : Must(TablesUnderCare(pipeline, ""))) {
      for (int count = 0; count < 5; ++count) {
        SetPropertyOf(pipeline, cared.name, "count", std::to_string(count));
      }
    }
  };
  InterruptEverywhere(ExpectNoFindings, ExpectNoFindings,
                      {.step = 3, .by = commit_often});
}

TEST(ExpiryRaceTest, WhatIsLandedIsKnown) {
  const auto look = [](FlowFixture& fixture) {
    EXPECT_EQ(Must(PendingKeys(fixture.pipeline(), {"raw/a.csv", "raw/b.csv"})),
              std::vector<std::string>{"raw/b.csv"});
  };
  InterruptEverywhere(look, look);
}

TEST(ExpiryRaceTest, CareGoesOnAndOrphansAreNoneThatATableNeeds) {
  const auto care = [](FlowFixture& fixture) {
    TakeCare(fixture.pipeline());
    for (const CaredTable& cared : Must(TablesUnderCare(fixture.pipeline(), ""))) {
      Must(FindTableOrphans(fixture.pipeline(), cared, std::chrono::hours(100)));
    }
  };
  InterruptEverywhere(care,
                      [](FlowFixture& fixture) {
                        fixture.Run();
                        EXPECT_EQ(
                            fixture.Rows("marts.orders_history_scd2", {"audit_event_id"}),
                            (std::vector<std::string>{"1", "2", "3", "4"}));
                      },
                      {.step = 7});
}

TEST(ExpiryRaceTest, AFileThatIsReallyMissingIsSaidToBeMissing) {
  FlowFixture fixture;
  LandSome(fixture);
  const auto landing = fixture.Load("landing.ecomm_audit_log_dml");
  ASSERT_TRUE(fixture.pipeline().store->Delete(
      landing.metadata.current_snapshot()->manifest_list));
  NoProgress progress;
  const auto report = Transform(fixture.pipeline(), {}, progress);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kNotFound) << report.error().message;
}

}  // namespace
}  // namespace calve::flow
