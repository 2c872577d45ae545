#include "flow/quarantine_replay.h"

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include "core/arrow_status.h"
#include "core/event.h"
#include "flow/batch_commit.h"
#include "flow/model_chain.h"
#include "flow/model_table.h"
#include "flow/quarantine.h"
#include "flow/retry.h"
#include "flow/row_removal.h"
#include "flow/stored_events.h"
#include "model/dedupe.h"

namespace calve::flow {
namespace {

using contract::Model;
using table::LoadedTable;

constexpr int kReplayAttempts = 50;
constexpr const char* kConflictRule = "id_conflict";

/// Rows of one file of quarantine in memory, whole, and where they lie.
struct Piece {
  table::ScanTask file;
  std::vector<int64_t> positions;
  std::shared_ptr<arrow::RecordBatch> rows;  // of QuarantineSchema()
};

struct Candidates {
  std::vector<Piece> pieces;
  int64_t bytes = 0;
  // Of the rows of all pieces, one after the other:
  std::shared_ptr<arrow::RecordBatch> events;
  std::vector<bool> held;  // by the upstream, with the same content
};

/// Columns of LandedEventSchema() out of rows of QuarantineSchema().
std::shared_ptr<arrow::RecordBatch> EventsOf(const arrow::RecordBatch& rows) {
  arrow::ArrayVector columns;
  for (const auto& field : LandedEventSchema()->fields()) {
    columns.push_back(rows.GetColumnByName(field->name()));
  }
  return arrow::RecordBatch::Make(LandedEventSchema(), rows.num_rows(),
                                  std::move(columns));
}

/// A text column of rows of QuarantineSchema(), null as the empty text.
std::string TextAt(const arrow::RecordBatch& rows, const char* column, int64_t row) {
  const auto array = rows.GetColumnByName(column);
  const auto& texts = static_cast<const arrow::StringArray&>(*array);
  return texts.IsNull(row) ? std::string() : texts.GetString(row);
}

bool SameReason(const arrow::RecordBatch& rows, int64_t row,
                const model::Violation& violation) {
  return TextAt(rows, kRule, row) == violation.rule &&
         TextAt(rows, kColumnName, row) == violation.column &&
         TextAt(rows, kReason, row) == violation.reason;
}

/// Rows of QuarantineSchema() with other reasons. \param why  by row
Result<std::shared_ptr<arrow::RecordBatch>> WithReasons(
    const arrow::RecordBatch& rows, const std::vector<const model::Violation*>& why) {
  arrow::ArrayVector columns = rows.columns();
  const auto set = [&](const char* name, std::string model::Violation::*text) -> Status {
    arrow::StringBuilder builder;
    for (const model::Violation* violation : why) {
      const std::string& value = violation->*text;
      CALVE_TRY(FromArrow(value.empty() ? builder.AppendNull() : builder.Append(value)));
    }
    const int index = QuarantineSchema()->GetFieldIndex(name);
    CALVE_ASSIGN(columns[static_cast<size_t>(index)], FromArrow(builder.Finish()));
    return {};
  };
  CALVE_TRY(set(kRule, &model::Violation::rule));
  CALVE_TRY(set(kColumnName, &model::Violation::column));
  CALVE_TRY(set(kReason, &model::Violation::reason));
  return arrow::RecordBatch::Make(QuarantineSchema(), rows.num_rows(),
                                  std::move(columns));
}

std::vector<int64_t> IdsOf(const arrow::RecordBatch& rows) {
  const auto array = rows.GetColumnByName(EventIdName());
  const auto& ids = static_cast<const arrow::Int64Array&>(*array);
  return {ids.raw_values(), ids.raw_values() + ids.length()};
}

/// What the model said of a batch, by event id.
struct Verdicts {
  std::unordered_set<int64_t> passed;  // the model held the event already, or gains it
  std::unordered_map<int64_t, const model::Violation*> failed;

  Verdicts(const arrow::RecordBatch& staged, const StepResult& head) {
    for (const int64_t id : IdsOf(staged)) {
      passed.insert(id);
    }
    const std::vector<int64_t> judged = IdsOf(*head.judged);
    for (const int64_t id : judged) {
      passed.erase(id);
    }
    for (const int64_t id : IdsOf(*head.output)) {
      passed.insert(id);
    }
    for (const model::Violation& violation : head.violations) {
      failed.emplace(judged[static_cast<size_t>(violation.row)], &violation);
    }
  }
};

/// One model's replay. Each batch is one commit, built on the tables as they then are.
class ModelReplay {
 public:
  ModelReplay(const Pipeline& pipeline, const Model& model,
              const QuarantineFilter& filter)
      : pipeline_(pipeline), model_(model), filter_(filter), lookup_(*pipeline.store) {
    filter_.state = QuarantineState::kOpen;
    report_.model = model.name;
  }

