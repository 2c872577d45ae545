#include "app/pipeline_round.h"

#include <chrono>
#include <vector>

#include "app/interrupt.h"
#include "flow/ingest.h"

namespace calve::app {
namespace {

/// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Status IngestPending(const flow::Pipeline& pipeline, flow::PendingFiles& files,
                     Progress& progress, RoundReport& report) {
  CALVE_ASSIGN(const std::vector<std::string> pending, files.Find());
  for (const std::string& key : pending) {
    CALVE_TRY(CheckInterrupt("an ingest"));
    CALVE_ASSIGN(const flow::IngestReport ingested,
                 flow::Ingest(pipeline, key, progress));
    report.ingested_files += ingested.repeated ? 0 : 1;
    report.ingested_rows += ingested.repeated ? 0 : ingested.rows;
  }
  return {};
}

}  // namespace

int64_t RoundReport::quarantined() const {
  int64_t rows = 0;
  for (const flow::ModelReport& model : transform.models) {
    rows += model.gain.quarantined;
  }
  return rows;
}

bool RoundReport::empty() const {
  return extract.rows == 0 && ingested_files == 0 && transform.commits == 0;
}

Result<RoundReport> RunRound(const flow::Pipeline& pipeline, const Transformer& transform,
                             const std::string& select, Progress& progress,
                             flow::PendingFiles& files) {
  RoundReport report;
  const Stopwatch extract_time;
  CALVE_ASSIGN(report.extract, flow::Extract(pipeline, {}, progress));
  report.extract_seconds = extract_time.seconds();
  CALVE_TRY(CheckInterrupt("the extraction"));

  const Stopwatch ingest_time;
  CALVE_TRY(IngestPending(pipeline, files, progress, report));
  report.ingest_seconds = ingest_time.seconds();
  CALVE_TRY(CheckInterrupt("the ingest"));

  const Stopwatch transform_time;
  CALVE_ASSIGN(report.transform, transform(pipeline, {.select = select}, progress));
  report.transform_seconds = transform_time.seconds();
  return report;
}

}  // namespace calve::app
