#include "flow/extract.h"

#include <memory>
#include <utility>

#include <arrow/record_batch.h>
#include <fmt/format.h>

#include "capture/audit_log.h"
#include "capture/cursor.h"
#include "io/failpoint.h"
#include "landing/landing_file.h"
#include "landing/ledger.h"

namespace calve::flow {
namespace {

using landing::LandedFile;
using landing::LandingFileWriter;
using landing::Ledger;

// Each lost race is another extraction that was won.
constexpr int kLedgerAttempts = 100;

std::string LabelOf(const DataInterval& interval) {
  return FormatIsoTimestamp(interval.start) + "/" + FormatIsoTimestamp(interval.end);
}

Result<std::optional<capture::Cursor>> CursorOf(const Ledger& ledger) {
  if (ledger.cursor().empty()) {
    return std::optional<capture::Cursor>();
  }
  CALVE_ASSIGN(capture::Cursor cursor, capture::CursorFromJson(ledger.cursor()));
  return std::optional(std::move(cursor));
}

Result<std::unique_ptr<capture::AuditLog>> OpenSource(const Pipeline& pipeline) {
  return capture::AuditLog::Open(
      {.dsn = pipeline.source.dsn, .table = pipeline.source.audit_table});
}

ExtractReport ReportOf(const std::vector<LandedFile>& files, bool repeated) {
  ExtractReport report;
  report.repeated = repeated;
  for (const LandedFile& file : files) {
    report.keys.push_back(file.key);
    report.rows += file.rows;
  }
  return report;
}

/// The files of one attempt. Until they are kept, they are taken away at its end: no
/// ledger entry names them.
class AttemptFiles {
 public:
  AttemptFiles(const Pipeline& pipeline, TimestampUs date)
      : pipeline_(pipeline), attempt_(pipeline.uuids->Next()), date_(date) {}
  AttemptFiles(const AttemptFiles&) = delete;
  AttemptFiles& operator=(const AttemptFiles&) = delete;
  ~AttemptFiles() {
    if (!kept_) {
      for (const LandedFile& file : files_) {
        // An orphan is harmless: nothing reads a file that is not in the ledger.
        (void)pipeline_.store->Delete(pipeline_.landing.Location(file.key));
      }
    }
  }

  const std::string& attempt() const { return attempt_; }
  const std::vector<LandedFile>& files() const { return files_; }
  void Keep() { kept_ = true; }

  Status Append(const arrow::RecordBatch& batch) {
    for (int64_t row = 0; row < batch.num_rows();) {
      CALVE_ASSIGN(const int64_t rows, AppendToFile(batch, row));
      row += rows;
    }
    return {};
  }

  Status Append(const capture::LargeEvent& event) {
    const landing::PiecewisePayload payload = {
        .bytes = event.raw_data->bytes(),
        .quoted = !event.raw_data->is_plain(),
        .next_piece = [&] { return event.raw_data->NextPiece(); }};
    bool appended = false;
    while (!appended) {
      if (writer_ == nullptr) {
        CALVE_TRY(StartFile());
      }
      CALVE_ASSIGN(appended, writer_->AppendLong(*event.row, payload));
      if (!appended) {
        CALVE_TRY(CloseFile());
      }
    }
    return {};
  }

  Status CloseFile() {
    if (writer_ != nullptr) {
      CALVE_ASSIGN(LandedFile file, writer_->Close());
      files_.push_back(std::move(file));
      writer_.reset();
    }
    return {};
  }

 private:
  /// Appends what the open file takes, and closes it once it is full.
  Result<int64_t> AppendToFile(const arrow::RecordBatch& batch, int64_t row) {
    if (writer_ == nullptr) {
      CALVE_TRY(StartFile());
    }
    CALVE_ASSIGN(const int64_t rows, writer_->Append(batch, row));
    if (row + rows < batch.num_rows()) {
      CALVE_TRY(CloseFile());
    }
    return rows;
  }

