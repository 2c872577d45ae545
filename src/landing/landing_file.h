#pragma once

/// \file landing/landing_file.h
/// Landing files: their names, and how one is written.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <arrow/type_fwd.h>

#include "core/result.h"
#include "core/timestamp.h"
#include "io/object_store.h"
#include "io/system.h"
#include "landing/csv_writer.h"

namespace calve::landing {

/// A landing file, as the ledger records it.
struct LandedFile {
  std::string key;  // relative to the landing's root
  std::string sha256;
  int64_t rows = 0;
  int64_t bytes = 0;

  bool operator==(const LandedFile&) const = default;
};

/// `YYYY/MM/DD/<name>.csv`, the date of `time` in UTC. Requires: a year from 0 to 9999,
/// which the moments of intervals and clocks have; any other is written as it is.
std::string DatedName(TimestampUs time, std::string_view name);

/// How much a file may hold: its last row passes neither limit, unless it is its only
/// one.
struct FileLimits {
  int64_t rows;
  int64_t bytes;
};

/// A raw_data that is not held at once.
struct PiecewisePayload {
  int64_t bytes;
  bool quoted;  // it holds a comma, a quote or a line break
  /// The next piece, cut anywhere; nullopt at the end.
  std::function<Result<std::optional<std::string_view>>()> next_piece;
};

/// Writes one file, hashing it on the way. Destroyed before Close(), nothing is left.
/// Not thread-safe.
class LandingFileWriter {
 public:
  /// \param location  of the object; \param key  its name in the ledger
  static Result<std::unique_ptr<LandingFileWriter>> Start(io::ObjectStore& store,
                                                          const std::string& location,
                                                          std::string key,
                                                          FileLimits limits);

  /// Appends rows of `batch` (of EventSchema()) from `first_row` on, until the batch
  /// ends or the file is full.
  ///
  /// \return the rows appended: fewer than the batch has left only if the file is full
  Result<int64_t> Append(const arrow::RecordBatch& batch, int64_t first_row);

  /// Appends one row, its raw_data piece by piece.
  ///
  /// \param row  of EventSchema(), one row; its raw_data is not looked at
  /// \return false if the file is full, or could be before the payload's end: its quotes,
  ///         which are doubled, are not counted before they come. Nothing was read then.
  Result<bool> AppendLong(const arrow::RecordBatch& row, const PiecewisePayload& payload);

  int64_t rows() const { return file_.rows; }

  /// Makes the file visible and durable. Call once, last.
  Result<LandedFile> Close();

 private:
  LandingFileWriter(std::unique_ptr<io::OutputFile> output, std::string key,
                    FileLimits limits);
  Result<int64_t> AppendStep(const arrow::RecordBatch& batch, int64_t first_row);
  bool HasRoomFor(int64_t payload_bytes) const;
  Status Flush();

  std::unique_ptr<io::OutputFile> output_;
  FileLimits limits_;
  LandedFile file_;  // `bytes`: those that were flushed
  CsvWriter csv_;
  io::Sha256 hash_;
};

}  // namespace calve::landing
