#include "capture/continuity.h"

#include <algorithm>

#include <fmt/format.h>

namespace calve::capture {
namespace {

constexpr std::string_view kStartOver =
    "start over from what it holds now: calve reset source --keep-rows --yes";

Error SourceChanged(std::string_view what) {
  return Error{
      ErrorKind::kCorrupt,
      fmt::format("source_changed: {}; connect to the former source again, or {}", what,
                  kStartOver)};
}

Error RowsLost(std::string_view what) {
  return Error{ErrorKind::kCorrupt,
               fmt::format("audit_rows_lost: {}; rows may be gone that were never read: "
                           "put the table's former content back, or {}. Whoever purges "
                           "the table must leave its newest row that was extracted",
                           what, kStartOver)};
}

Status CheckIdentity(const SourceIdentity& then, const SourceNow& now) {
  if (then.system_identifier != now.system_identifier) {
    return SourceChanged(fmt::format("system identifier {} was read, this server's is {}",
                                     then.system_identifier, now.system_identifier));
  }
  if (then.timeline != now.timeline) {
    return SourceChanged(
        fmt::format("timeline {} was read, this server is on {}; a standby was promoted, "
                    "or a backup restored, and the last transactions may be missing",
                    then.timeline, now.timeline));
  }
  if (then.table_oid != now.table_oid) {
    return SourceChanged(
        fmt::format("the audit table was dropped and made again (oid {}, now {})",
                    then.table_oid, now.table_oid));
  }
  return {};
}

Status CheckSequence(const SourceIdentity& then, const SourceNow& now) {
  if (!then.sequence_value || !now.sequence_value || !then.last_row) {
    return {};
  }
  // Ids given by hand may be ahead of the sequence: only its own past counts.
  const int64_t seen = std::min(*then.sequence_value, then.last_row->id);
  if (*now.sequence_value < seen) {
    return RowsLost(
        fmt::format("the sequence of audit_event_id is at {}, but id {} was "
                    "read (TRUNCATE … RESTART IDENTITY?)",
                    *now.sequence_value, seen));
  }
  return {};
}

Status CheckLastRow(const SourceIdentity& then, const SourceNow& now) {
  if (!then.last_row) {
    return {};
  }
  if (now.last_row_marks.empty()) {
    return RowsLost(fmt::format("the last row that was read, audit_event_id {}, is gone",
                                then.last_row->id));
  }
  if (std::find(now.last_row_marks.begin(), now.last_row_marks.end(), *then.last_row) ==
      now.last_row_marks.end()) {
    return RowsLost(
        fmt::format("the last row that was read, audit_event_id {}, was "
                    "changed or replaced",
                    then.last_row->id));
  }
  return {};
}

}  // namespace

Status CheckContinuity(const Cursor& since, const SourceNow& now) {
  CALVE_TRY(CheckIdentity(since.source, now));
  if (since.covered.xmax > now.view.snapshot.xmax) {
    return Error{
        ErrorKind::kCorrupt,
        fmt::format("cursor_ahead_of_source: transactions below {} were read, but "
                    "the source's next one is {}: it was set back, or is a "
                    "standby that lags; wait for the standby, connect to the "
                    "former source again, or {}",
                    since.covered.xmax, now.view.snapshot.xmax, kStartOver)};
  }
  CALVE_TRY(CheckSequence(since.source, now));
  return CheckLastRow(since.source, now);
}

}  // namespace calve::capture
