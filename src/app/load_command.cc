#include <memory>

#include "app/commands.h"
#include "app/event_loader.h"

namespace calve::app {
namespace {

struct LoadWords {
  std::vector<std::string> files;
  int64_t batch_size = 10'000;
  bool strings = false;
  bool create = false;
};

Result<Document> Load(Session& session, const LoadWords& words) {
  CALVE_ASSIGN(const flow::Pipeline pipeline, session.LoadPipeline({.source = true}));
  CALVE_ASSIGN(const int64_t rows,
               LoadEventFiles(pipeline.source,
                              {.files = words.files,
                               .batch_rows = words.batch_size,
                               .style = words.strings ? generate::PayloadStyle::kStrings
                                                      : generate::PayloadStyle::kTyped,
                               .create_table = words.create},
                              session.progress()));
  Document document;
  Record& record = document.AddRecord();
  record.Add("table", pipeline.source.audit_table);
  record.Add("files", static_cast<int64_t>(words.files.size()));
  record.Add("rows", rows, CellFormat::kCount);
  return document;
}

}  // namespace

void AddLoadCommand(Commands& commands) {
  auto words = std::make_shared<LoadWords>();
  CommandOptions parser =
      commands.Add("load", "Insert event files into the source's audit table",
                   [words](Session& session) { return Load(session, *words); });
  parser.Texts("--source-files", words->files, "CSV files of `calve generate`")
      .Required()
      .Count("--batch-size", words->batch_size, "Rows of a transaction")
      .Flag("--strings", words->strings, "Write every payload value as a JSON string")
      .Flag("--create-table", words->create, "Create the audit table if it is not there");
}

}  // namespace calve::app
