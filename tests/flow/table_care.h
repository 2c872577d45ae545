#pragma once

/// \file tests/flow/table_care.h
/// The care that another process gives to a pipeline's tables, as eagerly as may be.

#include <string>

#include "flow/flow_fixture.h"
#include "flow/maintain.h"

namespace calve::flow {

struct TableCare {
  bool compact = true;
  bool expire = true;
  std::string only = {};  // the table; empty: all of them
};

/// Compacts two files at a time, and expires all that nobody needs.
inline void TakeCare(Pipeline pipeline, const TableCare& care = {}) {
  pipeline.maintenance.compaction.files_per_merge = 2;
  pipeline.maintenance.compaction.worn_files = 1;
  pipeline.maintenance.expiry.max_snapshots = 1;
  for (const CaredTable& cared : Must(TablesUnderCare(pipeline, ""))) {
    if (!care.only.empty() && cared.name.text() != care.only) {
      continue;
    }
    if (care.compact) {
      Must(CompactTable(pipeline, cared, pipeline.maintenance.compaction, nullptr));
    }
    if (care.expire) {
      Must(ExpireTable(pipeline, cared, /*dry_run=*/false));
    }
  }
}

}  // namespace calve::flow
