#include "app/report_parts.h"

namespace calve::app {

void AddRound(const RoundReport& report, const flow::CareReport& care,
              Document& document) {
  Record& run = document.AddRecord("run");
  run.Add("extracted_rows", report.extract.rows, CellFormat::kCount);
  run.Add("extracted_files", static_cast<int64_t>(report.extract.keys.size()));
  run.Add("ingested_rows", report.ingested_rows, CellFormat::kCount);
  run.Add("ingested_files", report.ingested_files);
  run.Add("commits", report.transform.commits);
  run.Add("quarantined", report.quarantined(), CellFormat::kCount);
  run.Add("compacted_files", care.compaction.removed_data_files, CellFormat::kCount);
  run.Add("extract_seconds", report.extract_seconds, CellFormat::kSeconds);
  run.Add("ingest_seconds", report.ingest_seconds, CellFormat::kSeconds);
  run.Add("transform_seconds", report.transform_seconds, CellFormat::kSeconds);
  AddModels(report.transform, document);
}

void AddHorizon(const std::optional<capture::Horizon>& horizon, Document& document) {
  Record& record = document.AddRecord("horizon");
  record.Add("holder", horizon ? Cell(capture::HolderName(horizon->holder)) : Cell());
  record.Add("pid", horizon && horizon->pid ? Cell(*horizon->pid) : Cell());
  record.Add("prepared",
             horizon && horizon->prepared ? Cell(*horizon->prepared) : Cell());
  record.Add("age_seconds",
             horizon && horizon->age_seconds ? Cell(*horizon->age_seconds) : Cell(),
             CellFormat::kSeconds);
  record.Add("rows_behind", horizon ? horizon->rows_behind : int64_t{0},
             CellFormat::kCount);
}

void AddModels(const flow::TransformReport& report, Document& document) {
  Table& table = document.AddTable({{"table"},
                                    {"input_rows", CellFormat::kCount},
                                    {"inserted", CellFormat::kCount},
                                    {"deleted", CellFormat::kCount},
                                    {"quarantined", CellFormat::kCount}},
                                   "models");
  for (const flow::ModelReport& model : report.models) {
    table.Add({model.table, report.input_known ? Cell(model.gain.input_rows) : Cell(),
               model.gain.inserted, model.gain.deleted, model.gain.quarantined});
  }
}

}  // namespace calve::app
