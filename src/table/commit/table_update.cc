#include "table/commit/table_update.h"

#include <algorithm>
#include <set>
#include <utility>

#include "table/commit/column_names_internal.h"

namespace calve::table {
namespace {

Error Invalid(const LoadedTable& table, const std::string& what) {
  return {ErrorKind::kInvalidArgument, "table " + table.name.text() + ": " + what};
}

Field* FindColumn(Schema& schema, FieldId id) {
  const auto it = std::find_if(schema.fields.begin(), schema.fields.end(),
                               [id](const Field& field) { return field.id == id; });
  return it == schema.fields.end() ? nullptr : &*it;
}

std::string NoColumn(FieldId id) {
  return "there is no column with id " + std::to_string(id.value);
}

bool IsUsed(const TableMetadata& metadata, FieldId column) {
  const auto by = [column](const auto& field) { return field.source_id == column; };
  const auto used = [&](const auto& owner) {
    return std::any_of(owner.fields.begin(), owner.fields.end(), by);
  };
  const auto& identifiers = metadata.schema().identifier_field_ids;
  return std::any_of(metadata.partition_specs.begin(), metadata.partition_specs.end(),
                     used) ||
         std::any_of(metadata.sort_orders.begin(), metadata.sort_orders.end(), used) ||
         std::find(identifiers.begin(), identifiers.end(), column) != identifiers.end();
}

/// What is wrong with a file that is to be added; empty if nothing.
std::string Flaw(const TableMetadata& metadata, const DataFile& file, bool is_delete) {
  if ((file.content != FileContent::kData) != is_delete) {
    return is_delete ? "a data file among the delete files: " + file.file_path
                     : "a delete file among the data files: " + file.file_path;
  }
  const PartitionSpec* spec = metadata.FindSpec(file.spec_id);
  if (spec == nullptr) {
    return "a file of an unknown partition spec: " + file.file_path;
  }
  if (spec->fields.size() != file.partition.size()) {
    return "a file whose partition does not fit its spec: " + file.file_path;
  }
  return "";
}

std::string Flaw(const TableMetadata& metadata, const FileChanges& changes) {
  std::set<std::string_view> paths;
  for (const auto* files : {&changes.added_data, &changes.added_deletes}) {
    for (const DataFile& file : *files) {
      std::string flaw = Flaw(metadata, file, files == &changes.added_deletes);
      if (flaw.empty() && !paths.insert(file.file_path).second) {
        flaw = "a file is added twice: " + file.file_path;
      }
      if (!flaw.empty()) {
        return flaw;
      }
    }
  }
  return "";
}

std::string OperationOf(const FileChanges& changes) {
  const bool removes = !changes.removed_data.empty() || !changes.removed_deletes.empty();
  if (changes.added_deletes.empty() && !removes) {
    return "append";
  }
  const bool only_deletes =
      changes.added_data.empty() &&
      !(changes.added_deletes.empty() && changes.removed_data.empty());
  return only_deletes ? "delete" : "overwrite";
}

}  // namespace

TableUpdate::TableUpdate(LoadedTable base, SnapshotId new_snapshot_id)
    : base_(std::move(base)),
      new_snapshot_id_(new_snapshot_id),
      metadata_(base_.metadata) {}

bool TableUpdate::empty() const {
  return !metadata_changed_ && !makes_snapshot() && !base_.metadata_location.empty();
}

bool TableUpdate::makes_snapshot() const {
  return changes_.has_value() || !summary_.empty();
}

Status TableUpdate::AddColumns(const std::vector<Field>& columns) {
  if (columns.empty()) {
    return {};
  }
  Schema schema = metadata_.schema();
  int32_t last_column_id = metadata_.last_column_id;
  for (const Field& column : columns) {
    if (column.required) {
      return Invalid(base_, "a new column cannot be required: " + column.name);
    }
    schema.fields.push_back(column);
  }
  const auto first = schema.fields.end() - static_cast<std::ptrdiff_t>(columns.size());
  AssignFreshIds(std::span(first, schema.fields.end()), last_column_id,
                 /*renamed=*/nullptr);
  CALVE_TRY(AdoptSchema(std::move(schema)));
  metadata_.last_column_id = last_column_id;
  return {};
}

Status TableUpdate::PromoteColumn(FieldId column, const Type& type) {
  Schema schema = metadata_.schema();
  Field* field = FindColumn(schema, column);
  if (field == nullptr) {
    return Invalid(base_, NoColumn(column));
  }
  if (field->type == type) {
    return {};
  }
  if (!CanPromote(field->type, type)) {
    return Invalid(base_, "the type of a column cannot change so: " + field->name);
  }
  field->type = type;
  return AdoptSchema(std::move(schema));
}

Status TableUpdate::MakeOptional(FieldId column) {
  Schema schema = metadata_.schema();
  Field* field = FindColumn(schema, column);
  if (field == nullptr) {
    return Invalid(base_, NoColumn(column));
  }
  const auto& identifiers = schema.identifier_field_ids;
  if (std::find(identifiers.begin(), identifiers.end(), column) != identifiers.end()) {
    return Invalid(base_, "an identifier cannot be optional: " + field->name);
  }
  if (!field->required) {
    return {};
  }
  field->required = false;
  return AdoptSchema(std::move(schema));
}

Status TableUpdate::RenameColumn(FieldId column, const std::string& name) {
  Schema schema = metadata_.schema();
  Field* field = FindColumn(schema, column);
  if (field == nullptr) {
    return Invalid(base_, NoColumn(column));
  }
  if (field->name == name) {
    return {};
  }
  field->name = name;
  return AdoptSchema(std::move(schema));
}

Status TableUpdate::DropColumn(FieldId column) {
  Schema schema = metadata_.schema();
  Field* field = FindColumn(schema, column);
  if (field == nullptr) {
    return Invalid(base_, NoColumn(column));
  }
  if (IsUsed(metadata_, column)) {
    return Invalid(base_,
                   "the column is used by a partition spec, a sort order or as an "
                   "identifier: " +
                       field->name);
  }
  std::erase_if(schema.fields, [column](const Field& it) { return it.id == column; });
  return AdoptSchema(std::move(schema));
}

/// Makes `schema` current: as a new version, or in place of one that this update made.
Status TableUpdate::AdoptSchema(Schema schema) {
  if (const auto flaw = FindNameFlaw(schema, metadata_.partition_spec())) {
    return Invalid(base_, *flaw);
  }
  const bool made_here = base_.metadata.FindSchema(schema.schema_id) == nullptr;
  if (made_here) {
    std::erase_if(metadata_.schemas,
                  [&](const Schema& it) { return it.schema_id == schema.schema_id; });
  } else {
    int32_t highest = 0;
    for (const Schema& it : metadata_.schemas) {
      highest = std::max(highest, it.schema_id);
    }
    schema.schema_id = highest + 1;
  }
  metadata_.current_schema_id = schema.schema_id;
  metadata_.schemas.push_back(std::move(schema));
  metadata_changed_ = true;
  return {};
}

void TableUpdate::SetProperty(const std::string& key, const std::string& value) {
  metadata_.properties[key] = value;
  metadata_changed_ = true;
}

void TableUpdate::RemoveProperty(const std::string& key) {
  metadata_changed_ = metadata_.properties.erase(key) > 0 || metadata_changed_;
}

Status TableUpdate::Append(std::vector<DataFile> files) {
  FileChanges changes;
  changes.added_data = std::move(files);
  return SetFiles(std::move(changes), "append");
}

Status TableUpdate::ChangeRows(FileChanges changes) {
  std::string operation = OperationOf(changes);
  return SetFiles(std::move(changes), std::move(operation));
}

Status TableUpdate::ReplaceFiles(FileChanges changes) {
  return SetFiles(std::move(changes), "replace");
}

Status TableUpdate::SetFiles(FileChanges changes, std::string operation) {
  if (changes_.has_value()) {
    return Invalid(base_, "an update makes one snapshot only");
  }
  if (const std::string flaw = Flaw(metadata_, changes); !flaw.empty()) {
    return Invalid(base_, flaw);
  }
  changes_ = std::move(changes);
  operation_ = std::move(operation);
  return {};
}

void TableUpdate::SetSummary(const std::string& key, const std::string& value) {
  summary_[key] = value;
}

Status TableUpdate::Rollback(SnapshotId to) {
  if (metadata_.FindSnapshot(to) == nullptr) {
    return Invalid(base_, "no such snapshot is retained: " + std::to_string(to.value));
  }
  metadata_.current_snapshot_id = to;
  metadata_.refs["main"].snapshot_id = to;
  metadata_changed_ = true;
  return {};
}

}  // namespace calve::table
