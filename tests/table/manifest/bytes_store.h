#pragma once

/// \file tests/table/manifest/bytes_store.h
/// Objects in memory, so that a test may damage them by the thousand.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/object_store.h"

namespace calve::table {

class BytesStore final : public io::ObjectStore {
 public:
  std::map<std::string, std::string> objects;

  Result<std::unique_ptr<io::InputFile>> Open(const std::string& location) override {
    const auto it = objects.find(location);
    if (it == objects.end()) {
      return Error{ErrorKind::kNotFound, location};
    }
    return std::unique_ptr<io::InputFile>(std::make_unique<Input>(it->second));
  }

  Result<std::unique_ptr<io::OutputFile>> Create(const std::string& location) override {
    return std::unique_ptr<io::OutputFile>(std::make_unique<Output>(objects[location]));
  }

  Status PutIfAbsent(const std::string& location, std::string_view bytes) override {
    const bool added = objects.emplace(location, bytes).second;
    return added ? Status{} : Error{ErrorKind::kConflict, location};
  }

  Result<std::vector<io::ObjectInfo>> List(const std::string& /*folder*/) override {
    return Error{ErrorKind::kUnsupported, "List"};
  }

  Status Delete(const std::string& location) override {
    objects.erase(location);
    return {};
  }

 private:
  class Input final : public io::InputFile {
   public:
    explicit Input(std::string bytes) : bytes_(std::move(bytes)) {}
    uint64_t size_bytes() const override { return bytes_.size(); }
    Result<size_t> ReadAt(uint64_t offset, std::span<char> into) override {
      return bytes_.copy(into.data(), into.size(),
                         std::min(static_cast<size_t>(offset), bytes_.size()));
    }

   private:
    std::string bytes_;
  };

  class Output final : public io::OutputFile {
   public:
    explicit Output(std::string& object) : object_(object) {}
    Status Write(std::string_view bytes) override {
      bytes_ += bytes;
      return {};
    }
    uint64_t bytes_written() const override { return bytes_.size(); }
    Status Close() override {
      object_ = bytes_;
      return {};
    }

   private:
    std::string& object_;
    std::string bytes_;
  };
};

}  // namespace calve::table
