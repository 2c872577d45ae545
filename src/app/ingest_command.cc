#include <memory>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/landing_flags.h"
#include "flow/ingest.h"

namespace calve::app {
namespace {

// Of the reference pipeline, which the containers that know no models are made for.
constexpr const char* kReferenceTable = "landing.ecomm_audit_log_dml";

struct IngestOptions {
  std::string key;
  std::string bucket;
  std::string target_table;
  int64_t batch_size = 0;  // accepted: one file is one commit, memory is bounded anyway
};

Result<Document> Ingest(Session& session, const IngestOptions& options) {
  PipelineNeeds needs{
      .landing = true, .catalog = true, .landing_table = options.target_table};
  CALVE_ASSIGN(Config config, session.LoadConfig(needs));
  if (options.target_table.empty() && config.models.empty()) {
    needs.landing_table = kReferenceTable;
  }
  CALVE_TRY(ApplyLandingFlags("--source-bucket", options.bucket, /*prefix=*/"", config));
  CALVE_ASSIGN(const flow::Pipeline pipeline,
               BuildPipeline(config, needs, session.environment()));
  CALVE_ASSIGN(const flow::IngestReport report,
               flow::Ingest(pipeline, options.key, session.progress()));
  if (report.repeated) {
    session.Say(fmt::format("{} is in {} already; nothing was added.", options.key,
                            pipeline.landing_table.text()));
  }
  Document document;
  document.always_one_json_line = true;
  Record& record = document.AddRecord();
  record.Add("total_rows", report.repeated ? int64_t{0} : report.rows);
  record.Add("s3_key", options.key);
  return document;
}

}  // namespace

void AddIngestCommand(Commands& commands) {
  auto options = std::make_shared<IngestOptions>();
  CommandOptions parser =
      commands.Add("ingest", "Add one landing file to the landing table, once",
                   [options](Session& session) { return Ingest(session, *options); });
  parser.Text("--s3-key,--key", options->key, "Key of the file, as extract printed it")
      .Required()
      .Text("--source-bucket", options->bucket, "Where the file is")
      .Text("--target-table", options->target_table,
            "The landing table (default: the one that the models read; without models "
            "landing.ecomm_audit_log_dml)")
      .Count("--batch-size", options->batch_size, "Rows held in memory at most");
}

}  // namespace calve::app
