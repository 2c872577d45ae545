#include "table/scan/file_pruning.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "table/data/partition_rows.h"
#include "table/scan/filter.h"
#include "table/schema/literal_access.h"

namespace calve::table {
namespace {

/// The snapshot's schema goes first: its columns are those that are read.
const Field* FindColumn(const TableMetadata& metadata, const Snapshot& snapshot,
                        const ColumnFilter& filter) {
  for (const Schema* schema : {&metadata.SchemaOf(snapshot), &metadata.schema()}) {
    const Field* field = schema->Find(filter.column);
    if (field != nullptr && FitsType(filter, field->type)) {
      return field;
    }
  }
  return nullptr;
}

/// The current schema, with source columns that were dropped since.
Schema SchemaFor(const PartitionSpec& spec, const TableMetadata& metadata) {
  Schema schema = metadata.schema();
  for (const PartitionField& field : spec.fields) {
    for (auto older = metadata.schemas.rbegin();
         older != metadata.schemas.rend() && schema.Find(field.source_id) == nullptr;
         ++older) {
      if (const Field* dropped = older->Find(field.source_id)) {
        schema.fields.push_back(*dropped);
      }
    }
  }
  return schema;
}

/// A bound that can't be decoded tells nothing.
std::optional<Literal> Decoded(const Type& type, const std::string* bytes) {
  if (bytes == nullptr) {
    return std::nullopt;
  }
  Result<Literal> literal = DecodeLiteral(type, *bytes);
  return literal ? std::optional<Literal>(*std::move(literal)) : std::nullopt;
}

template <typename Map>
auto FindOrNull(const Map& map, int32_t id) {
  const auto it = map.find(id);
  return it == map.end() ? nullptr : &it->second;
}

/// Widens bounds of UUIDs that may have been gathered from several by Iceberg's Java
/// library, which long compared them as two signed numbers (apache/iceberg#14216): it
/// took one with the first bit of a half set for less than one without.
ValueRange WithoutSigns(ValueRange range) {
  constexpr size_t kHalf = 8;
  const auto has_sign = [](const Literal& uuid, size_t half) {
    return (static_cast<unsigned char>(std::get<std::string>(uuid)[half]) & 0x80U) != 0;
  };
  if (range.lower && has_sign(*range.lower, 0)) {
    range.lower.reset();
  } else if (range.lower && has_sign(*range.lower, kHalf)) {
    std::get<std::string>(*range.lower).replace(kHalf, kHalf, kHalf, '\0');
  }
  if (range.upper && !has_sign(*range.upper, 0)) {
    range.upper.reset();
  } else if (range.upper && !has_sign(*range.upper, kHalf)) {
    std::get<std::string>(*range.upper).replace(kHalf, kHalf, kHalf, '\xFF');
  }
  return range;
}

bool SummaryMayMatch(const ColumnFilter& filter, const Type& type,
                     const FieldSummary& summary) {
  const auto* lower = summary.lower_bound ? &*summary.lower_bound : nullptr;
  const auto* upper = summary.upper_bound ? &*summary.upper_bound : nullptr;
  if (lower == nullptr && upper == nullptr) {
    // No bounds: all are null or NaN, which match nothing, where the writer says so.
    return !summary.contains_null && !summary.contains_nan.value_or(false);
  }
  ValueRange range{.lower = Decoded(type, lower), .upper = Decoded(type, upper)};
  return MayMatch(filter, type.id == TypeId::kUuid ? WithoutSigns(std::move(range))
                                                   : std::move(range));
}

bool AllNull(const DataFile& file, int32_t id) {
  const int64_t* nulls = FindOrNull(file.null_value_counts, id);
  const int64_t* values = FindOrNull(file.value_counts, id);
  return nulls != nullptr && values != nullptr && *nulls == *values && *values > 0;
}

Result<ScanSpec> MakeScanSpec(const PartitionSpec& spec, const TableMetadata& metadata) {
  ScanSpec scan_spec;
  scan_spec.spec = spec;
  scan_spec.schema = SchemaFor(spec, metadata);
  CALVE_ASSIGN(scan_spec.partition_type, PartitionType(spec, scan_spec.schema));
  return scan_spec;
}

void ProjectOnto(const ColumnFilter& filter, const Type& type, ScanSpec& scan_spec) {
  for (size_t field = 0; field < scan_spec.spec.fields.size(); ++field) {
    const PartitionField& partition = scan_spec.spec.fields[field];
    if (partition.source_id != filter.column) {
      continue;
    }
    if (auto projected = ProjectFilter(filter, type, partition.transform);
        projected &&
        FitsType(*projected, scan_spec.partition_type.children[field].type)) {
      scan_spec.filters.push_back({.field = field, .filter = *std::move(projected)});
    }
  }
}

}  // namespace

std::string ScanSpec::KeyOf(const DataFile& file) const {
  return fmt::format("{}/{}", spec.spec_id, PartitionKey(partition_type, file.partition));
}

Result<FilePruner> FilePruner::Make(const TableMetadata& metadata,
                                    const Snapshot& snapshot,
                                    const std::vector<ColumnFilter>& filters) {
  CALVE_TRY(CheckFilters(filters));
  FilePruner pruner;
  for (const ColumnFilter& filter : filters) {
    const Field* column = FindColumn(metadata, snapshot, filter);
    if (column == nullptr) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("filter on a column that is not there or of another "
                               "type: id {}",
                               filter.column.value)};
    }
    if (IsSelective(filter)) {
      pruner.filters_.push_back({.filter = filter, .type = column->type});
    }
  }
  for (const PartitionSpec& spec : metadata.partition_specs) {
    CALVE_ASSIGN(ScanSpec scan_spec, MakeScanSpec(spec, metadata));
    for (const TypedFilter& typed : pruner.filters_) {
      ProjectOnto(typed.filter, typed.type, scan_spec);
    }
    pruner.specs_.emplace(spec.spec_id, std::move(scan_spec));
  }
  return pruner;
}