  Status StartFile() {
    const std::string name = fmt::format("{}-{:05}", attempt_, files_.size() + 1);
    std::string key = pipeline_.landing.Key(landing::DatedName(date_, name));
    const std::string location = pipeline_.landing.Location(key);
    CALVE_ASSIGN(writer_,
                 LandingFileWriter::Start(
                     *pipeline_.store, location, std::move(key),
                     {pipeline_.limits.rows_per_file, pipeline_.limits.bytes_per_file}));
    return {};
  }

  const Pipeline& pipeline_;  // Outlives this attempt.
  std::string attempt_;
  TimestampUs date_;
  std::unique_ptr<LandingFileWriter> writer_;
  std::vector<LandedFile> files_;
  bool kept_ = false;
};

Status CopyRows(capture::AuditLog& source, AttemptFiles& files, Progress& progress) {
  while (true) {
    CALVE_ASSIGN(const auto batch, source.Next());
    if (batch == nullptr) {
      break;
    }
    CALVE_TRY(files.Append(*batch));
    progress.Advance(batch->num_rows());
  }
  while (true) {
    CALVE_ASSIGN(const capture::LargeEvent event, source.NextLarge());
    if (event.row == nullptr) {
      return files.CloseFile();
    }
    CALVE_TRY(files.Append(event));
    progress.Advance(/*units=*/1);
  }
}

/// Lets the guard release what the ledger holds. The extraction is done by then: what
/// fails here is worth a warning, and is made up for by the next one.
void TellGuard(const Pipeline& pipeline, capture::AuditLog& source,
               const capture::Cursor& cursor, ExtractReport& report) {
  const auto answer = source.TellGuard(ConsumerOf(pipeline), cursor);
  if (!answer) {
    report.warnings.push_back(
        {"guard", fmt::format("the audit table's guard can't be told what was extracted, "
                              "and goes on refusing its deletion: {}",
                              answer.error().message)});
  } else if (*answer == capture::GuardAnswer::kNotAllowed) {
    report.warnings.push_back(
        {"guard",
         "the audit table's guard goes on refusing the deletion of what was extracted: "
         "this "
         "role may not tell it (calve capture install --role … --role-records lets it)"});
  }
}

/// Warns of rows that wait for an old transaction. Requires: an extraction under way.
Status AddHorizonWarning(capture::AuditLog& source, ExtractReport& report) {
  CALVE_ASSIGN(const auto horizon, source.LookAtHorizon());
  if (!horizon) {
    return {};
  }
  if (auto warning = capture::HorizonWarning(*horizon)) {
    report.warnings.push_back(
        {fmt::format("horizon {} {}", capture::HolderName(horizon->holder),
                     horizon->pid.value_or(0)),
         *std::move(warning)});
  }
  return {};
}

/// One attempt behind the ledger as it was read.
/// \return kConflict if another extraction has written the next entry meanwhile
Result<ExtractReport> ExtractBehind(const Pipeline& pipeline, Ledger& ledger,
                                    const ExtractRequest& request,
                                    capture::AuditLog& source, Progress& progress) {
  CALVE_ASSIGN(const auto since, CursorOf(ledger));
  if (request.window && request.interval) {
    CALVE_TRY(
        source.BeginWindow(since, {request.interval->start, request.interval->end}));
  } else {
    CALVE_TRY(source.Begin(since));
  }
  const TimestampUs now = pipeline.clock->Now();
  AttemptFiles files(pipeline, request.interval ? request.interval->end : now);
  CALVE_TRY(CopyRows(source, files, progress));
  CALVE_TRY(io::Failpoint("extract.copied", files.attempt()));
  ExtractReport report = ReportOf(files.files(), /*repeated=*/false);
  CALVE_TRY(AddHorizonWarning(source, report));
  CALVE_ASSIGN(const auto cursor, source.Finish());
  const bool has_label = request.interval && !request.window;
  if (files.files().empty() && !has_label) {
    if (since) {
      ExtractReport untold;  // A guard that refuses more than it must can wait for news.
      TellGuard(pipeline, source, *since, untold);
    }
    return report;
  }
  // An interval without rows is written down too: asked again, it must give no files
  // again, whatever has come meanwhile.
  CALVE_TRY(source.AwaitDurable());
  CALVE_TRY(io::Failpoint("extract.durable", files.attempt()));
  const Status appended =
      ledger.Append({.label = has_label ? LabelOf(*request.interval) : "",
                     .attempt = files.attempt(),
                     .written_at = now,
                     .cursor = cursor ? capture::CursorToJson(*cursor) : "",
                     .files = files.files()});
  if (!appended) {
    // Any other failure may have come after the entry was written.
    if (appended.error().kind != ErrorKind::kConflict) {
      files.Keep();
    }
    return appended.error();
  }
  files.Keep();
  if (cursor) {
    TellGuard(pipeline, source, *cursor, report);
  }
  return report;
}

Status CheckRequest(const ExtractRequest& request) {
  if (request.window && !request.interval) {
    return Error{ErrorKind::kInvalidArgument,
                 "--window needs --data-interval-start and --data-interval-end"};
  }
  if (request.interval && request.interval->end < request.interval->start) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("the data interval ends before it starts: {}",
                             LabelOf(*request.interval))};
  }
  return {};
}

