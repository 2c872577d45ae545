#include "flow/verify_input.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "capture/audit_log.h"
#include "core/arrow_status.h"
#include "core/event.h"
#include "flow/mart_rows.h"
#include "landing/long_payload.h"

namespace calve::flow {
namespace {

using contract::Model;
using contract::ModelKind;

constexpr size_t kRowsPerBucket = 200'000;
constexpr size_t kLeastBuckets = 16;
constexpr size_t kMostBuckets = 1024;

/// Columns of events, which a source table does not have.
std::vector<std::string> EventColumns() {
  std::vector<std::string> names;
  for (const auto& field : LandedEventSchema()->fields()) {
    names.push_back(field->name());
  }
  return names;
}

/// The layout of landing and staged events.
PrintLayout EventLayout(const JudgedTable& landing) {
  PrintLayout layout = landing.Layout({});
  layout.columns.clear();
  for (const auto& field : EventSchema()->fields()) {
    layout.columns.push_back(field->name());
  }
  return layout;
}

/// The columns of a mart that its source table has, too.
PrintLayout LiveLayout(PrintLayout layout) {
  layout.left_out = EventColumns();
  std::erase_if(layout.columns, [&](const std::string& column) {
    return std::find(layout.left_out.begin(), layout.left_out.end(), column) !=
           layout.left_out.end();
  });
  return layout;
}

Status Spool(const arrow::RecordBatch& batch, const PrintLayout& layout,
             PrintSpool& spool, uint8_t flags = 0) {
  return PrintRows(batch, layout, [&](RowPrint& print, int64_t) {
    print.flags = flags;
    return spool.Add(print);
  });
}

class InputReader {
 public:
  InputReader(const Pipeline& pipeline, const VerifyRequest& request, Progress& progress,
              VerifyInput& input)
      : pipeline_(pipeline), request_(request), progress_(progress), in_(input) {}

  Status Read(const std::vector<const Model*>& selected) {
    CALVE_ASSIGN(in_.state,
                 LoadAtRest(pipeline_, WithUpstream(pipeline_.project, selected)));
    CALVE_ASSIGN(in_.file, io::ScratchFile::Make(request_.scratch_folder));
    in_.buckets = std::clamp(
        static_cast<size_t>(in_.state.landing.row_estimate()) / kRowsPerBucket + 1,
        kLeastBuckets, kMostBuckets);
    CALVE_TRY(ReadQuarantines());
    PrepareSpools(selected);
    CALVE_TRY(ReadTables());
    return ReadSource();
  }

 private:
  Status ReadQuarantines() {
    for (const JudgedTable& judged : in_.state.models) {
      if (!IsMart(*judged.model)) {
        CALVE_ASSIGN(QuarantinedIds ids, ReadQuarantinedIds(pipeline_, *judged.model));
        in_.quarantined[judged.model->name] = std::move(ids.all);
        in_.conflicts.insert(in_.conflicts.end(), ids.conflicts.begin(),
                             ids.conflicts.end());
      }
    }
    std::sort(in_.conflicts.begin(), in_.conflicts.end());
    return {};
  }

  PrintSpool NewSpool() const { return {*in_.file, in_.buckets}; }

  void PrepareSpools(const std::vector<const Model*>& selected) {
    const PrintLayout events = EventLayout(in_.state.landing);
    in_.audit = std::make_unique<PrintSpool>(NewSpool());
    in_.tables.push_back({&in_.state.landing, events, NewSpool()});
    for (const JudgedTable& judged : in_.state.models) {
      const Model& model = *judged.model;
      const bool staged = model.kind == ModelKind::kDedupe;
      const PrintLayout layout = staged ? events : judged.Layout(model.key);
      in_.tables.push_back({&judged, layout, NewSpool()});
      if (model.kind == ModelKind::kFlatten) {
        in_.flattened.emplace_back(pipeline_.project, model, layout, KeysOf(model),
                                   *in_.file, in_.buckets);
      }
      const bool is_selected =
          std::find(selected.begin(), selected.end(), &model) != selected.end();
      if (model.kind == ModelKind::kCurrent && request_.live && is_selected) {
        in_.live.push_back({&model, LiveLayout(layout), NewSpool(), NewSpool()});
      }
    }
  }

  /// Of the marts that are made from a flattened table.
  std::vector<std::vector<std::string>> KeysOf(const Model& flatten) const {
    std::set<std::vector<std::string>> keys;
    for (const JudgedTable& judged : in_.state.models) {
      if (IsMart(*judged.model) && judged.model->from == flatten.name) {
        keys.insert(judged.model->key);
      }
    }
    return {keys.begin(), keys.end()};
  }

  Status ReadTables() {
    for (TableRows& rows : in_.tables) {
      const auto spool = [&](const arrow::RecordBatch& batch) -> Status {
        if (LiveRows* live = in_.LiveOf(rows.table->model)) {
          CALVE_TRY(Spool(batch, live->layout, live->found));
        }
        NoteConflictKeys(rows, batch);
        return Spool(batch, rows.layout, rows.spool);
      };
      CALVE_TRY(ReadAllRows(pipeline_, *rows.table, progress_, spool));
    }
    return {};
  }

