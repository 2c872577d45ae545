#include <algorithm>
#include <tuple>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "flow/fsck_parts.h"
#include "flow/mart_rows.h"
#include "flow/verify_print.h"
#include "flow/verify_spool.h"
#include "table/scan/scan.h"

namespace calve::flow {
namespace {

constexpr size_t kBuckets = 64;
constexpr const char* kRefresh = "calve transform --full-refresh -s ";

/// Reads some columns of every live row.
Status ReadColumns(const Pipeline& pipeline, const table::LoadedTable& table,
                   const std::vector<std::string>& columns,
                   const std::function<Status(const arrow::RecordBatch&)>& visit) {
  const table::Snapshot* snapshot = table.metadata.current_snapshot();
  if (snapshot == nullptr) {
    return {};
  }
  table::ReadOptions options;
  for (const std::string& name : columns) {
    const table::Field* field = table.metadata.schema().Find(name);
    if (field == nullptr) {
      return Error{ErrorKind::kCorrupt, "the table lacks column " + name};
    }
    options.projection.fields.push_back(*field);
  }
  CALVE_ASSIGN(auto tasks,
               table::PlanScan(*pipeline.store, table.metadata, *snapshot, {}));
  const auto reader =
      table::ReadTasks(*pipeline.store, std::move(tasks), std::move(options));
  while (true) {
    CALVE_ASSIGN(const auto batch, reader->Next());
    if (batch == nullptr) {
      return {};
    }
    CALVE_TRY(visit(*batch));
  }
}

/// Rows that can't be read are a finding of the files; all else is passed on.
Status Unreadable(const table::LoadedTable& table, const Status& status,
                  Findings& findings) {
  if (status || status.error().kind == ErrorKind::kUnavailable) {
    return status;
  }
  findings.Add({.subject = table.name.text(),
                .name = "unreadable",
                .place = "",
                .detail = "its rows can't be read: " + status.error().message,
                .remedy = "see the findings about its files"});
  return {};
}

/// A version as cells: its end and whether it is current, as plain numbers.
enum VersionCell { kEnd, kHasEnd, kCurrent, kCells };

Status SpoolVersions(const arrow::RecordBatch& batch, const contract::Model& model,
                     PrintSpool& spool) {
  const auto& from =
      static_cast<const arrow::TimestampArray&>(*batch.GetColumnByName(kValidFrom));
  const auto& to =
      static_cast<const arrow::TimestampArray&>(*batch.GetColumnByName(kValidTo));
  const auto& current =
      static_cast<const arrow::BooleanArray&>(*batch.GetColumnByName(kIsCurrent));
  const auto& ids =
      static_cast<const arrow::Int64Array&>(*batch.GetColumnByName(kEventId));
  for (int64_t i = 0; i < batch.num_rows(); ++i) {
    RowPrint print;
    print.key = KeyText(batch, model.key, i);
    print.event_id = ids.Value(i);
    print.time_us = from.Value(i);
    print.cells.resize(kCells);
    print.cells[kHasEnd] = to.IsValid(i) ? 1 : 0;
    print.cells[kEnd] = to.IsValid(i) ? static_cast<uint64_t>(to.Value(i)) : 0;
    print.cells[kCurrent] = current.IsValid(i) && current.Value(i) ? 1 : 0;
    CALVE_TRY(spool.Add(print));
  }
  return {};
}

/// What is wrong between a version and the next of its key (null: it is the last).
std::string FaultOf(const RowPrint& version, const RowPrint* next) {
  const bool open = version.cells[kHasEnd] == 0;
  const auto end = static_cast<int64_t>(version.cells[kEnd]);
  if (version.cells[kCurrent] != (next == nullptr ? 1U : 0U)) {
    return next == nullptr ? "history_no_current" : "history_two_current";
  }
  if (open != (next == nullptr)) {
    return next == nullptr ? "history_gap" : "history_overlap";
  }
  if (next != nullptr && end != next->time_us) {
    return end < next->time_us ? "history_gap" : "history_overlap";
  }
  return "";
}

void CheckVersions(std::vector<RowPrint> versions, const contract::Model& model,
                   const table::LoadedTable& table, Findings& findings) {
  const bool by_id = model.order == contract::EventOrder::kId;
  std::sort(versions.begin(), versions.end(), [&](const RowPrint& a, const RowPrint& b) {
    using Place = std::tuple<const std::string&, int64_t, int64_t>;
    return Place(a.key, by_id ? 0 : a.time_us, a.event_id) <
           Place(b.key, by_id ? 0 : b.time_us, b.event_id);
  });
  for (size_t i = 0; i < versions.size(); ++i) {
    const bool last = i + 1 == versions.size() || versions[i + 1].key != versions[i].key;
    const std::string fault = FaultOf(versions[i], last ? nullptr : &versions[i + 1]);
    if (!fault.empty()) {
      findings.Add({.subject = table.name.text(),
                    .name = fault,
                    .place = fmt::format("{}, audit_event_id={}", versions[i].key,
                                         versions[i].event_id),
                    .detail = "the version does not end where the key's next one starts",
                    .remedy = kRefresh + model.name});
    }
  }
}

}  // namespace

Status CheckEventIds(const Pipeline& pipeline, const contract::Model& model,
                     const table::LoadedTable& table, const std::string& scratch_folder,
                     Findings& findings) {
  CALVE_ASSIGN(const auto file, io::ScratchFile::Make(scratch_folder));
  PrintSpool spool(*file, kBuckets);
  const auto spool_ids = [&](const arrow::RecordBatch& batch) -> Status {
    const auto& ids = static_cast<const arrow::Int64Array&>(*batch.column(0));
    for (int64_t i = 0; i < ids.length(); ++i) {
      RowPrint print;
      print.event_id = ids.Value(i);
      CALVE_TRY(spool.Add(print));
    }
    return {};
  };
  const Status read = ReadColumns(pipeline, table, {kEventId}, spool_ids);
  CALVE_TRY(Unreadable(table, read, findings));
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    CALVE_ASSIGN(auto prints, spool.Load(bucket));
    std::sort(prints.begin(), prints.end(), [](const RowPrint& a, const RowPrint& b) {
      return a.event_id < b.event_id;
    });
    for (size_t i = 1; i < prints.size(); ++i) {
      const bool first_repeat = i < 2 || prints[i - 2].event_id != prints[i].event_id;
      if (prints[i - 1].event_id == prints[i].event_id && first_repeat) {
        findings.Add({.subject = table.name.text(),
                      .name = "event_id_repeated",
                      .place = fmt::format("audit_event_id={}", prints[i].event_id),
                      .detail = "the event is there more than once",
                      .remedy = kRefresh + model.name + "+"});
      }
    }
  }
  return {};
}

Status CheckHistory(const Pipeline& pipeline, const contract::Model& model,
                    const table::LoadedTable& table, const std::string& scratch_folder,
                    Findings& findings) {
  CALVE_ASSIGN(const auto file, io::ScratchFile::Make(scratch_folder));
  PrintSpool spool(*file, kBuckets);
  std::vector<std::string> columns{kEventId, kValidFrom, kValidTo, kIsCurrent};
  columns.insert(columns.end(), model.key.begin(), model.key.end());
  const auto spool_versions = [&](const arrow::RecordBatch& batch) {
    return SpoolVersions(batch, model, spool);
  };
  const Status read = ReadColumns(pipeline, table, columns, spool_versions);
  CALVE_TRY(Unreadable(table, read, findings));
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    CALVE_ASSIGN(auto versions, spool.Load(bucket));
    CheckVersions(std::move(versions), model, table, findings);
  }
  return {};
}

}  // namespace calve::flow