Result<const ScanSpec*> FilePruner::FindSpec(int32_t spec_id) const {
  const ScanSpec* spec = FindOrNull(specs_, spec_id);
  if (spec == nullptr) {
    return Error{ErrorKind::kCorrupt,
                 fmt::format("the table has no partition spec with id {}", spec_id)};
  }
  return spec;
}

bool FilePruner::MayMatch(const ScanSpec& spec, const ManifestFile& manifest) const {
  if (manifest.partitions.size() != spec.spec.fields.size()) {
    return true;
  }
  return std::ranges::all_of(spec.filters, [&](const ScanSpec::Projected& projected) {
    return SummaryMayMatch(projected.filter,
                           spec.partition_type.children[projected.field].type,
                           manifest.partitions[projected.field]);
  });
}

bool FilePruner::PartitionMayMatch(const ScanSpec& spec, const DataFile& file) const {
  return std::ranges::all_of(spec.filters, [&](const ScanSpec::Projected& projected) {
    const std::optional<Literal>& value = file.partition[projected.field];
    return value && !IsNan(*value) &&
           table::MayMatch(projected.filter, {.lower = value, .upper = value});
  });
}

bool FilePruner::MayMatch(const ScanSpec& spec, const DataFile& file) const {
  if (!PartitionMayMatch(spec, file)) {
    return false;
  }
  return std::ranges::all_of(filters_, [&](const TypedFilter& typed) {
    const int32_t id = typed.filter.column.value;
    ValueRange range{.lower = Decoded(typed.type, FindOrNull(file.lower_bounds, id)),
                     .upper = Decoded(typed.type, FindOrNull(file.upper_bounds, id))};
    // Those of a file of one row group were compared with none.
    if (typed.type.id == TypeId::kUuid && file.split_offsets.size() != 1) {
      range = WithoutSigns(std::move(range));
    }
    return !AllNull(file, id) && table::MayMatch(typed.filter, range);
  });
}

}  // namespace calve::table
