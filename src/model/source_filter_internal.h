#pragma once

/// \file model/source_filter_internal.h
/// Which events a flatten model takes, and which of its columns come from the payload.

#include <cstdint>
#include <string>

#include <arrow/array.h>

#include "contract/contract.h"
#include "core/event.h"

namespace calve::model {

/// Tells the events of the model's source table from others.
class SourceFilter {
 public:
  /// \param schemas  the column tbl_schema, and \param tables  tbl_name; outlive this
  SourceFilter(const arrow::Array& schemas, const arrow::Array& tables,
               const std::string& source_table)
      : schemas_(static_cast<const arrow::StringArray&>(schemas)),
        tables_(static_cast<const arrow::StringArray&>(tables)) {
    const size_t dot = source_table.find('.');
    schema_ = source_table.substr(0, dot);
    table_ = dot == std::string::npos ? "" : source_table.substr(dot + 1);
  }

  bool Has(int64_t row) const {
    return !tables_.IsNull(row) && !schemas_.IsNull(row) &&
           tables_.GetView(row) == table_ && schemas_.GetView(row) == schema_;
  }

 private:
  const arrow::StringArray& schemas_;
  const arrow::StringArray& tables_;
  std::string schema_;
  std::string table_;
};

/// The place in LandedEventSchema() of a column that flatten copies; -1 for one of the
/// payload.
inline int CopiedColumn(const contract::Column& column) {
  const int position = LandedEventSchema()->GetFieldIndex(column.name);
  return position == kRawDataColumn ? -1 : position;
}

}  // namespace calve::model
