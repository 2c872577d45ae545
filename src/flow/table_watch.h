#pragma once

/// \file flow/table_watch.h
/// What another engine did to the models' tables, by their snapshots' summaries.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "flow/pipeline.h"
#include "flow/transform.h"

namespace calve::flow {

/// Remembers where the tables of a pipeline's models stood.
class TableWatch {
 public:
  /// Looks at the tables and their quarantines, as they now are.
  static Result<TableWatch> Begin(const Pipeline& pipeline);

  /// What the tables of these models have gained since: rows that were added, rows that
  /// were deleted or replaced, rows that went to quarantine, and the commits. Rows that a
  /// writer only moved (compaction) are none. `input_rows` is not known.
  Result<TransformReport> Gains(const Pipeline& pipeline,
                                const std::vector<const contract::Model*>& models) const;

 private:
  struct Mark {
    std::string table_uuid;
    int64_t last_sequence_number = 0;
  };
  struct Gain {
    int64_t inserted = 0;
    int64_t deleted = 0;
    int64_t commits = 0;
  };
  Result<Gain> GainOf(const Pipeline& pipeline, const table::TableName& name) const;

  std::map<table::TableName, Mark> marks_;
};

}  // namespace calve::flow
