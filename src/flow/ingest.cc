#include "flow/ingest.h"

#include <set>
#include <utility>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "core/arrow_status.h"
#include "core/event.h"
#include "flow/extract.h"
#include "flow/landed_files.h"
#include "flow/model_table.h"
#include "flow/retry.h"
#include "io/object_hash.h"
#include "io/system.h"
#include "landing/csv_reader.h"
#include "landing/file_record.h"
#include "table/data/data_writer.h"

namespace calve::flow {
namespace {

using table::LoadedTable;

/// How often an ingest starts over because another writer was faster.
constexpr int kCommitAttempts = 100;

/// Hashes an object while it is read from front to back.
class HashingInputFile final : public io::InputFile {
 public:
  HashingInputFile(std::unique_ptr<io::InputFile> file, io::Sha256& hash)
      : file_(std::move(file)), hash_(hash) {}

  uint64_t size_bytes() const override { return file_->size_bytes(); }

  Result<size_t> ReadAt(uint64_t offset, std::span<char> into) override {
    if (offset != hashed_bytes_) {
      return Error{ErrorKind::kInternal, "a landing file is read out of order"};
    }
    CALVE_ASSIGN(const size_t read, file_->ReadAt(offset, into));
    hash_.Update({into.data(), read});
    hashed_bytes_ += read;
    return read;
  }

