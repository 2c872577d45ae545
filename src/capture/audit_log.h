#pragma once

/// \file capture/audit_log.h
/// Reads an audit table, each row once: what became visible since a cursor, in one
/// snapshot and in constant memory.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <arrow/type_fwd.h>

#include "capture/audit_table.h"
#include "capture/continuity.h"
#include "capture/copy_binary.h"
#include "capture/cursor.h"
#include "capture/guard.h"
#include "capture/horizon.h"
#include "capture/large_event.h"
#include "capture/read_rule.h"
#include "capture/table_ref.h"
#include "core/result.h"
#include "io/postgres/connection.h"

namespace calve::capture {

struct AuditLogOptions {
  std::string dsn;
  std::string table;  // as ParseTableRef() takes it
  /// A batch ends at the row that reaches either of these.
  int64_t batch_rows = 65'536;
  int64_t batch_bytes = 16LL * 1024 * 1024;
  LargeEventLimits large_events{};
  /// How long AwaitDurable() waits for the source's log.
  std::chrono::milliseconds flush_timeout{30'000};
  CaptureRules rules{};
};

/// One session with an audit table. An extraction is Begin, Next until it returns null,
/// NextLarge until it returns null, Finish; then whatever was read is made durable; then
/// AwaitDurable; and only then may the cursor be recorded. After that the next may begin.
/// Not thread-safe.
class AuditLog {
 public:
  /// \return kUnavailable, kInvalidArgument as Connection::Open
  static Result<std::unique_ptr<AuditLog>> Open(AuditLogOptions options);

  /// Takes a snapshot and proves continuity. Rows read are those that `since` doesn't
  /// cover; all that are there if it is nullopt. An extraction under way is given up.
  ///
  /// \return kCorrupt, a named halt, as CheckContinuity; kInvalidArgument if the table is
  ///         no audit log
  Status Begin(const std::optional<Cursor>& since);

  /// As Begin, but the rows are those of a span of time, read before or not; Finish then
  /// returns `since` again.
  Status BeginWindow(const std::optional<Cursor>& since, const TimeWindow& window);

  /// Takes a snapshot to hold other data against, and proves continuity as Begin does;
  /// Next then returns the rows that `cut` covers, as they are now. Finish is not called.
  ///
  /// \return Begin's errors; kInvalidArgument as CoveredRowsSql
  Status BeginProof(const Cursor& cut);

  /// Within a proof: Next goes on with the rows of the snapshot behind the cut.
  Status ReadBeyond();

  /// Within a proof: Next goes on with the rows of another table in the same snapshot,
  /// each as an insertion of its row as `to_jsonb` gives it, with id 0 and the snapshot's
  /// time. \return kInvalidArgument if there is no such table, or it may not be read
  Status ReadTable(const std::string& table);

  CursorMode mode() const { return ModeOf(table_); }

  /// How many rows Next would return. Requires: Begin, and not Next yet.
  Result<int64_t> CountRows();

  /// Who holds rows back from this extraction. Requires: Begin, and not Next yet, or its
  /// end.
  Result<std::optional<Horizon>> LookAtHorizon();

  /// The next batch, of EventSchema(), without large events; null at the end.
  /// \return kUnavailable if the connection is lost meanwhile
  Result<std::shared_ptr<arrow::RecordBatch>> Next();

  /// The next of the large events that Next left out; `row` is null at the end. Its
  /// raw_data is read, and destroyed, before any other call. Requires: Next's end.
  /// \return kUnavailable if the connection is lost meanwhile
  Result<LargeEvent> NextLarge();

  /// Ends the snapshot.
  /// \return the cursor that covers what was read; nullopt for a window without cursor;
  ///         kInternal if large events were not asked for
  Result<std::optional<Cursor>> Finish();

  /// Waits until the source's log is on disk up to the snapshot: after a crash PostgreSQL
  /// hands out ids again whose use was not flushed, and rows under them would never be
  /// read. Where nothing else would flush it soon, a transaction of our own makes it so.
  /// On a standby, what is replayed is flushed already.
  ///
  /// \return kUnavailable, with the remedy, after the timeout
  Status AwaitDurable();

  /// Tells the table's guard that the ledger holds all that `cursor` covers.
  /// Requires: no extraction under way.
  Result<GuardAnswer> TellGuard(const std::string& consumer, const Cursor& cursor);

 private:
  AuditLog(AuditLogOptions options, TableRef table_ref,
           std::unique_ptr<postgres::Connection> connection);

  Status TakeSnapshot(const std::optional<Cursor>& since);
  Result<SourceNow> LookAtSource(const std::optional<Cursor>& since);
  void ReadAgain(std::string select_sql);
  Status TakePiece();
  void NoteBatch(const arrow::RecordBatch& batch);
  Result<bool> IsFlushed();
  Status ForceFlush();

  AuditLogOptions options_;
  TableRef table_ref_;
  std::unique_ptr<postgres::Connection> connection_;

  // Of the extraction under way:
  AuditTable table_;
  SourceNow now_;
  std::optional<Cursor> since_;
  bool is_window_ = false;
  std::string condition_sql_;
  std::string select_sql_;  // what Next copies; empty: the rows of the condition
  std::optional<std::string> flush_target_;  // a WAL position; nullopt on a standby
  std::unique_ptr<CopyBinaryDecoder> decoder_;
  bool copy_ended_ = false;
  LargeRows large_rows_;  // complete once the copy has ended
  size_t next_large_ = 0;
  std::optional<int64_t> largest_id_;
};

}  // namespace calve::capture
