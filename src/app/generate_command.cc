#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/event_files.h"
#include "app/event_loader.h"

namespace calve::app {
namespace {

constexpr int kPerMille = 1000;

struct GenerateWords {
  std::string object_type = "order";
  int64_t orders = 0;
  int64_t events = 0;
  std::string output_file;
  uint64_t seed = 1;
  std::vector<std::string> after;
  int drift_columns = 0;
  int late_per_mille = 10;
  int repeated_per_mille = 5;
  bool into_source = false;
  bool create_table = false;
  int64_t batch_size = 10'000;
};

/// Into a file, or straight into the source.
Result<generate::GenerateSummary> GenerateTo(Session& session, const GenerateWords& words,
                                             const generate::GenerateOptions& options) {
  if (!words.into_source) {
    return GenerateFile(options, words.after, words.output_file, session.progress());
  }
  CALVE_ASSIGN(const flow::Pipeline pipeline, session.LoadPipeline({.source = true}));
  return GenerateIntoSource(
      pipeline.source, options, words.after,
      {.batch_rows = words.batch_size, .create_table = words.create_table},
      session.progress());
}

Result<Document> Generate(Session& session, const GenerateWords& words) {
  if ((words.orders > 0) == (words.events > 0)) {
    return Error{ErrorKind::kInvalidArgument,
                 "generate needs --num-records or --events, one of the two"};
  }
  generate::GenerateOptions options;
  options.orders = words.orders;
  options.events = words.events;
  options.seed = words.seed;
  options.drift_columns = words.drift_columns;
  options.late_per_mille = static_cast<uint32_t>(words.late_per_mille);
  options.repeated_per_mille = static_cast<uint32_t>(words.repeated_per_mille);
  if (words.into_source == !words.output_file.empty()) {
    return Error{ErrorKind::kInvalidArgument,
                 "generate needs --output-file or --into-source, one of the two"};
  }
  if (!words.after.empty()) {
    options.mix = generate::kChangeMix;
  }
  CALVE_ASSIGN(const generate::GenerateSummary summary,
               GenerateTo(session, words, options));
  Document document;
  Record& record = document.AddRecord();
  record.Add("file", words.into_source ? Cell() : Cell(words.output_file));
  record.Add("events", summary.events, CellFormat::kCount);
  record.Add("inserts", summary.inserts, CellFormat::kCount);
  record.Add("updates", summary.updates, CellFormat::kCount);
  record.Add("deletes", summary.deletes, CellFormat::kCount);
  record.Add("new_orders", summary.new_orders, CellFormat::kCount);
  return document;
}

}  // namespace

void AddGenerateCommand(Commands& commands) {
  auto words = std::make_shared<GenerateWords>();
  CommandOptions parser =
      commands.Add("generate", "Write synthetic order events to a CSV file",
                   [words](Session& session) { return Generate(session, *words); });
  parser.Choice("--obj-type", words->object_type, {"order"}, "What to make")
      .Count("--num-records", words->orders,
             "So many orders, each with its updates and deletes")
      .Count("--events", words->events, "So many events instead")
      .Text("--output-file", words->output_file, "The CSV file to write")
      .Flag("--into-source", words->into_source,
            "Insert into the source's audit table instead")
      .Count("--batch-size", words->batch_size, "Rows of a transaction, into the source")
      .Flag("--create-table", words->create_table,
            "Create the audit table if it is not there")
      .Seed("--seed", words->seed, "The same seed gives the same events")
      .Texts("--after", words->after,
             "Earlier files, in order, whose orders are changed further")
      .UpTo("--drift-columns", words->drift_columns, generate::kMaxDriftColumns,
            "Payload columns that earlier files lack")
      .UpTo("--late-per-mille", words->late_per_mille, kPerMille,
            "Events in a thousand that come after their time")
      .UpTo("--repeated-per-mille", words->repeated_per_mille, kPerMille,
            "Events in a thousand that come twice");
}

}  // namespace calve::app
