#include "capture/audit_log.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

namespace calve::capture {
namespace {

constexpr auto kFlushPoll = std::chrono::milliseconds(5);

// A promoted standby's control file tells the new timeline only after a checkpoint, its
// own log at once; a standby has no log of its own.
constexpr const char* kSourceSql =
    "SELECT pg_current_snapshot()::text, pg_is_in_recovery(), "
    "(SELECT system_identifier::text FROM pg_control_system()), "
    "CASE WHEN pg_is_in_recovery() THEN greatest("
    " (SELECT timeline_id FROM pg_control_checkpoint()), "
    " (SELECT min_recovery_end_timeline FROM pg_control_recovery()), "
    " (SELECT received_tli FROM pg_stat_wal_receiver))::int8 "
    "ELSE ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int8 "
    "END";

}  // namespace

AuditLog::AuditLog(AuditLogOptions options, TableRef table_ref,
                   std::unique_ptr<postgres::Connection> connection)
    : options_(std::move(options)),
      table_ref_(std::move(table_ref)),
      connection_(std::move(connection)) {}

Result<std::unique_ptr<AuditLog>> AuditLog::Open(AuditLogOptions options) {
  CALVE_ASSIGN(TableRef table_ref, ParseTableRef(options.table));
  CALVE_ASSIGN(auto connection, postgres::Connection::Open(options.dsn));
  return std::unique_ptr<AuditLog>(
      new AuditLog(std::move(options), std::move(table_ref), std::move(connection)));
}

Status AuditLog::Begin(const std::optional<Cursor>& since) {
  is_window_ = false;
  CALVE_TRY(TakeSnapshot(since));
  condition_sql_ = UnreadRowsSql(table_, since_, now_.view, options_.rules);
  return {};
}

Status AuditLog::BeginWindow(const std::optional<Cursor>& since,
                             const TimeWindow& window) {
  is_window_ = true;
  CALVE_TRY(TakeSnapshot(since));
  condition_sql_ = WindowRowsSql(window);
  return {};
}

Status AuditLog::BeginProof(const Cursor& cut) {
  is_window_ = false;
  CALVE_TRY(TakeSnapshot(cut));
  CALVE_ASSIGN(condition_sql_, CoveredRowsSql(table_, cut, now_.view));
  return {};
}

Status AuditLog::ReadBeyond() {
  condition_sql_ = fmt::format("({}) IS NOT TRUE", condition_sql_);
  ReadAgain("");
  return {};
}

Status AuditLog::ReadTable(const std::string& table) {
  CALVE_ASSIGN(const TableRef ref, ParseTableRef(table));
  CALVE_ASSIGN(const std::string sql_name, SqlName(*connection_, ref));
  CALVE_ASSIGN(const postgres::Rows names,
               connection_->Query("SELECT quote_literal($1), quote_literal($2)",
                                  {ref.schema, ref.name}));
  ReadAgain(
      fmt::format("SELECT 0::int8, 'I'::text, now(), {}::text, {}::text, "
                  "to_jsonb(t)::text, NULL::text FROM {} t",
                  names.text(0, 0), names.text(0, 1), sql_name));
  return {};
}

/// From now on Next starts another copy within the same snapshot.
void AuditLog::ReadAgain(std::string select_sql) {
  select_sql_ = std::move(select_sql);
  decoder_.reset();
  copy_ended_ = false;
  large_rows_ = {};
  next_large_ = 0;
}

Status AuditLog::TakeSnapshot(const std::optional<Cursor>& since) {
  since_ = since;
  ReadAgain("");
  largest_id_.reset();
  CALVE_TRY(connection_->Execute("ROLLBACK"));
  CALVE_TRY(connection_->Execute(
      "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  // The lock comes before the snapshot, which LOCK doesn't take: a TRUNCATE or a rewrite
  // in between would leave the snapshot an empty table.
  CALVE_ASSIGN(const std::string sql_name, SqlName(*connection_, table_ref_));
  const Status locked =
      connection_->Execute("LOCK TABLE " + sql_name + " IN ACCESS SHARE MODE");
  if (!locked) {
    return Error{locked.error().kind,
                 fmt::format("cannot read the audit table: {}", locked.error().message)};
  }
  CALVE_ASSIGN(now_, LookAtSource(since));
  return since ? CheckContinuity(*since, now_) : Status();
}

Result<SourceNow> AuditLog::LookAtSource(const std::optional<Cursor>& since) {
  SourceNow now;
  CALVE_ASSIGN(const postgres::Rows source, connection_->Query(kSourceSql));
  CALVE_ASSIGN(now.view.snapshot, ParseSnapshot(source.text(0, 0)));
  now.view.in_recovery = source.text(0, 1) == "t";
  now.system_identifier = source.text(0, 2);
  now.timeline = source.number(0, 3);
  CALVE_ASSIGN(table_, DescribeAuditTable(*connection_, table_ref_));
  now.table_oid = table_.oid;
  now.sequence_value = table_.sequence_value;
  // Last, so that it stands behind all that the cursor will say.
  flush_target_.reset();
  if (!now.view.in_recovery) {
    CALVE_ASSIGN(const postgres::Rows position,
                 connection_->Query("SELECT pg_current_wal_insert_lsn()::text"));
    flush_target_ = position.value(0, 0);
  }
  if (since && since->source.last_row) {
    CALVE_ASSIGN(
        now.last_row_marks,
        MarksOf(*connection_, table_, since->source.last_row->id, options_.large_events));
  }
  return now;
}

Result<int64_t> AuditLog::CountRows() {
  CALVE_ASSIGN(const postgres::Rows rows,
               connection_->Query(fmt::format("SELECT count(*) FROM {} t WHERE {}",
                                              table_.sql_name, condition_sql_)));
  return rows.number(0, 0);
}

Result<std::optional<Horizon>> AuditLog::LookAtHorizon() {
  return capture::LookAtHorizon(*connection_, table_, now_.view.snapshot);
}

Result<std::shared_ptr<arrow::RecordBatch>> AuditLog::Next() {
  if (decoder_ == nullptr) {
    decoder_ = std::make_unique<CopyBinaryDecoder>();
    const std::string select =
        select_sql_.empty() ? fmt::format("SELECT {} FROM {} WHERE {}",
                                          EventColumnsSql(table_, options_.large_events),
                                          EventSourceSql(table_), condition_sql_)
                            : select_sql_;
    CALVE_TRY(connection_->StartCopyOut(
        fmt::format("COPY ({}) TO STDOUT (FORMAT binary)", select)));
  }
  while (!copy_ended_ && decoder_->rows() < options_.batch_rows &&
         decoder_->bytes() < options_.batch_bytes) {
    CALVE_TRY(TakePiece());
  }
  if (decoder_->rows() == 0) {
    return std::shared_ptr<arrow::RecordBatch>();
  }
  CALVE_ASSIGN(auto batch, decoder_->TakeBatch());
  NoteBatch(*batch);
  return batch;
}

Status AuditLog::TakePiece() {
  CALVE_ASSIGN(const auto piece, connection_->NextCopyData());
  if (piece) {
    return decoder_->Append(*piece);
  }
  copy_ended_ = true;
  CALVE_TRY(decoder_->Finish());
  CALVE_ASSIGN(large_rows_, decoder_->TakeLargeRows());
  NoteBatch(*large_rows_.rows);
  return {};
}

Result<LargeEvent> AuditLog::NextLarge() {
  if (next_large_ == large_rows_.row_sql.size()) {
    return LargeEvent();
  }
  LargeEvent event;
  CALVE_ASSIGN(event.raw_data, PayloadReader::Open(*connection_, table_.sql_name,
                                                   large_rows_.row_sql[next_large_],
                                                   options_.large_events.piece_bytes));
  event.row = large_rows_.rows->Slice(static_cast<int64_t>(next_large_), /*length=*/1);
  ++next_large_;
  return event;
}

void AuditLog::NoteBatch(const arrow::RecordBatch& batch) {
  const auto& ids = static_cast<const arrow::Int64Array&>(*batch.column(0));
  for (int64_t row = 0; row < ids.length(); ++row) {
    if (ids.IsValid(row)) {
      largest_id_ = std::max(largest_id_.value_or(ids.Value(row)), ids.Value(row));
    }
  }
}

Result<std::optional<Cursor>> AuditLog::Finish() {
  if (next_large_ < large_rows_.row_sql.size()) {
    return Error{ErrorKind::kInternal, "large events of the audit log were left unread"};
  }
  Cursor next = {
      .mode = mode(),
      .covered = CoveredBy(mode(), now_.view),
      .audit_xid_column = table_.audit_xid_column.value_or(0),
      .source = {now_.system_identifier, now_.timeline, now_.table_oid,
                 now_.sequence_value, since_ ? since_->source.last_row : std::nullopt}};
  if (largest_id_ &&
      (!next.source.last_row || *largest_id_ >= next.source.last_row->id)) {
    CALVE_ASSIGN(const auto marks,
                 MarksOf(*connection_, table_, *largest_id_, options_.large_events));
    if (marks.empty()) {
      return Error{ErrorKind::kInternal, "a row left the snapshot that it was read in"};
    }
    next.source.last_row = marks.front();
  }
  CALVE_TRY(connection_->Execute("COMMIT"));
  // A standby may lag behind the server that was read last: its view adds nothing.
  if (is_window_ || (since_ && since_->covered.xmin > next.covered.xmin)) {
    return since_;
  }
  return std::optional<Cursor>(std::move(next));
}

Status AuditLog::AwaitDurable() {
  if (!flush_target_ || !options_.rules.await_flush) {
    return {};
  }
  const auto deadline = std::chrono::steady_clock::now() + options_.flush_timeout;
  CALVE_ASSIGN(bool flushed, IsFlushed());
  if (!flushed) {
    CALVE_TRY(ForceFlush());
  }
  while (!flushed) {
    CALVE_ASSIGN(flushed, IsFlushed());
    if (!flushed && std::chrono::steady_clock::now() > deadline) {
      return Error{
          ErrorKind::kUnavailable,
          fmt::format("the source's log is not on disk up to {} after {} ms; look "
                      "at its disk and at its wal writer, then run again",
                      *flush_target_, options_.flush_timeout.count())};
    }
    if (!flushed) {
      std::this_thread::sleep_for(kFlushPoll);
    }
  }
  return {};
}

Result<GuardAnswer> AuditLog::TellGuard(const std::string& consumer,
                                        const Cursor& cursor) {
  return capture::TellGuard(*connection_, table_ref_, consumer, cursor);
}

Result<bool> AuditLog::IsFlushed() {
  CALVE_ASSIGN(const postgres::Rows rows,
               connection_->Query("SELECT pg_current_wal_flush_lsn() >= $1::pg_lsn",
                                  {flush_target_}));
  return rows.text(0, 0) == "t";
}

/// Makes the log progress. Nobody else may: the records in question can be those of
/// transactions that never commit, or commit without waiting for the disk.
Status AuditLog::ForceFlush() {
  // A transaction that writes to the log, however little, flushes all before it.
  const Status written = connection_->Execute(
      "BEGIN READ WRITE; SET LOCAL synchronous_commit = local; "
      "SELECT pg_logical_emit_message(true, 'calve', ''); COMMIT");
  if (written) {
    return {};
  }
  // Where that is not allowed: one that only has an id leaves a record that the server's
  // WAL writer flushes within three of its delays.
  CALVE_TRY(connection_->Execute("ROLLBACK"));
  return connection_->Execute("BEGIN READ WRITE; SELECT pg_current_xact_id(); COMMIT");
}

}  // namespace calve::capture
