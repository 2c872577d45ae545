#pragma once

/// \file capture/copy_binary.h
/// Decodes what `COPY (…) TO STDOUT (FORMAT binary)` sends into batches of events.
/// Format: PostgreSQL's manual, "COPY", "Binary Format".

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "core/result.h"

namespace calve::capture {

/// The large events among the rows of a copy.
struct LargeRows {
  std::shared_ptr<arrow::RecordBatch> rows;  // of EventSchema()
  std::vector<std::string> row_sql;          // of each, what finds it again
};

/// Decodes a copy of seven columns `int8, text, timestamp[tz], text, text, text, text`
/// from pieces that may be cut anywhere: those of EventSchema(), and one that is null but
/// in large events, which are kept apart. Not thread-safe.
class CopyBinaryDecoder {
 public:
  CopyBinaryDecoder();
  CopyBinaryDecoder(const CopyBinaryDecoder&) = delete;
  CopyBinaryDecoder& operator=(const CopyBinaryDecoder&) = delete;
  ~CopyBinaryDecoder();

  /// Takes in a piece. Ids may be NULL; timestamps that 64 bits of microseconds don't
  /// hold stand as core/far_timestamp.h says.
  ///
  /// \return kCorrupt if the bytes are no such copy. Then the decoder is of no use.
  Status Append(std::string_view piece);

  /// What the rows since the last TakeBatch() hold, without large events.
  int64_t rows() const;
  int64_t bytes() const;

  /// The rows so far, as a batch of EventSchema().
  Result<std::shared_ptr<arrow::RecordBatch>> TakeBatch();

  /// The large events so far.
  Result<LargeRows> TakeLargeRows();

  /// kCorrupt unless the copy came to its proper end.
  Status Finish() const;

 private:
  class Decoder;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace calve::capture
