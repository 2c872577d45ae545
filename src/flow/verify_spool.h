#pragma once

/// \file flow/verify_spool.h
/// Prints of a whole table, parted by the hash of their key into buckets that fit in
/// memory one at a time, each with a count and a checksum.

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "flow/verify_print.h"
#include "io/scratch_file.h"

namespace calve::flow {

/// The bucket of a row: by its key or, where it has none, by its event's id.
size_t BucketOf(const RowPrint& print, size_t buckets);

/// Not thread-safe.
class PrintSpool {
 public:
  /// \param file  shared by all spools of a comparison; outlives this one
  PrintSpool(io::ScratchFile& file, size_t buckets);

  Status Add(const RowPrint& print);

  size_t buckets() const { return buckets_.size(); }
  int64_t rows() const;
  int64_t rows(size_t bucket) const { return buckets_[bucket].rows; }
  /// The sum over the bucket's rows of their Checksum.
  uint64_t checksum(size_t bucket) const { return buckets_[bucket].checksum; }

  /// The bucket's rows, in any order.
  Result<std::vector<RowPrint>> Load(size_t bucket);

 private:
  struct Extent {
    uint64_t offset;
    uint64_t size_bytes;
  };
  struct Bucket {
    int64_t rows = 0;
    uint64_t checksum = 0;
    std::string unwritten;
    std::vector<Extent> extents;
  };
  Status Flush(Bucket& bucket);

  io::ScratchFile& file_;  // Outlives this spool.
  size_t flush_bytes_;
  std::vector<Bucket> buckets_;
};

}  // namespace calve::flow
