#include "flow/refresh.h"

#include <set>
#include <utility>
#include <vector>

#include "flow/batch_commit.h"
#include "flow/model_table.h"
#include "flow/quarantine.h"
#include "flow/quarantined_rows.h"
#include "flow/table_contract.h"
#include "table/metadata/number_property.h"
#include "table/scan/scan.h"

namespace calve::flow {
namespace {

using table::LoadedTable;
using table::TableUpdate;

/// All files of the current snapshot, as removed ones.
Result<table::FileChanges> RemovalOfAll(const Pipeline& pipeline,
                                        const LoadedTable& table) {
  table::FileChanges changes;
  const table::Snapshot* current = table.metadata.current_snapshot();
  if (current == nullptr) {
    return changes;
  }
  CALVE_ASSIGN(const auto tasks, table::PlanScan(*pipeline.store, table.metadata,
                                                 *current, /*filters=*/{}));
  std::set<std::string> deletes;
  for (const table::ScanTask& task : tasks) {
    changes.removed_data.push_back(task.file.file_path);
    for (const table::DataFile& file : task.deletes) {
      deletes.insert(file.file_path);
    }
  }
  changes.removed_deletes.assign(deletes.begin(), deletes.end());
  return changes;
}

Status RemoveRows(const Pipeline& pipeline, TableUpdate& update) {
  CALVE_ASSIGN(table::FileChanges changes, RemovalOfAll(pipeline, update.base()));
  return changes.removed_data.empty() ? Status{} : update.ChangeRows(std::move(changes));
}

/// Gives the table the contract's columns, and no others.
Status AlignColumns(const contract::Model& model, TableUpdate& update) {
  CALVE_ASSIGN(const table::TableDefinition definition, DefinitionOf(model));
  const std::vector<table::Field> have = update.metadata().schema().fields;
  for (const table::Field& field : have) {
    const table::Field* want = definition.schema.Find(field.name);
    if (want == nullptr || want->type != field.type) {
      CALVE_TRY(update.DropColumn(field.id));
    } else if (field.required && !want->required) {
      CALVE_TRY(update.MakeOptional(field.id));
    }
  }
  std::vector<table::Field> missing;
  for (table::Field field : definition.schema.fields) {
    if (update.metadata().schema().Find(field.name) == nullptr) {
      field.required = false;  // As every column added to a table that has snapshots.
      missing.push_back(std::move(field));
    }
  }
  return update.AddColumns(missing);
}

}  // namespace

int64_t StoredRows(const table::TableMetadata& metadata) {
  const table::Snapshot* current = metadata.current_snapshot();
  return current == nullptr
             ? 0
             : table::NumberIn(current->summary, "total-records").value_or(0);
}

Result<LoadedTable> EmptyForRefresh(const Pipeline& pipeline,
                                    const contract::Model& model, LoadedTable table) {
  BatchCommit commit(pipeline);
  TableUpdate& update = commit.Begin(table);
  CALVE_TRY(AlignColumns(model, update));
  CALVE_TRY(RemoveRows(pipeline, update));
  RestateContract(model, update);
  CALVE_ASSIGN(const LoadedTable quarantine, OpenQuarantine(pipeline, model));
  if (Exists(quarantine)) {
    CALVE_ASSIGN(const auto written, RemoveOpenRows(pipeline, commit.Begin(quarantine)));
    commit.AddWritten(written);
  }
  CALVE_ASSIGN(const auto committed, commit.Commit());
  for (const LoadedTable& version : committed) {
    if (version.name == table.name) {
      return version;
    }
  }
  return table;
}

}  // namespace calve::flow
