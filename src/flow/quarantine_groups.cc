#include "flow/quarantine_groups.h"

#include <map>
#include <tuple>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "core/event.h"
#include "flow/quarantine.h"

namespace calve::flow {
namespace {

using GroupKey = std::tuple<std::string, std::string, std::string>;

/// Adds a batch of `quarantined_at, rule, column_name, reason, audit_event_id,
/// discarded_at`.
void AddRows(const std::string& model, const arrow::RecordBatch& rows,
             std::map<GroupKey, QuarantineGroup>& groups) {
  const auto& at = static_cast<const arrow::TimestampArray&>(*rows.column(0));
  const auto& rules = static_cast<const arrow::StringArray&>(*rows.column(1));
  const auto& columns = static_cast<const arrow::StringArray&>(*rows.column(2));
  const auto& reasons = static_cast<const arrow::StringArray&>(*rows.column(3));
  const auto& ids = static_cast<const arrow::Int64Array&>(*rows.column(4));
  const arrow::Array& discarded = *rows.column(5);
  for (int64_t i = 0; i < rows.num_rows(); ++i) {
    const std::string rule = rules.GetString(i);
    const std::string column = columns.IsNull(i) ? std::string() : columns.GetString(i);
    const auto [it, added] = groups.try_emplace({model, rule, column});
    QuarantineGroup& group = it->second;
    const TimestampUs time{at.Value(i)};
    if (added) {
      group.model = model;
      group.rule = rule;
      group.column = column;
      group.oldest = time;
    }
    ++(discarded.IsNull(i) ? group.open : group.discarded);
    group.oldest = std::min(group.oldest, time);
    if (added || time >= group.newest) {
      group.newest = time;
      group.example_reason = reasons.IsNull(i) ? std::string() : reasons.GetString(i);
      group.example_id = ids.IsNull(i) ? std::nullopt : std::optional(ids.Value(i));
    }
  }
}

}  // namespace

Result<std::vector<QuarantineGroup>> GroupQuarantined(const Pipeline& pipeline,
                                                      const QuarantineFilter& filter) {
  const std::vector<std::string> columns{
      kQuarantinedAt,
      kRule,
      kColumnName,
      kReason,
      LandedEventSchema()->field(kEventIdColumn)->name(),
      kDiscardedAt};
  std::map<GroupKey, QuarantineGroup> groups;
  CALVE_ASSIGN(const auto tables, QuarantineTables(pipeline, filter));
  for (const table::LoadedTable& table : tables) {
    CALVE_TRY(VisitRowsOf(*pipeline.store, table, filter, columns,
                          [&](const QuarantinedRows& rows) -> Result<bool> {
                            AddRows(table.name.name, *rows.rows, groups);
                            return true;
                          }));
  }
  std::vector<QuarantineGroup> list;
  list.reserve(groups.size());
  for (auto& [key, group] : groups) {
    list.push_back(std::move(group));
  }
  return list;
}

}  // namespace calve::flow
