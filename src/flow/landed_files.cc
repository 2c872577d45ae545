#include "flow/landed_files.h"

#include <optional>
#include <vector>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "core/event.h"
#include "table/scan/scan.h"

namespace calve::flow {
namespace {

/// The one key that all of a file's rows have, where its bounds prove it.
std::optional<std::string> OnlyKey(const table::DataFile& file, table::FieldId column) {
  const auto lower = file.lower_bounds.find(column.value);
  const auto upper = file.upper_bounds.find(column.value);
  // A key that was cut short would have its upper bound rounded up: these would differ.
  if (lower == file.lower_bounds.end() || upper == file.upper_bounds.end() ||
      lower->second != upper->second) {
    return std::nullopt;
  }
  return lower->second;
}

Status ReadKeys(io::ObjectStore& store, const table::ScanTask& task,
                const table::Field& column, const std::set<std::string>& keys,
                std::set<std::string>& landed) {
  const table::ReadOptions options{
      .projection = {.schema_id = 0, .fields = {column}, .identifier_field_ids = {}},
      .filters = {},
      .with_position = false,
      .positions = std::nullopt};
  CALVE_ASSIGN(const auto reader, table::ReadFile(store, task, options));
  while (true) {
    CALVE_ASSIGN(const auto batch, reader->Next());
    if (batch == nullptr) {
      return {};
    }
    const auto& values = static_cast<const arrow::StringArray&>(*batch->column(0));
    for (int64_t i = 0; i < values.length(); ++i) {
      if (values.IsValid(i)) {
        const std::string value = values.GetString(i);
        if (keys.contains(value)) {
          landed.insert(value);
        }
      }
    }
  }
}

}  // namespace

Result<std::set<std::string>> LandedKeys(io::ObjectStore& store,
                                         const table::TableMetadata& landing,
                                         const std::set<std::string>& keys) {
  std::set<std::string> landed;
  const table::Snapshot* snapshot = landing.current_snapshot();
  const std::string name = LandedEventSchema()->field(kSourceFileColumn)->name();
  const table::Field* column = landing.schema().Find(name);
  if (snapshot == nullptr || column == nullptr || keys.empty()) {
    return landed;
  }
  const std::vector<table::ColumnFilter> filters{
      {.column = column->id,
       .lower = table::Literal(*keys.begin()),
       .upper = table::Literal(*keys.rbegin()),
       .values = std::vector<table::Literal>(keys.begin(), keys.end())}};
  CALVE_ASSIGN(const auto tasks, table::PlanScan(store, landing, *snapshot, filters));
  for (const table::ScanTask& task : tasks) {
    if (const auto only = OnlyKey(task.file, column->id)) {
      if (keys.contains(*only)) {
        landed.insert(*only);
      }
    } else {
      CALVE_TRY(ReadKeys(store, task, *column, keys, landed));
    }
  }
  return landed;
}

}  // namespace calve::flow
