#pragma once

/// \file io/object_store.h
/// Files by location: the one way that bytes are kept outside a database.
///
/// A location is an absolute URI, `file:///var/lake/x.parquet` (or the bare absolute
/// path) for a local file, `memory://x` in tests. Objects are immutable by convention:
/// written once under a fresh name, read many times, deleted by maintenance.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace calve::io {

/// An object opened for reading. Thread-safe.
class InputFile {
 public:
  InputFile() = default;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  virtual ~InputFile() = default;

  virtual uint64_t size_bytes() const = 0;

  /// Reads `into.size()` bytes from `offset`, fewer only at the end of the object.
  /// \return bytes read, or kUnavailable
  virtual Result<size_t> ReadAt(uint64_t offset, std::span<char> into) = 0;
};

/// An object being written. It becomes visible, whole and durable, at Close(); destroyed
/// before that, nothing of it is left. Not thread-safe.
class OutputFile {
 public:
  OutputFile() = default;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  virtual ~OutputFile() = default;

  virtual Status Write(std::string_view bytes) = 0;
  virtual uint64_t bytes_written() const = 0;
  virtual Status Close() = 0;
};

struct ObjectInfo {
  std::string location;
  uint64_t size_bytes;
  /// When it was last written, since the Unix epoch; nullopt: the store does not tell.
  // Initialized, so that GCC lets positional initializers leave it out.
  std::optional<int64_t> modified_ms = {};  // NOLINT(readability-redundant-member-init)
};

/// Where objects live. Thread-safe.
class ObjectStore {
 public:
  ObjectStore() = default;
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;
  virtual ~ObjectStore() = default;

  /// \return the object, or kNotFound, or kUnavailable
  virtual Result<std::unique_ptr<InputFile>> Open(const std::string& location) = 0;

  /// Starts an object; missing folders are made. An object already there is replaced at
  /// Close.
  virtual Result<std::unique_ptr<OutputFile>> Create(const std::string& location) = 0;

  /// Writes a whole object unless one is there: of several callers exactly one succeeds.
  /// \return kConflict if there is one; then nothing has happened
  virtual Status PutIfAbsent(const std::string& location, std::string_view bytes) = 0;

  /// Every object whose location starts with `folder` + "/", at any depth, by name
  /// ascending. A folder that does not exist has none.
  virtual Result<std::vector<ObjectInfo>> List(const std::string& folder) = 0;

  /// What writers that died left below a folder: objects that were begun and never
  /// closed, which List leaves out. Those of writers at work are among them.
  virtual Result<std::vector<ObjectInfo>> ListUnfinished(const std::string& /*folder*/) {
    return std::vector<ObjectInfo>();
  }

  /// Deletes an object; one that is not there is no error.
  virtual Status Delete(const std::string& location) = 0;
};

/// Reads a whole object; kNotFound or kUnavailable.
Result<std::string> ReadObject(ObjectStore& store, const std::string& location);

/// Writes a whole object, replacing one that is there.
Status WriteObject(ObjectStore& store, const std::string& location,
                   std::string_view bytes);

}  // namespace calve::io