  Result<ReplayReport> Run() {
    bool more = true;
    while (more) {
      CALVE_ASSIGN(more, RetryOnConflict(kReplayAttempts, [&] { return NextBatch(); }));
    }
    report_.conflicts = conflicts_;
    report_.still_failing += without_id_;
    return report_;
  }

 private:
  /// Judges rows that were not judged yet. \return whether there were any
  Result<bool> NextBatch() {
    CALVE_ASSIGN(const LoadedTable quarantine, OpenQuarantine(pipeline_, model_));
    CALVE_ASSIGN(Candidates candidates, Collect(quarantine));
    if (candidates.pieces.empty()) {
      return false;
    }
    CALVE_ASSIGN(LoadedTable table, OpenModelTable(pipeline_, model_));
    CALVE_ASSIGN(LoadedTable upstream, OpenUpstream(pipeline_, model_));
    CALVE_ASSIGN(const auto staged, HeldByUpstream(upstream, candidates));
    ModelChain chain(pipeline_, lookup_, std::move(upstream));
    chain.Add(model_, std::move(table));
    std::vector<const Model*> all;
    for (const Model& model : pipeline_.project.models) {
      all.push_back(&model);
    }
    CALVE_TRY(chain.AddFollowers(all));
    ReplayReport gain;
    gain.left_out = candidates.events->num_rows() - CountHeld(candidates);
    chain.SettleHeadBy([&](const StepResult& head, BatchCommit& commit) {
      return SettleRows(quarantine, candidates, Verdicts(*staged, head), commit, gain);
    });
    CALVE_TRY(chain.Process(staged, /*point=*/nullptr));
    TakeOver(candidates, gain);
    return true;
  }

  static int64_t CountHeld(const Candidates& candidates) {
    return std::count(candidates.held.begin(), candidates.held.end(), true);
  }

  /// What was counted holds once the commit is made.
  void TakeOver(const Candidates& candidates, const ReplayReport& gain) {
    for (const int64_t id : IdsOf(*candidates.events)) {
      tried_.insert(id);
    }
    report_.passed += gain.passed;
    report_.still_failing += gain.still_failing;
    report_.left_out += gain.left_out;
  }

  /// Rows to judge, up to the limit of a batch. Those that no replay can settle are
  /// counted: conflicts, and events without an id, which break the contract for ever.
  Result<Candidates> Collect(const LoadedTable& quarantine) {
    Candidates found;
    conflicts_ = 0;
    without_id_ = 0;
    const auto visit = [&](const QuarantinedRows& rows) -> Result<bool> {
      const auto id_array = rows.rows->GetColumnByName(EventIdName());
      const auto& ids = static_cast<const arrow::Int64Array&>(*id_array);
      std::vector<int64_t> wanted;
      for (int64_t i = 0; i < rows.rows->num_rows(); ++i) {
        if (TextAt(*rows.rows, kRule, i) == kConflictRule) {
          ++conflicts_;
        } else if (ids.IsNull(i)) {
          ++without_id_;
        } else if (found.bytes < pipeline_.limits.batch_bytes &&
                   !tried_.contains(ids.Value(i))) {
          wanted.push_back(i);
        }
      }
      CALVE_TRY(Keep(rows, wanted, found));
      return true;
    };
    CALVE_TRY(VisitRowsOf(*pipeline_.store, quarantine, filter_,
                          QuarantineSchema()->field_names(), visit));
    std::vector<std::shared_ptr<arrow::RecordBatch>> events;
    for (const Piece& piece : found.pieces) {
      events.push_back(EventsOf(*piece.rows));
    }
    if (!events.empty()) {
      CALVE_ASSIGN(found.events, FromArrow(arrow::ConcatenateRecordBatches(events)));
    }
    return found;
  }

  static Status Keep(const QuarantinedRows& rows, const std::vector<int64_t>& wanted,
                     Candidates& found) {
    if (wanted.empty()) {
      return {};
    }
    Piece piece{.file = *rows.task, .positions = {}, .rows = nullptr};
    for (const int64_t row : wanted) {
      piece.positions.push_back(rows.positions[static_cast<size_t>(row)]);
    }
    CALVE_ASSIGN(piece.rows, TakeRows(rows.rows, wanted));
    CALVE_ASSIGN(const int64_t bytes,
                 FromArrow(arrow::util::ReferencedBufferSize(*piece.rows)));
    found.bytes += bytes;
    found.pieces.push_back(std::move(piece));
    return {};
  }

