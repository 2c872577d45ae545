#pragma once

/// \file table/data/arrow_stream.h
/// Objects of io as Arrow streams, for Parquet. Include in .cc files of table/ only.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include "core/result.h"
#include "io/object_store.h"

namespace calve::table {

/// Writes into an object. Close() only ends the stream: the object is published by its
/// own Close, after the last byte was accepted. Not thread-safe.
class ArrowOutput final : public arrow::io::OutputStream {
 public:
  /// \param file  outlives this stream
  explicit ArrowOutput(io::OutputFile& file) : file_(file) {}

  arrow::Status Write(const void* data, int64_t nbytes) override;
  arrow::Status Close() override;
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override;

  /// The first failure of the object, whose kind Arrow's Status cannot carry.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  io::OutputFile& file_;
  std::optional<Error> failure_;
  bool closed_ = false;
};

/// Reads an object at any position. Thread-safe but for the stream position.
class ArrowInput final : public arrow::io::RandomAccessFile {
 public:
  explicit ArrowInput(std::unique_ptr<io::InputFile> file) : file_(std::move(file)) {}

  arrow::Result<int64_t> GetSize() override;
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t nbytes, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position,
                                                       int64_t nbytes) override;
  arrow::Result<int64_t> Read(int64_t nbytes, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t nbytes) override;
  arrow::Status Seek(int64_t position) override;
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Close() override;
  bool closed() const override { return closed_; }

  /// The first failure of the object, as opposed to one of what it holds.
  std::optional<Error> failure() const;

 private:
  std::unique_ptr<io::InputFile> file_;
  mutable std::mutex mutex_;
  std::optional<Error> failure_;  // guarded by mutex_
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace calve::table
