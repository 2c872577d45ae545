#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/event_files.h"

namespace calve::app {
namespace {

struct GenerateWords {
  std::string object_type = "order";
  int64_t orders = 0;
  int64_t events = 0;
  std::string output_file;
  uint64_t seed = 1;
  std::vector<std::string> after;
  int drift_columns = 0;
};

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
  if (!words.after.empty()) {
    options.mix = generate::kChangeMix;
  }
  CALVE_ASSIGN(const generate::GenerateSummary summary,
               GenerateFile(options, words.after, words.output_file, session.progress()));
  Document document;
  Record& record = document.AddRecord();
  record.Add("file", words.output_file);
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
      .Required()
      .Seed("--seed", words->seed, "The same seed gives the same events")
      .Texts("--after", words->after,
             "Earlier files, in order, whose orders are changed further")
      .UpTo("--drift-columns", words->drift_columns, generate::kMaxDriftColumns,
            "Payload columns that earlier files lack");
}

}  // namespace calve::app
