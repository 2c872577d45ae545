#pragma once

/// \file io/scratch_file.h
/// Bytes that are too many for memory and that nobody needs once this process ends.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace calve::io {

/// A temporary file without a name: whatever happens to the process, nothing is left of
/// it. Not thread-safe.
class ScratchFile {
 public:
  /// \param folder  of the local file system, with room for the bytes
  /// \return kUnavailable, naming the folder, if no file can be made there
  static Result<std::unique_ptr<ScratchFile>> Make(const std::string& folder);

  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile();

  /// Adds bytes at the end. \return where they start; kUnavailable (a full disk)
  Result<uint64_t> Append(std::string_view bytes);

  /// Adds to `into` the `size_bytes` bytes from `offset`. Requires: they were appended.
  Status Read(uint64_t offset, uint64_t size_bytes, std::string& into) const;

 private:
  ScratchFile(int descriptor, std::string folder)
      : descriptor_(descriptor), folder_(std::move(folder)) {}

  int descriptor_;
  std::string folder_;  // for messages
  uint64_t end_ = 0;
};

}  // namespace calve::io
