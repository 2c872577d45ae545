#include "flow/quarantine_discard.h"

#include <utility>

#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include "core/arrow_status.h"
#include "flow/batch_commit.h"
#include "flow/model_table.h"
#include "flow/quarantine.h"
#include "flow/retry.h"
#include "flow/row_removal.h"

namespace calve::flow {
namespace {

constexpr int kDiscardAttempts = 50;

/// Rows of QuarantineSchema() with the mark of a discard.
Result<std::shared_ptr<arrow::RecordBatch>> Marked(const arrow::RecordBatch& rows,
                                                   TimestampUs now,
                                                   const std::string& note) {
  const auto& schema = QuarantineSchema();
  arrow::ArrayVector columns = rows.columns();
  const auto set = [&](const char* name, const arrow::Scalar& value) -> Status {
    CALVE_ASSIGN(columns[static_cast<size_t>(schema->GetFieldIndex(name))],
                 FromArrow(arrow::MakeArrayFromScalar(value, rows.num_rows())));
    return {};
  };
  CALVE_TRY(set(
      kDiscardedAt,
      arrow::TimestampScalar(now.value, schema->GetFieldByName(kDiscardedAt)->type())));
  CALVE_TRY(set(kDiscardNote, arrow::StringScalar(note)));
  return arrow::RecordBatch::Make(schema, rows.num_rows(), std::move(columns));
}

/// Rewrites the open rows of one table that the filter lets pass.
/// \return how many
Result<int64_t> DiscardIn(const Pipeline& pipeline, const table::LoadedTable& table,
                          const QuarantineFilter& filter, const std::string& note,
                          BatchCommit& commit) {
  QuarantineFilter open = filter;
  open.state = QuarantineState::kOpen;
  table::TableUpdate& update = commit.Begin(table);
  CALVE_TRY(AddLaterColumns(update));
  CALVE_ASSIGN(const auto writer, MakeWriter(pipeline, update));
  const TimestampUs now = pipeline.clock->Now();
  RowRemoval removal;
  const auto rewrite = [&](const QuarantinedRows& found) -> Result<bool> {
    for (const int64_t position : found.positions) {
      removal.Add(*found.task, position);
    }
    CALVE_ASSIGN(const auto marked, Marked(*found.rows, now, note));
    CALVE_TRY(writer->Write(*marked));
    return true;
  };
  CALVE_TRY(VisitRowsOf(*pipeline.store, table, open, QuarantineSchema()->field_names(),
                        rewrite));
  table::FileChanges changes;
  CALVE_ASSIGN(changes.added_data, writer->Finish());
  commit.AddWritten(changes.added_data);
  CALVE_TRY(removal.Write(WriteTargetOf(pipeline, update), changes));
  commit.AddWritten(changes.added_deletes);
  if (removal.rows() > 0) {
    CALVE_TRY(update.ChangeRows(std::move(changes)));
  }
  return removal.rows();
}

Result<std::map<std::string, int64_t>> DiscardOnce(const Pipeline& pipeline,
                                                   const QuarantineFilter& filter,
                                                   const std::string& note) {
  CALVE_ASSIGN(const auto tables, QuarantineTables(pipeline, filter));
  CALVE_TRY(CheckIdsKnown(*pipeline.store, tables, filter));
  BatchCommit commit(pipeline);
  std::map<std::string, int64_t> discarded;
  for (const table::LoadedTable& table : tables) {
    CALVE_ASSIGN(const int64_t rows, DiscardIn(pipeline, table, filter, note, commit));
    if (rows > 0) {
      discarded[table.name.name] = rows;
    }
  }
  if (!discarded.empty()) {
    CALVE_TRY(commit.Commit());
  }
  return discarded;
}

}  // namespace

Result<std::map<std::string, int64_t>> DiscardQuarantined(const Pipeline& pipeline,
                                                          const QuarantineFilter& filter,
                                                          const std::string& note) {
  return RetryOnConflict(kDiscardAttempts,
                         [&] { return DiscardOnce(pipeline, filter, note); });
}

}  // namespace calve::flow