Result<ExtractReport> ExtractOnce(const Pipeline& pipeline, const ExtractRequest& request,
                                  Progress& progress) {
  std::unique_ptr<capture::AuditLog> source;
  for (int attempt = 0; attempt < kLedgerAttempts; ++attempt) {
    CALVE_ASSIGN(Ledger ledger, LoadLedger(pipeline));
    if (request.interval && !request.window) {
      if (const auto* files = ledger.FindLabel(LabelOf(*request.interval))) {
        return ReportOf(*files, /*repeated=*/true);
      }
    }
    if (source == nullptr) {
      CALVE_ASSIGN(source, OpenSource(pipeline));
    }
    auto report = ExtractBehind(pipeline, ledger, request, *source, progress);
    if (report || report.error().kind != ErrorKind::kConflict) {
      return report;
    }
  }
  return Error{ErrorKind::kConflict,
               fmt::format("lost the ledger to other extractions {} times; run fewer at "
                           "once",
                           kLedgerAttempts)};
}

}  // namespace

Result<ExtractReport> Extract(const Pipeline& pipeline, const ExtractRequest& request,
                              Progress& progress) {
  CALVE_TRY(CheckRequest(request));
  progress.Begin("extract", /*total=*/0, "rows");
  auto report = ExtractOnce(pipeline, request, progress);
  if (report) {
    progress.End(fmt::format("{} rows in {} files{}", report->rows, report->keys.size(),
                             report->repeated ? ", extracted before" : ""));
  }
  return report;
}

Result<ExtractPlan> PlanExtract(const Pipeline& pipeline) {
  CALVE_ASSIGN(const Ledger ledger, LoadLedger(pipeline));
  CALVE_ASSIGN(const auto since, CursorOf(ledger));
  CALVE_ASSIGN(const auto source, OpenSource(pipeline));
  CALVE_TRY(source->Begin(since));
  ExtractPlan plan;
  plan.cursor_mode = capture::CursorModeName(source->mode());
  CALVE_ASSIGN(plan.rows, source->CountRows());
  CALVE_ASSIGN(plan.horizon, source->LookAtHorizon());
  return plan;
}

std::string ConsumerOf(const Pipeline& pipeline) {
  return pipeline.landing.Location(pipeline.landing.prefix);
}

Result<Ledger> LoadLedger(const Pipeline& pipeline) {
  const landing::LedgerPlace place{pipeline.landing.root, pipeline.landing.prefix};
  return pipeline.ledger_memory != nullptr
             ? pipeline.ledger_memory->Load(*pipeline.store, place)
             : Ledger::Load(*pipeline.store, place);
}

Result<std::vector<std::string>> LedgeredKeys(const Pipeline& pipeline) {
  CALVE_ASSIGN(const Ledger ledger, LoadLedger(pipeline));
  return ledger.Keys();
}

}  // namespace calve::flow
