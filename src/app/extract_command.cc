#include <memory>
#include <optional>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "app/commands.h"
#include "app/landing_flags.h"
#include "flow/extract.h"

namespace calve::app {
namespace {

struct ExtractOptions {
  std::string interval_start;
  std::string interval_end;
  int64_t batch_size = 0;  // rows per file; 0: as configured
  std::string bucket;
  std::string prefix;
  bool window = false;
};

Result<TimestampUs> ParseMoment(const std::string& flag, const std::string& text) {
  auto moment = ParseTimestamp(text);
  if (!moment) {
    return Error{
        ErrorKind::kInvalidArgument,
        fmt::format("{} must be a time such as 2025-01-31T00:00:00Z, but is \"{}\"", flag,
                    text)};
  }
  return *moment;
}

Result<flow::ExtractRequest> ToRequest(const ExtractOptions& options) {
  flow::ExtractRequest request;
  request.window = options.window;
  if (options.interval_start.empty() != options.interval_end.empty()) {
    return Error{ErrorKind::kInvalidArgument,
                 "--data-interval-start and --data-interval-end go together; give both"};
  }
  if (options.interval_start.empty()) {
    if (options.window) {
      return Error{ErrorKind::kInvalidArgument,
                   "--window needs --data-interval-start and --data-interval-end"};
    }
    return request;
  }
  CALVE_ASSIGN(const TimestampUs start,
               ParseMoment("--data-interval-start", options.interval_start));
  CALVE_ASSIGN(const TimestampUs end,
               ParseMoment("--data-interval-end", options.interval_end));
  if (end < start) {
    return Error{ErrorKind::kInvalidArgument,
                 "--data-interval-end lies before --data-interval-start"};
  }
  request.interval = flow::DataInterval{start, end};
  return request;
}

Result<Document> Extract(Session& session, const ExtractOptions& options) {
  CALVE_ASSIGN(const flow::ExtractRequest request, ToRequest(options));
  const PipelineNeeds needs{.source = true, .landing = true};
  CALVE_ASSIGN(Config config, session.LoadConfig(needs));
  CALVE_TRY(ApplyLandingFlags("--target-bucket", options.bucket, options.prefix, config));
  if (options.batch_size > 0) {
    config.limits.rows_per_file = options.batch_size;
  }
  CALVE_ASSIGN(const flow::Pipeline pipeline,
               BuildPipeline(config, needs, session.environment()));
  CALVE_ASSIGN(const flow::ExtractReport report,
               flow::Extract(pipeline, request, session.progress()));
  session.Say(
      report.repeated
          ? std::string("This interval was extracted before; these are its files.")
          : fmt::format("{} events extracted.", FormatCount(report.rows)));
  for (const flow::ExtractWarning& warning : report.warnings) {
    spdlog::warn("{}", warning.text);
  }
  Document document;
  document.always_one_json_line = true;
  Record& record = document.AddRecord();
  record.Add("extracted_files", report.keys);
  record.Add("count", static_cast<int64_t>(report.keys.size()));
  return document;
}

}  // namespace

void AddExtractCommand(Commands& commands) {
  auto options = std::make_shared<ExtractOptions>();
  CommandOptions parser =
      commands.Add("extract", "Write what is new in the audit log to landing files",
                   [options](Session& session) { return Extract(session, *options); });
  parser
      .Text("--data-interval-start", options->interval_start,
            "Start of the data interval, a label of this extraction")
      .Text("--data-interval-end", options->interval_end,
            "End of the data interval; its date stands in the files' keys")
      .Count("--batch-size", options->batch_size, "Rows of a file at most")
      .Text("--target-bucket", options->bucket, "Where the files go")
      .Text("--target-prefix", options->prefix, "What the files' keys start with")
      .Flag("--window", options->window,
            "Extract by audit_timestamp within the interval again: a backfill");
}

}  // namespace calve::app
