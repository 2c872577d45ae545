#pragma once

/// \file capture/cursor.h
/// How far a source has been read, and which source that was.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace calve::capture {

/// A set of transactions that have ended, as `pg_snapshot` tells it: those below `xmin`,
/// and those below `xmax` that were not in progress. Ids are PostgreSQL's, of 64 bits.
struct Snapshot {
  uint64_t xmin = 0;
  uint64_t xmax = 0;
  std::vector<uint64_t> in_progress;  // ascending, from xmin up to below xmax

  bool operator==(const Snapshot&) const = default;
};

/// How many ids there are before their low 32 bits repeat; a row keeps only those.
inline constexpr uint64_t kXidSpan = uint64_t{1} << 32;

/// `xmin:xmax:a,b,…`, as pg_snapshot's text.
std::string SnapshotText(const Snapshot& snapshot);
/// kCorrupt if the text is no snapshot.
Result<Snapshot> ParseSnapshot(std::string_view text);

enum class CursorMode {
  kXmin,      // rows by the transaction id that PostgreSQL keeps of each row
  kAuditXid,  // rows by their column audit_xid
};

/// `xmin`, `audit_xid`.
std::string_view CursorModeName(CursorMode mode);

/// A row that was read, told apart from any that might take its place.
struct RowMark {
  int64_t id = 0;
  uint64_t xid = 0;  // the row's xmin, of 32 bits
  std::string hash;  // SHA-256 of its columns

  bool operator==(const RowMark&) const = default;
};

/// Which table of which server was read.
struct SourceIdentity {
  std::string system_identifier;
  int64_t timeline = 0;
  int64_t table_oid = 0;
  /// Of the sequence that hands out the ids; nullopt if there is none, or it may not be
  /// read.
  std::optional<int64_t> sequence_value;
  /// The row with the largest id of all that were read; nullopt if none was.
  std::optional<RowMark> last_row;

  bool operator==(const SourceIdentity&) const = default;
};

/// Every row of a transaction in `covered` has been read. In xmin mode the transaction is
/// the one that wrote the row, which may be a sub-transaction, and `covered` has xmin ==
/// xmax; in audit_xid mode it is the top-level one.
struct Cursor {
  CursorMode mode = CursorMode::kXmin;
  Snapshot covered;
  /// Number of the column audit_xid: another column of that name starts over with rows
  /// that have none. 0 in xmin mode.
  int audit_xid_column = 0;
  SourceIdentity source;

  bool operator==(const Cursor&) const = default;
};

/// The cursor as one JSON object, in one line.
std::string CursorToJson(const Cursor& cursor);
/// kCorrupt if the text is no cursor; kUnsupported for a mode that is not known.
Result<Cursor> CursorFromJson(std::string_view text);

}  // namespace calve::capture
