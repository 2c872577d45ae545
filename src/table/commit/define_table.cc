#include <algorithm>
#include <set>
#include <utility>

#include "table/commit/column_names_internal.h"
#include "table/commit/metadata_files_internal.h"
#include "table/commit/table_update.h"

namespace calve::table {
namespace {

constexpr int32_t kFormatVersion = 2;
constexpr int32_t kFirstPartitionFieldId = 1000;
constexpr int32_t kFirstSortOrderId = 1;

/// Builds a table's first metadata from its definition, renumbering its columns.
class Definer {
 public:
  explicit Definer(const TableDefinition& definition) : definition_(definition) {}

  Result<TableMetadata> Define() {
    metadata_.format_version = kFormatVersion;
    metadata_.properties = definition_.properties;
    metadata_.properties.emplace("write.parquet.compression-codec", "zstd");
    metadata_.properties.emplace(kDeleteMetadataAfterCommit, "true");
    CALVE_TRY(DefineSchema());
    CALVE_TRY(DefineSpec());
    CALVE_TRY(DefineSortOrder());
    return std::move(metadata_);
  }

 private:
  Error Invalid(const std::string& what) const {
    return {ErrorKind::kInvalidArgument,
            "table " + definition_.name.text() + ": " + what};
  }

  Status DefineSchema() {
    Schema schema = definition_.schema;
    schema.schema_id = 0;
    AssignFreshIds(schema.fields, metadata_.last_column_id, &renamed_);
    for (FieldId& id : schema.identifier_field_ids) {
      CALVE_ASSIGN(id, Renamed(id));
    }
    if (const auto flaw = FindNameFlaw(schema, PartitionSpec{})) {
      return Invalid(*flaw);
    }
    metadata_.schemas.push_back(std::move(schema));
    return {};
  }

  Status DefineSpec() {
    PartitionSpec spec;
    std::set<std::string> names;
    for (PartitionField field : definition_.spec.fields) {
      CALVE_ASSIGN(field.source_id, CheckSource(field.source_id, field.transform));
      field.field_id.value = kFirstPartitionFieldId + static_cast<int32_t>(names.size());
      if (field.name.empty() || !names.insert(field.name).second) {
        return Invalid("a partition field's name is empty or taken: " + field.name);
      }
      metadata_.last_partition_id = field.field_id.value;
      spec.fields.push_back(std::move(field));
    }
    if (const auto flaw = FindNameFlaw(metadata_.schemas.front(), spec)) {
      return Invalid(*flaw);
    }
    metadata_.partition_specs.push_back(std::move(spec));
    return {};
  }

  Status DefineSortOrder() {
    SortOrder order;
    for (SortField field : definition_.sort_order.fields) {
      CALVE_ASSIGN(field.source_id, CheckSource(field.source_id, field.transform));
      order.fields.push_back(field);
    }
    order.order_id = order.fields.empty() ? 0 : kFirstSortOrderId;
    metadata_.default_sort_order_id = order.order_id;
    metadata_.sort_orders.push_back(std::move(order));
    return {};
  }

  Result<FieldId> Renamed(FieldId id) const {
    const auto it = renamed_.find(id.value);
    if (it == renamed_.end()) {
      return Invalid("there is no column with id " + std::to_string(id.value));
    }
    if (it->second.value == 0) {
      return Invalid("several columns have id " + std::to_string(id.value));
    }
    return it->second;
  }

  Result<FieldId> CheckSource(FieldId id, const Transform& transform) const {
    CALVE_ASSIGN(const FieldId fresh, Renamed(id));
    const Field* column = metadata_.schemas.front().Find(fresh);
    if (column == nullptr) {
      return Invalid("only top-level columns partition or sort a table: id " +
                     std::to_string(id.value));
    }
    const auto type = TransformResultType(transform, column->type);
    if (!type) {
      return Invalid(TransformName(transform) + " does not take the column " +
                     column->name);
    }
    return fresh;
  }

  const TableDefinition& definition_;  // Outlives this object.
  TableMetadata metadata_;
  std::map<int32_t, FieldId> renamed_;
};

/// Names become folders below the warehouse, and must stay there.
bool IsFolderName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) {
           return c == '/' || c == '\\' || c < 0x20 || c == 0x7F;
         });
}

std::string WithoutTrailingSlash(std::string location) {
  while (location.size() > 1 && location.back() == '/') {
    location.pop_back();
  }
  return location;
}

}  // namespace

Result<LoadedTable> DefineTable(const CommitContext& context,
                                const TableDefinition& definition) {
  const TableName& name = definition.name;
  if (definition.format_version != kFormatVersion) {
    return Error{ErrorKind::kUnsupported,
                 "table " + name.text() + ": only format version 2 can be written, not " +
                     std::to_string(definition.format_version)};
  }
  if (!IsFolderName(name.name_space) || !IsFolderName(name.name)) {
    return Error{ErrorKind::kInvalidArgument, "not a table's name: " + name.text()};
  }
  CALVE_ASSIGN(TableMetadata metadata, Definer(definition).Define());
  metadata.table_uuid = context.uuids->Next();
  metadata.location = WithoutTrailingSlash(definition.location.value_or(
      context.catalog->warehouse() + "/" + name.name_space + "/" + name.name));
  metadata.last_updated_ms = context.clock->Now().value / 1000;
  return LoadedTable{
      .name = name, .metadata_location = "", .metadata = std::move(metadata)};
}

}  // namespace calve::table
