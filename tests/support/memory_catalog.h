#pragma once

/// \file tests/support/memory_catalog.h
/// A catalog in memory, which can lose replies. It passes the contract of
/// tests/table/catalog/catalog_contract_test.cc, as every catalog does.

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "table/catalog/catalog.h"

namespace calve::table::testing {

/// What happens to the reply of a commit.
enum class Reply {
  kDelivered,
  kLostAfterApplying,  ///< Applied, then reported as kCommitUnknown.
  kLostBefore,         ///< Not applied, and reported as kCommitUnknown.
  kUnavailable,        ///< Not applied, and reported as kUnavailable.
};

class MemoryCatalog final : public Catalog {
 public:
  explicit MemoryCatalog(std::string warehouse) : warehouse_(std::move(warehouse)) {}

  /// The fate of the next commits, in order; after them all are delivered.
  void ScriptReplies(std::deque<Reply> replies) { replies_ = std::move(replies); }
  /// Runs once, after the next commit was applied or lost: another writer's move.
  void AfterNextCommit(std::function<void()> action) { after_ = std::move(action); }
  /// Runs once, before the next commit.
  void BeforeNextCommit(std::function<void()> action) { before_ = std::move(action); }
  /// Makes the next `count` calls of MetadataLocation fail with kUnavailable.
  void FailLookups(int count) { failing_lookups_ = count; }
  int commits() const { return commits_; }

  const std::string& warehouse() const override { return warehouse_; }

  Status CreateNamespace(const std::string& name_space) override {
    const std::lock_guard lock(mutex_);
    namespaces_.insert(name_space);
    return {};
  }

  Result<std::vector<TableName>> ListTables() override {
    const std::lock_guard lock(mutex_);
    std::vector<TableName> names;
    for (const auto& [name, location] : pointers_) {
      names.push_back(name);
    }
    return names;
  }

  Result<std::string> MetadataLocation(const TableName& name) override {
    const std::lock_guard lock(mutex_);
    if (failing_lookups_ > 0) {
      --failing_lookups_;
      return Error{ErrorKind::kUnavailable, "the catalog cannot be reached"};
    }
    const auto it = pointers_.find(name);
    if (it == pointers_.end()) {
      return Error{ErrorKind::kNotFound, "no such table: " + name.text()};
    }
    return it->second;
  }

  Status Commit(std::span<const PointerSwap> swaps) override {
    if (before_) {
      std::exchange(before_, nullptr)();
    }
    Status status = Answer(swaps);
    if (after_) {
      std::exchange(after_, nullptr)();
    }
    return status;
  }

  Status DropTable(const TableName& name) override {
    const std::lock_guard lock(mutex_);
    if (pointers_.erase(name) == 0) {
      return Error{ErrorKind::kNotFound, "no such table: " + name.text()};
    }
    return {};
  }

 private:
  Status Answer(std::span<const PointerSwap> swaps) {
    const std::lock_guard lock(mutex_);
    ++commits_;
    Reply reply = Reply::kDelivered;
    if (!replies_.empty()) {
      reply = replies_.front();
      replies_.pop_front();
    }
    switch (reply) {
      case Reply::kDelivered:
        return Apply(swaps);
      case Reply::kLostAfterApplying:
        (void)Apply(swaps).has_value();
        return Error{ErrorKind::kCommitUnknown, "the reply was lost"};
      case Reply::kLostBefore:
        return Error{ErrorKind::kCommitUnknown, "the request was lost"};
      case Reply::kUnavailable:
        break;
    }
    return Error{ErrorKind::kUnavailable, "the catalog cannot be reached"};
  }

  Status Apply(std::span<const PointerSwap> swaps) {
    auto next = pointers_;
    for (const PointerSwap& swap : swaps) {
      const auto it = next.find(swap.name);
      const bool fits =
          swap.expected_metadata_location.has_value()
              ? it != next.end() && it->second == swap.expected_metadata_location
              : it == next.end();
      if (!fits) {
        return Error{ErrorKind::kConflict,
                     "another writer has changed the table: " + swap.name.text()};
      }
      next[swap.name] = swap.metadata_location;
    }
    pointers_ = std::move(next);
    return {};
  }

  std::string warehouse_;
  std::mutex mutex_;
  std::map<TableName, std::string> pointers_;
  std::set<std::string> namespaces_;
  std::deque<Reply> replies_;
  std::function<void()> before_;
  std::function<void()> after_;
  int failing_lookups_ = 0;
  int commits_ = 0;
};

}  // namespace calve::table::testing
