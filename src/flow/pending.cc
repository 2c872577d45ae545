#include "flow/pending.h"

#include <utility>

namespace calve::flow {

Result<std::optional<Pending>> FindPending(io::ObjectStore& store,
                                           const table::TableMetadata& upstream,
                                           const std::optional<UpstreamPoint>& from) {
  const std::optional<UpstreamPoint> to = CurrentPoint(upstream);
  if (!to || HasConsumed(upstream, from)) {
    return std::optional<Pending>{};
  }
  const table::Snapshot& current = *upstream.current_snapshot();
  if (from && from->table_uuid == upstream.table_uuid) {
    CALVE_ASSIGN(auto appended, table::PlanIncrementalAppend(store, upstream,
                                                             from->snapshot_id, current));
    if (appended) {
      return std::optional<Pending>{{*std::move(appended), *to, /*rescan=*/false}};
    }
  }
  CALVE_ASSIGN(auto all, table::PlanScan(store, upstream, current, /*filters=*/{}));
  return std::optional<Pending>{{std::move(all), *to, /*rescan=*/from.has_value()}};
}

}  // namespace calve::flow
