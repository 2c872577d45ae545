#include "table/scan/scan_task.h"

#include <utility>

namespace calve::table {

Result<std::shared_ptr<const NameMapping>> NameMappingOf(const TableMetadata& metadata) {
  const auto it = metadata.properties.find("schema.name-mapping.default");
  if (it == metadata.properties.end()) {
    return std::shared_ptr<const NameMapping>();
  }
  CALVE_ASSIGN(NameMapping names, NameMappingFromJson(it->second));
  return std::make_shared<const NameMapping>(std::move(names));
}

ScanTask MakeScanTask(const ScanSpec& spec, ManifestEntry entry,
                      std::shared_ptr<const NameMapping> names) {
  ScanTask task{.file = std::move(entry.file),
                .data_sequence_number = entry.data_sequence_number.value_or(0),
                .deletes = {},
                .constants = {},
                .names = std::move(names)};
  for (size_t i = 0; i < spec.spec.fields.size(); ++i) {
    const PartitionField& field = spec.spec.fields[i];
    const std::optional<Literal>& value = task.file.partition[i];
    if (field.transform.kind == TransformKind::kIdentity && value) {
      task.constants.push_back({.column = field.source_id,
                                .type = spec.partition_type.children[i].type,
                                .value = *value});
    }
  }
  return task;
}

}  // namespace calve::table