  /// The keys of events that may stand under the wrong content.
  void NoteConflictKeys(const TableRows& rows, const arrow::RecordBatch& batch) {
    if (in_.conflicts.empty() || rows.table->model == nullptr ||
        rows.table->model->kind != ModelKind::kFlatten) {
      return;
    }
    const auto ids = batch.GetColumnByName(kEventId);
    for (int64_t i = 0; ids != nullptr && i < batch.num_rows(); ++i) {
      const int64_t id = static_cast<const arrow::Int64Array&>(*ids).Value(i);
      if (std::binary_search(in_.conflicts.begin(), in_.conflicts.end(), id)) {
        for (const auto& key : KeysOf(*rows.table->model)) {
          in_.conflict_keys.insert(KeyText(batch, key, i));
        }
      }
    }
  }

  Status ReadSource() {
    CALVE_ASSIGN(const auto source,
                 capture::AuditLog::Open({.dsn = pipeline_.source.dsn,
                                          .table = pipeline_.source.audit_table}));
    CALVE_TRY(source->BeginProof(in_.state.cut));
    progress_.Begin("read the audit log", in_.state.landing.row_estimate(), "rows");
    CALVE_ASSIGN(in_.audit_rows, ReadEvents(*source, /*flags=*/0));
    CALVE_TRY(source->ReadBeyond());
    CALVE_ASSIGN(in_.beyond_rows, ReadEvents(*source, kBeyondCut));
    progress_.End(fmt::format("{} rows", in_.audit_rows + in_.beyond_rows));
    for (LiveRows& live : in_.live) {
      CALVE_TRY(ReadLive(*source, live));
    }
    return {};
  }

  Result<int64_t> ReadEvents(capture::AuditLog& source, uint8_t flags) {
    const PrintLayout& layout = in_.tables.front().layout;
    int64_t rows = 0;
    while (true) {
      CALVE_ASSIGN(const auto events, NextEvents(source));
      if (events == nullptr) {
        return rows;
      }
      rows += events->num_rows();
      progress_.Advance(events->num_rows());
      NoteLeastId(*events);
      CALVE_ASSIGN(const auto landed, AsLanded(*events));
      CALVE_TRY(Spool(*landed, layout, *in_.audit, flags));
      for (FlattenedEvents& flattened : in_.flattened) {
        CALVE_TRY(flattened.Add(landed, flags));
      }
    }
  }

  /// The next batch, then the large events one by one; null at the end.
  Result<std::shared_ptr<arrow::RecordBatch>> NextEvents(capture::AuditLog& source) {
    CALVE_ASSIGN(auto events, source.Next());
    if (events == nullptr) {
      CALVE_ASSIGN(const capture::LargeEvent event, source.NextLarge());
      if (event.row != nullptr) {
        return WholeOrMarked(event);
      }
    }
    return events;
  }

  /// A large event as it is landed: above the limit, the mark with its hash.
  Result<std::shared_ptr<arrow::RecordBatch>> WholeOrMarked(
      const capture::LargeEvent& event) const {
    landing::LongPayload payload(pipeline_.limits.max_event_bytes);
    while (true) {
      CALVE_ASSIGN(const auto piece, event.raw_data->NextPiece());
      if (!piece) {
        break;
      }
      payload.Append(*piece);
    }
    constexpr int kRawData = kRawDataColumn - kEventColumnsOffset;
    CALVE_ASSIGN(auto texts, FromArrow(arrow::MakeArrayFromScalar(
                                 arrow::StringScalar(std::move(payload).Finish()),
                                 /*length=*/1)));
    return FromArrow(
        event.row->SetColumn(kRawData, EventSchema()->field(kRawData), texts));
  }

  void NoteLeastId(const arrow::RecordBatch& events) {
    const auto& ids = static_cast<const arrow::Int64Array&>(*events.column(0));
    const int64_t* begin = ids.raw_values();
    in_.least_id = std::min(in_.least_id, *std::min_element(begin, begin + ids.length()));
  }

  Status ReadLive(capture::AuditLog& source, LiveRows& live) {
    FlattenedEvents& flattened = in_.FlattenedOf(live.model->from);
    CALVE_TRY(source.ReadTable(flattened.model().source_table));
    while (true) {
      CALVE_ASSIGN(const auto rows, source.Next());
      if (rows == nullptr) {
        return {};
      }
      CALVE_ASSIGN(const auto landed, AsLanded(*rows));
      CALVE_TRY(flattened.AddLive(landed, live.layout, live.expected));
    }
  }

  const Pipeline& pipeline_;  // All outlive this.
  const VerifyRequest& request_;
  Progress& progress_;
  VerifyInput& in_;
};

}  // namespace

FlattenedEvents& VerifyInput::FlattenedOf(const std::string& flatten_model) {
  return *std::find_if(flattened.begin(), flattened.end(),
                       [&](const FlattenedEvents& events) {
                         return events.model().name == flatten_model;
                       });
}

LiveRows* VerifyInput::LiveOf(const Model* model) {
  const auto it = std::find_if(live.begin(), live.end(),
                               [&](const LiveRows& rows) { return rows.model == model; });
  return it == live.end() ? nullptr : &*it;
}

Result<std::unique_ptr<VerifyInput>> ReadVerifyInput(
    const Pipeline& pipeline, const VerifyRequest& request,
    const std::vector<const Model*>& selected, Progress& progress) {
  auto input = std::make_unique<VerifyInput>();
  CALVE_TRY(InputReader(pipeline, request, progress, *input).Read(selected));
  return input;
}

}  // namespace calve::flow
