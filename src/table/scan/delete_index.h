#pragma once

/// \file table/scan/delete_index.h
/// Which delete files apply to a data file. Spec: "Scan Planning".

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "table/manifest/data_file.h"

namespace calve::table {

/// The live delete files of a snapshot. Not thread-safe while files are added.
class DeleteIndex {
 public:
  /// \param partition_key  equal for delete and data files of one partition of one spec
  /// \param unpartitioned  the file's spec has no fields: it applies to every partition
  void Add(DataFile file, int64_t sequence_number, const std::string& partition_key,
           bool unpartitioned);

  /// The position delete files that apply to a data file, in order of sequence number.
  /// \return kUnsupported naming an equality delete file or a deletion vector that does
  Result<std::vector<DataFile>> For(const DataFile& data_file, int64_t sequence_number,
                                    const std::string& partition_key) const;

 private:
  struct Entry {
    DataFile file;
    int64_t sequence_number = 0;
  };
  using Entries = std::vector<Entry>;

  std::unordered_map<std::string, Entries> by_data_file_;
  std::unordered_map<std::string, Entries> by_partition_;
  Entries global_;
};

}  // namespace calve::table
