#pragma once

/// \file tests/support/memory_store.h
/// Objects in memory, with failures on demand.

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/object_store.h"

namespace calve::io::testing {

/// Thread-safe. Takes any location as it is.
class MemoryStore final : public ObjectStore {
 public:
  /// The write after `writes` more ones fails with kUnavailable, and all that follow.
  void FailAfterWrites(int writes) { writes_left_ = writes; }
  void Heal() { writes_left_ = std::numeric_limits<int>::max(); }

  bool Has(const std::string& location) const {
    const std::lock_guard lock(mutex_);
    return objects_.contains(location);
  }

  /// Sets when an object was last written; unknown for those that nobody set.
  void SetModified(const std::string& location, int64_t modified_ms) {
    const std::lock_guard lock(mutex_);
    modified_ms_[location] = modified_ms;
  }

  /// Locations of all objects, ascending.
  std::vector<std::string> Locations() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> locations;
    for (const auto& [location, bytes] : objects_) {
      locations.push_back(location);
    }
    return locations;
  }

  /// How often objects were opened, by location.
  std::map<std::string, int> TakeReads() {
    const std::lock_guard lock(mutex_);
    return std::exchange(reads_, {});
  }

  Result<std::unique_ptr<InputFile>> Open(const std::string& location) override {
    const std::lock_guard lock(mutex_);
    const auto it = objects_.find(location);
    if (it == objects_.end()) {
      return Error{ErrorKind::kNotFound, "no such object: " + location};
    }
    ++reads_[location];
    return std::unique_ptr<InputFile>(std::make_unique<Input>(it->second));
  }

  Result<std::unique_ptr<OutputFile>> Create(const std::string& location) override {
    return std::unique_ptr<OutputFile>(std::make_unique<Output>(*this, location));
  }

  Status PutIfAbsent(const std::string& location, std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    if (objects_.contains(location)) {
      return Error{ErrorKind::kConflict, "there is an object: " + location};
    }
    return Put(location, std::string(bytes));
  }

  Result<std::vector<ObjectInfo>> List(const std::string& folder) override {
    const std::lock_guard lock(mutex_);
    std::vector<ObjectInfo> found;
    const std::string prefix = folder + "/";
    for (const auto& [location, bytes] : objects_) {
      if (location.starts_with(prefix)) {
        const auto modified = modified_ms_.find(location);
        found.push_back({.location = location,
                         .size_bytes = bytes->size(),
                         .modified_ms = modified == modified_ms_.end()
                                            ? std::nullopt
                                            : std::optional(modified->second)});
      }
    }
    return found;
  }

  Status Delete(const std::string& location) override {
    const std::lock_guard lock(mutex_);
    objects_.erase(location);
    return {};
  }

 private:
  using Bytes = std::shared_ptr<const std::string>;

  class Input final : public InputFile {
   public:
    explicit Input(Bytes bytes) : bytes_(std::move(bytes)) {}
    uint64_t size_bytes() const override { return bytes_->size(); }
    Result<size_t> ReadAt(uint64_t offset, std::span<char> into) override {
      if (offset >= bytes_->size()) {
        return size_t{0};
      }
      const size_t count = std::min(into.size(), bytes_->size() - offset);
      std::memcpy(into.data(), bytes_->data() + offset, count);
      return count;
    }

   private:
    Bytes bytes_;
  };

  class Output final : public OutputFile {
   public:
    Output(MemoryStore& store, std::string location)
        : store_(store), location_(std::move(location)) {}
    Status Write(std::string_view bytes) override {
      bytes_.append(bytes);
      return {};
    }
    uint64_t bytes_written() const override { return bytes_.size(); }
    Status Close() override {
      const std::lock_guard lock(store_.mutex_);
      return store_.Put(location_, std::move(bytes_));
    }

   private:
    MemoryStore& store_;
    std::string location_;
    std::string bytes_;
  };

  /// Requires: mutex_ is held.
  Status Put(const std::string& location, std::string bytes) {
    if (writes_left_-- <= 0) {
      writes_left_ = 0;
      return Error{ErrorKind::kUnavailable, "the store does not answer: " + location};
    }
    objects_[location] = std::make_shared<const std::string>(std::move(bytes));
    return {};
  }

  mutable std::mutex mutex_;
  std::map<std::string, Bytes> objects_;
  std::map<std::string, int64_t> modified_ms_;
  std::map<std::string, int> reads_;
  int writes_left_ = std::numeric_limits<int>::max();
};

}  // namespace calve::io::testing
