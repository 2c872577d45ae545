#include "flow/table_watch.h"

#include <utility>

#include "flow/model_table.h"
#include "flow/quarantine.h"
#include "table/metadata/number_property.h"

namespace calve::flow {
namespace {

int64_t Count(const table::Snapshot& snapshot, const char* name) {
  return table::NumberIn(snapshot.summary, name).value_or(0);
}

}  // namespace

Result<TableWatch> TableWatch::Begin(const Pipeline& pipeline) {
  TableWatch watch;
  for (const contract::Model& model : pipeline.project.models) {
    for (const table::TableName& name :
         {TableNameOf(model), table::TableName{kQuarantineNamespace, model.name}}) {
      CALVE_ASSIGN(const auto table, TryLoadTable(pipeline, name));
      if (table) {
        watch.marks_[name] = {table->metadata.table_uuid,
                              table->metadata.last_sequence_number};
      }
    }
  }
  return watch;
}

Result<TableWatch::Gain> TableWatch::GainOf(const Pipeline& pipeline,
                                            const table::TableName& name) const {
  Gain gain;
  CALVE_ASSIGN(const auto table, TryLoadTable(pipeline, name));
  if (!table) {
    return gain;
  }
  const table::TableMetadata& metadata = table->metadata;
  const auto mark = marks_.find(name);
  // A table under another UUID is another table: all of it is new.
  const int64_t known =
      mark != marks_.end() && mark->second.table_uuid == metadata.table_uuid
          ? mark->second.last_sequence_number
          : 0;
  for (const table::Snapshot& snapshot : metadata.snapshots) {
    if (snapshot.sequence_number > known && snapshot.operation() != "replace") {
      gain.inserted += Count(snapshot, "added-records");
      gain.deleted +=
          Count(snapshot, "added-position-deletes") + Count(snapshot, "deleted-records");
      ++gain.commits;
    }
  }
  return gain;
}

Result<TransformReport> TableWatch::Gains(
    const Pipeline& pipeline, const std::vector<const contract::Model*>& models) const {
  TransformReport report{.models = {}, .commits = 0, .input_known = false};
  for (const contract::Model* model : models) {
    CALVE_ASSIGN(const Gain gain, GainOf(pipeline, TableNameOf(*model)));
    CALVE_ASSIGN(const Gain quarantine,
                 GainOf(pipeline, {kQuarantineNamespace, model->name}));
    report.models.push_back({.table = model->table(),
                             .gain = {.inserted = gain.inserted,
                                      .deleted = gain.deleted,
                                      .quarantined = quarantine.inserted}});
    report.commits += gain.commits + quarantine.commits;
  }
  return report;
}

}  // namespace calve::flow
