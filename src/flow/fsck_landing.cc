#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "core/event.h"
#include "flow/fsck_parts.h"
#include "io/object_hash.h"
#include "landing/ledger.h"
#include "table/scan/scan.h"

namespace calve::flow {
namespace {

using landing::LandedFile;

constexpr const char* kLedger = "ledger";

class LandingCheck {
 public:
  LandingCheck(const Pipeline& pipeline, Progress& progress, Findings& findings)
      : pipeline_(pipeline), progress_(progress), findings_(findings) {}

  Status Run(const std::optional<table::LoadedTable>& landing) {
    if (landing) {
      auto rows = RowsByLandingFile(pipeline_, *landing);
      if (!rows && rows.error().kind == ErrorKind::kUnavailable) {
        return rows.error();
      }
      readable_ = rows.has_value();  // Else the table's own findings say why.
      rows_ = rows ? *std::move(rows) : RowsByFile();
    }
    CALVE_TRY(CheckLedger());
    return ListOrphans();
  }

 private:
  void Add(std::string name, std::string place, std::string detail, std::string remedy) {
    findings_.Add({.subject = kLedger,
                   .name = std::move(name),
                   .place = std::move(place),
                   .detail = std::move(detail),
                   .remedy = std::move(remedy)});
  }

  Status CheckLedger() {
    CALVE_ASSIGN(const auto entries,
                 landing::ReadEntries(*pipeline_.store, {pipeline_.landing.root,
                                                         pipeline_.landing.prefix}));
    progress_.Begin("check landing files", static_cast<int64_t>(entries.size()),
                    "extractions");
    int64_t expected = 0;
    for (const landing::StoredEntry& stored : entries) {
      if (expected != 0 && stored.number != expected) {
        Add("ledger_gap", fmt::format("entry {}", expected),
            fmt::format("the entries from {} to {} are gone", expected,
                        stored.number - 1),
            "put them back from a backup: extractions behind them are not seen");
      }
      expected = stored.number + 1;
      CheckEntry(stored);
      progress_.Advance(1);
    }
    progress_.End(fmt::format("{} files", findings_.report().landing_files));
    return {};
  }

  void CheckEntry(const landing::StoredEntry& stored) {
    ++findings_.report().ledger_entries;
    if (!stored.entry) {
      Add("ledger_unreadable", stored.location, stored.entry.error().message,
          "put the entry back from a backup");
      return;
    }
    for (const LandedFile& file : stored.entry->files) {
      if (!ledgered_.insert(file.key).second) {
        Add("file_in_two_entries", file.key, "two extractions name the same file",
            "see who wrote " + stored.location);
        continue;
      }
      ++findings_.report().landing_files;
      CheckFile(file);
    }
  }

  void CheckFile(const LandedFile& file) {
    const auto rows = rows_.find(file.key);
    const bool landed = rows != rows_.end();
    if (landed && rows->second < file.rows) {
      Add("landing_rows_differ", file.key,
          fmt::format("the landing table has {} rows of it, the ledger {}", rows->second,
                      file.rows),
          "rows of the landing table were lost: roll it back, or calve reset tables "
          "--landing --yes");
    }
    const auto hash =
        io::Sha256OfObject(*pipeline_.store, pipeline_.landing.Location(file.key));
    if (hash) {
      findings_.report().landing_files_waiting += landed || file.rows == 0 ? 0 : 1;
      if (*hash != file.sha256) {
        Add("landing_file_changed", file.key, "its bytes are not those that were written",
            "put the file back from a backup");
      }
    } else if (hash.error().kind != ErrorKind::kNotFound) {
      Add("unreadable", file.key, hash.error().message, "see the store");
    } else if (landed) {
      ++findings_.report().landing_files_archived;
    } else if (readable_) {
      Add("landing_file_missing", file.key,
          "it is in the ledger, but neither stored nor in the landing table",
          "put the file back from a backup; else start over: calve reset source");
    }
  }

  Status ListOrphans() {
    const std::string& prefix = pipeline_.landing.prefix;
    const std::string folder =
        prefix.empty() ? pipeline_.landing.root : pipeline_.landing.Location(prefix);
    CALVE_ASSIGN(const auto objects, pipeline_.store->List(folder));
    for (const io::ObjectInfo& object : objects) {
      const std::string key = object.location.substr(pipeline_.landing.root.size() + 1);
      const bool landing_file =
          key.ends_with(".csv") && key.find("_calve/") == std::string::npos;
      if (landing_file && !ledgered_.contains(key) && !rows_.contains(key)) {
        findings_.report().orphans.push_back({object.location,
                                              static_cast<int64_t>(object.size_bytes),
                                              object.modified_ms});
      }
    }
    return {};
  }

  const Pipeline& pipeline_;  // All outlive this.
  Progress& progress_;
  Findings& findings_;
  RowsByFile rows_;
  bool readable_ = true;
  std::set<std::string> ledgered_;
};

}  // namespace

Result<RowsByFile> RowsByLandingFile(const Pipeline& pipeline,
                                     const table::LoadedTable& landing) {
  RowsByFile rows;
  const table::Snapshot* snapshot = landing.metadata.current_snapshot();
  const table::Field* column = landing.metadata.schema().Find(
      LandedEventSchema()->field(kSourceFileColumn)->name());
  if (snapshot == nullptr || column == nullptr) {
    return rows;
  }
  table::ReadOptions options;
  options.projection.fields = {*column};
  CALVE_ASSIGN(auto tasks,
               table::PlanScan(*pipeline.store, landing.metadata, *snapshot, {}));
  const auto reader =
      table::ReadTasks(*pipeline.store, std::move(tasks), std::move(options));
  while (true) {
    CALVE_ASSIGN(const auto batch, reader->Next());
    if (batch == nullptr) {
      return rows;
    }
    const auto& files = static_cast<const arrow::StringArray&>(*batch->column(0));
    for (int64_t i = 0; i < files.length(); ++i) {
      if (files.IsValid(i)) {
        ++rows[files.GetString(i)];
      }
    }
  }
}

Status CheckLanding(const Pipeline& pipeline,
                    const std::optional<table::LoadedTable>& landing, Progress& progress,
                    Findings& findings) {
  return LandingCheck(pipeline, progress, findings).Run(landing);
}

}  // namespace calve::flow