  /// Notes which events the upstream holds with the same content: any other would come to
  /// stand in the model without being in its upstream. \return those, each once
  Result<std::shared_ptr<arrow::RecordBatch>> HeldByUpstream(const LoadedTable& upstream,
                                                             Candidates& candidates) {
    CALVE_ASSIGN(const StoredPrints stored,
                 FindStoredPrints(*pipeline_.store, upstream, *candidates.events));
    const auto prints = model::Fingerprints(*candidates.events);
    const std::vector<int64_t> ids = IdsOf(*candidates.events);
    std::unordered_set<int64_t> taken;
    std::vector<int64_t> rows;
    for (size_t i = 0; i < ids.size(); ++i) {
      const auto same = stored.find(ids[i]);
      const bool held = same != stored.end() && same->second.contains(prints[i]);
      candidates.held.push_back(held);
      if (held && taken.insert(ids[i]).second) {
        rows.push_back(static_cast<int64_t>(i));
      }
    }
    return TakeRows(candidates.events, rows);
  }

  /// Where what becomes of rows goes.
  struct Settlement {
    RowRemoval& removal;
    table::DataWriter& writer;
    ReplayReport& gain;
  };

  /// \param held  of the piece's first row
  static Status SettlePiece(const Piece& piece, std::vector<bool>::const_iterator held,
                            const Verdicts& verdicts, const Settlement& into) {
    const std::vector<int64_t> ids = IdsOf(*piece.rows);
    std::vector<int64_t> rewritten;
    std::vector<const model::Violation*> why;
    for (size_t i = 0; i < ids.size(); ++i, ++held) {
      if (!*held) {
        continue;
      }
      const auto row = static_cast<int64_t>(i);
      const auto violation = verdicts.failed.find(ids[i]);
      if (verdicts.passed.contains(ids[i])) {
        ++into.gain.passed;
      } else if (violation == verdicts.failed.end()) {
        ++into.gain.left_out;
        continue;
      } else {
        ++into.gain.still_failing;
        if (SameReason(*piece.rows, row, *violation->second)) {
          continue;
        }
        rewritten.push_back(row);
        why.push_back(violation->second);
      }
      into.removal.Add(piece.file, piece.positions[i]);
    }
    if (rewritten.empty()) {
      return {};
    }
    CALVE_ASSIGN(const auto rows, TakeRows(piece.rows, rewritten));
    CALVE_ASSIGN(const auto renewed, WithReasons(*rows, why));
    return into.writer.Write(*renewed);
  }

  /// Takes out of quarantine what is in the model now, and gives the rest its reason.
  Status SettleRows(const LoadedTable& quarantine, const Candidates& candidates,
                    const Verdicts& verdicts, BatchCommit& commit, ReplayReport& gain) {
    table::TableUpdate& update = commit.Begin(quarantine);
    CALVE_TRY(AddLaterColumns(update));
    CALVE_ASSIGN(const auto writer, MakeWriter(pipeline_, update));
    RowRemoval removal;
    std::ptrdiff_t first = 0;
    for (const Piece& piece : candidates.pieces) {
      CALVE_TRY(SettlePiece(piece, candidates.held.begin() + first, verdicts,
                            {removal, *writer, gain}));
      first += static_cast<std::ptrdiff_t>(piece.positions.size());
    }
    table::FileChanges changes;
    CALVE_ASSIGN(changes.added_data, writer->Finish());
    commit.AddWritten(changes.added_data);
    if (removal.rows() == 0) {
      return {};
    }
    CALVE_TRY(removal.Write(WriteTargetOf(pipeline_, update), changes));
    commit.AddWritten(changes.added_deletes);
    return update.ChangeRows(std::move(changes));
  }

  const Pipeline& pipeline_;  // Outlives this replay, as does the model.
  const Model& model_;
  QuarantineFilter filter_;
  ScanKeyLookup lookup_;
  ReplayReport report_;
  std::unordered_set<int64_t> tried_;  // ids of the batches so far
  int64_t conflicts_ = 0;
  int64_t without_id_ = 0;
};

}  // namespace

Result<std::vector<ReplayReport>> ReplayQuarantined(const Pipeline& pipeline,
                                                    const QuarantineFilter& filter) {
  CALVE_ASSIGN(const auto tables, QuarantineTables(pipeline, filter));
  CALVE_TRY(CheckIdsKnown(*pipeline.store, tables, filter));
  std::vector<ReplayReport> reports;
  for (const Model& model : pipeline.project.models) {
    const bool has_table = std::any_of(
        tables.begin(), tables.end(),
        [&](const LoadedTable& table) { return table.name.name == model.name; });
    if (!has_table) {
      continue;
    }
    CALVE_ASSIGN(ReplayReport report, ModelReplay(pipeline, model, filter).Run());
    if (report.passed + report.still_failing + report.conflicts + report.left_out > 0) {
      reports.push_back(std::move(report));
    }
  }
  return reports;
}

}  // namespace calve::flow
