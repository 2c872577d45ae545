#pragma once

/// \file capture/guard.h
/// What the guard of an audit table knows: how far each pipeline has extracted it. A row
/// may be removed once every pipeline that is known has it. The mark follows the ledger,
/// never leads it: where it can't be written, the guard only refuses more.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/cursor.h"
#include "capture/table_ref.h"
#include "core/result.h"
#include "io/postgres/connection.h"

namespace calve::capture {

enum class GuardAnswer {
  kNoGuard,     // there is none to tell
  kRecorded,    // it knows now, or did before
  kNotAllowed,  // this role, or a standby, may not write: the guard goes on refusing
};

/// Tells the guard that this pipeline's ledger holds all that `cursor` covers.
/// Requires: no transaction under way.
/// \param consumer  names the pipeline: the place of its ledger
Result<GuardAnswer> TellGuard(postgres::Connection& connection,
                              const TableRef& audit_table, const std::string& consumer,
                              const Cursor& cursor);

/// Of one pipeline.
struct GuardMark {
  std::string consumer;
  std::string mode;
  std::string covered;
  std::optional<int64_t> last_row_id;
  std::string recorded_at;  // ISO 8601
};

/// What the guard knows. \return kInvalidArgument where this role may not read it
Result<std::vector<GuardMark>> ReadGuardMarks(postgres::Connection& connection,
                                              const TableRef& audit_table);

}  // namespace calve::capture