 private:
  std::unique_ptr<io::InputFile> file_;
  io::Sha256& hash_;  // Outlives this file.
  uint64_t hashed_bytes_ = 0;
};

/// Puts `ingested_at` and `source_file` before the columns of an event batch.
Result<std::shared_ptr<arrow::RecordBatch>> Landed(const arrow::RecordBatch& events,
                                                   TimestampUs now,
                                                   const std::string& key) {
  const arrow::TimestampScalar at(now.value,
                                  arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"));
  const arrow::StringScalar file(key);
  arrow::ArrayVector columns;
  for (const arrow::Scalar* scalar :
       std::initializer_list<const arrow::Scalar*>{&at, &file}) {
    CALVE_ASSIGN(auto column,
                 FromArrow(arrow::MakeArrayFromScalar(*scalar, events.num_rows())));
    columns.push_back(std::move(column));
  }
  columns.insert(columns.end(), events.columns().begin(), events.columns().end());
  return arrow::RecordBatch::Make(LandedEventSchema(), events.num_rows(),
                                  std::move(columns));
}

/// A landing file as data files of the landing table, not committed yet.
struct Converted {
  std::vector<table::DataFile> files;
  int64_t rows = 0;
  std::string sha256;
};

Result<Converted> Convert(const Pipeline& pipeline, const std::string& key,
                          const table::TableUpdate& update, Progress& progress) {
  auto opened = pipeline.store->Open(pipeline.landing.Location(key));
  if (!opened) {
    return Error{
        opened.error().kind,
        fmt::format("landing file '{}' can't be read: {}; keys are relative to {}", key,
                    opened.error().message, pipeline.landing.root)};
  }
  io::Sha256 hash;
  landing::CsvReadOptions options;
  options.max_event_bytes = pipeline.limits.max_event_bytes;
  landing::CsvReader reader(std::make_unique<HashingInputFile>(*std::move(opened), hash),
                            key, options);
  CALVE_ASSIGN(const auto writer, MakeWriter(pipeline, update));
  const TimestampUs now = pipeline.clock->Now();
  Converted converted;
  while (true) {
    CALVE_ASSIGN(const auto events, reader.Next());
    if (events == nullptr) {
      break;
    }
    CALVE_ASSIGN(const auto landed, Landed(*events, now, key));
    CALVE_TRY(writer->Write(*landed));
    converted.rows += events->num_rows();
    progress.Advance(events->num_rows());
  }
  CALVE_ASSIGN(converted.files, writer->Finish());
  converted.sha256 = hash.Finish();
  return converted;
}

/// Those of the keys that the table does not have, in order.
Result<std::vector<std::string>> NotLanded(const Pipeline& pipeline,
                                           const LoadedTable& landing,
                                           const std::vector<std::string>& keys) {
  CALVE_ASSIGN(const auto landed,
               LandedKeys(*pipeline.store, landing.metadata, {keys.begin(), keys.end()}));
  std::vector<std::string> pending;
  for (const std::string& key : keys) {
    if (!landed.contains(key)) {
      pending.push_back(key);
    }
  }
  return pending;
}

/// The landing table as it now is, and those of some keys that it does not have, in
/// order.
struct LandingView {
  LoadedTable table;
  std::vector<std::string> pending;
};

Result<LandingView> ViewLanding(const Pipeline& pipeline,
                                const std::vector<std::string>& keys) {
  return RetryOnConflict(kReadAttempts, [&]() -> Result<LandingView> {
    CALVE_ASSIGN(LoadedTable landing, OpenLandingTable(pipeline));
    CALVE_ASSIGN(auto pending, NotLanded(pipeline, landing, keys));
    return LandingView{.table = std::move(landing), .pending = std::move(pending)};
  });
}

/// Refuses a file whose bytes are not those that were first seen under its key.
Status CheckUnchanged(const Pipeline& pipeline, const std::string& key,
                      const std::string& sha256) {
  return landing::RecordFile(*pipeline.store, pipeline.landing.root,
                             pipeline.landing.prefix, key, sha256);
}

/// Commits converted files, on whatever version of the table is current then.
/// \return whether they were committed; false if another ingest of the same file was
/// faster
Result<bool> CommitOnce(const Pipeline& pipeline, const std::string& key,
                        const std::vector<table::DataFile>& files, LoadedTable landing) {
  const auto commit = [&]() -> Status {
    table::TableUpdate update(std::move(landing), table::NewSnapshotId(*pipeline.uuids));
    CALVE_TRY(update.Append(files));
    std::vector<table::TableUpdate> updates;
    updates.push_back(std::move(update));
    const auto committed =
        table::CommitUpdates(pipeline.commit_context(), std::move(updates));
    return committed ? Status() : committed.error();
  };
  bool first = true;
  return RetryOnConflict(kCommitAttempts, [&]() -> Result<bool> {
    if (!std::exchange(first, false)) {
      CALVE_ASSIGN(LandingView view, ViewLanding(pipeline, {key}));
      if (view.pending.empty()) {
        return false;
      }
      landing = std::move(view.table);
    }
    CALVE_TRY(commit());
    return true;
  });
}

}  // namespace

Result<IngestReport> Ingest(const Pipeline& pipeline, const std::string& key,
                            Progress& progress) {
  CALVE_ASSIGN(LandingView landing, ViewLanding(pipeline, {key}));
  if (landing.pending.empty()) {
    const auto sha256 =
        io::Sha256OfObject(*pipeline.store, pipeline.landing.Location(key));
    if (sha256) {
      CALVE_TRY(CheckUnchanged(pipeline, key, *sha256));
    } else if (sha256.error().kind != ErrorKind::kNotFound) {
      return sha256
          .error();  // A file that is gone was archived: its rows are in the table.
    }
    return IngestReport{.rows = 0, .repeated = true};
  }
  progress.Begin("ingest " + key, /*total=*/0, "rows");
  const table::TableUpdate shape(landing.table, table::NewSnapshotId(*pipeline.uuids));
  CALVE_ASSIGN(const Converted converted, Convert(pipeline, key, shape, progress));
  const Status unchanged = CheckUnchanged(pipeline, key, converted.sha256);
  if (!unchanged) {
    table::DeleteFiles(*pipeline.store, converted.files);
    return unchanged.error();
  }
  IngestReport report{.rows = converted.rows, .repeated = false};
  if (converted.rows > 0) {
    const auto committed =
        CommitOnce(pipeline, key, converted.files, std::move(landing.table));
    const bool unknown =
        !committed && committed.error().kind == ErrorKind::kCommitUnknown;
    if (!unknown && !(committed && *committed)) {
      table::DeleteFiles(*pipeline.store, converted.files);
    }
    if (!committed) {
      return committed.error();
    }
    if (!*committed) {
      report = {.rows = 0, .repeated = true};
    }
  }
  progress.End(fmt::format("{} rows", report.rows));
  return report;
}

Result<std::vector<std::string>> PendingKeys(const Pipeline& pipeline,
                                             const std::vector<std::string>& keys) {
  CALVE_ASSIGN(LandingView landing, ViewLanding(pipeline, keys));
  return std::move(landing.pending);
}

/// Whether what was seen as of the remembered snapshot still holds: only appends and
/// rewrites have followed it.
bool PendingFiles::IsRemembered(const table::TableMetadata& landing) const {
  if (!as_of_ || landing.table_uuid != table_uuid_) {
    return false;
  }
  const table::Snapshot* at = landing.current_snapshot();
  // Parents that form a circle would otherwise be followed for ever.
  for (size_t steps = 0; at != nullptr && steps <= landing.snapshots.size(); ++steps) {
    if (at->snapshot_id == *as_of_) {
      return true;
    }
    const std::string operation = at->operation();
    if ((operation != "append" && operation != "replace") || !at->parent_snapshot_id) {
      return false;
    }
    if (*at->parent_snapshot_id == *as_of_) {
      return true;  // Retained or not.
    }
    at = landing.FindSnapshot(*at->parent_snapshot_id);
  }
  return false;
}

Result<std::vector<std::string>> PendingFiles::Find() {
  return RetryOnConflict(kReadAttempts, [&] { return FindOnce(); });
}

Result<std::vector<std::string>> PendingFiles::FindOnce() {
  CALVE_ASSIGN(const landing::Ledger ledger, LoadLedger(pipeline_));
  CALVE_ASSIGN(const LoadedTable landing, OpenLandingTable(pipeline_));
  const int64_t known = IsRemembered(landing.metadata) ? landed_number_ : 0;
  CALVE_ASSIGN(const auto keys, ledger.KeysBehind(known));
  CALVE_ASSIGN(auto pending, NotLanded(pipeline_, landing, keys));
  landed_number_ = pending.empty() ? ledger.last_number() : known;
  table_uuid_ = landing.metadata.table_uuid;
  as_of_ = landing.metadata.current_snapshot_id;
  return pending;
}

}  // namespace calve::flow
