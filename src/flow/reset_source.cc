#include "flow/reset_source.h"

#include <fmt/format.h>

#include "capture/reset.h"
#include "flow/extract.h"
#include "landing/ledger.h"

namespace calve::flow {
namespace {

// Each lost race is an extraction that was won, and none can begin meanwhile.
constexpr int kResetAttempts = 100;

Result<int64_t> BeginEpoch(const Pipeline& pipeline) {
  for (int attempt = 0; attempt < kResetAttempts; ++attempt) {
    CALVE_ASSIGN(auto ledger,
                 landing::Ledger::Load(*pipeline.store,
                                       {pipeline.landing.root, pipeline.landing.prefix}));
    const Status appended = ledger.Append({.label = "",
                                           .attempt = pipeline.uuids->Next(),
                                           .written_at = pipeline.clock->Now(),
                                           .cursor = "",
                                           .files = {}});
    if (appended) {
      return ledger.last_number();
    }
    if (appended.error().kind != ErrorKind::kConflict) {
      return appended.error();
    }
  }
  return Error{
      ErrorKind::kConflict,
      fmt::format("lost the ledger to extractions {} times; stop them", kResetAttempts)};
}

}  // namespace

Result<ResetSourceReport> ResetSource(const Pipeline& pipeline, bool keep_rows) {
  CALVE_ASSIGN(const capture::TableRef table,
               capture::ParseTableRef(pipeline.source.audit_table));
  CALVE_ASSIGN(const auto connection, postgres::Connection::Open(pipeline.source.dsn));
  ResetSourceReport report;
  CALVE_TRY(capture::ResetAuditTable(
      *connection,
      {.audit_table = table, .consumer = ConsumerOf(pipeline), .truncate = !keep_rows},
      [&]() -> Status {
        CALVE_ASSIGN(report.ledger_entry, BeginEpoch(pipeline));
        return {};
      }));
  return report;
}

}  // namespace calve::flow
