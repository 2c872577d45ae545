#pragma once

/// \file table/manifest/avro_container.h
/// Avro object container files: a header with metadata and schema, then compressed blocks
/// of records. Spec: Avro "Object Container Files".

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/result.h"
#include "table/manifest/avro_codec.h"
#include "table/manifest/avro_encoder.h"
#include "table/manifest/avro_schema.h"
#include "table/manifest/avro_value_reader.h"

namespace calve::table::avro {

/// A container file in memory, opened for reading. The bytes outlive it. Not thread-safe.
class ContainerReader {
 public:
  /// Reads the header. \return kCorrupt, or kUnsupported for a codec that cannot be read
  static Result<ContainerReader> Open(std::string_view file);

  const WriterSchema& schema() const { return schema_; }

  /// The header's value under `key`, or null.
  const std::string* FindMetadata(const std::string& key) const;

  /// Calls `read` for every record, in file order, until it fails. `read` must read or
  /// skip exactly the value of schema().root().
  /// \return kCorrupt with block and position, which may be that the blocks together are
  ///         larger than those of any honest file: over 64 MiB, and 500 times the file;
  ///         or the error of `read`
  Status ForEachRecord(const std::function<Status(ValueReader&)>& read);

 private:
  ContainerReader() = default;

  Status ReadHeader();
  Status ReadBlock(const std::function<Status(ValueReader&)>& read, std::string& block);

  std::string_view file_;
  size_t position_ = 0;        // of the next block
  size_t inflated_bytes_ = 0;  // of the blocks before it
  std::map<std::string, std::string> metadata_;
  WriterSchema schema_;
  Codec codec_ = Codec::kNull;
  std::string_view sync_marker_;
};

/// Builds a container file in memory, compressed with deflate. Not thread-safe.
class ContainerWriter {
 public:
  /// \param schema    the JSON of the schema that records are encoded by
  /// \param metadata  further keys of the header
  /// \param seed      what the 16 bytes between blocks are derived from; unlike any other
  ///                  file's, such as this file's location
  ContainerWriter(std::string_view schema, std::map<std::string, std::string> metadata,
                  std::string_view seed);

  /// Where to encode the next record.
  Encoder& encoder() { return block_; }
  /// Ends the record that was encoded.
  Status EndRecord();

  /// The whole file. Call once, last.
  Result<std::string> Finish();

 private:
  Status EndBlock();

  Encoder file_;
  Encoder block_;
  int64_t block_records_ = 0;
  std::string sync_marker_;
};

}  // namespace calve::table::avro
