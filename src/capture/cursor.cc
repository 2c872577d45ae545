#include "capture/cursor.h"

#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace calve::capture {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kXminName = "xmin";
constexpr std::string_view kAuditXidName = "audit_xid";

Error NotACursor(std::string_view what) {
  return Error{ErrorKind::kCorrupt, fmt::format("not a capture cursor: {}", what)};
}

std::optional<uint64_t> ToNumber(std::string_view text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return stop == end && error == std::errc() && !text.empty() ? std::optional(number)
                                                              : std::nullopt;
}

/// The text up to `mark`, which is taken off `rest` with it.
std::string_view TakeUpTo(char mark, std::string_view& rest) {
  const std::string_view part = rest.substr(0, rest.find(mark));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

template <typename T>
Result<T> Member(const json& object, const char* name) {
  const auto it = object.find(name);
  const bool fits =
      it != object.end() &&
      (std::is_same_v<T, std::string> ? it->is_string() : it->is_number_integer());
  if (!fits) {
    return NotACursor(fmt::format("'{}' is missing, or of another type", name));
  }
  return it->template get<T>();
}

Result<uint64_t> XidMember(const json& object, const char* name) {
  CALVE_ASSIGN(const auto text, Member<std::string>(object, name));
  const auto number = ToNumber(text);
  if (!number) {
    return NotACursor(fmt::format("'{}' is no transaction id", name));
  }
  return *number;
}

ordered_json SourceJson(const SourceIdentity& source) {
  ordered_json out = {{"system_identifier", source.system_identifier},
                      {"timeline", source.timeline},
                      {"table_oid", source.table_oid}};
  if (source.sequence_value) {
    out["sequence_value"] = *source.sequence_value;
  }
  if (source.last_row) {
    out["last_row"] = {{"id", source.last_row->id},
                       {"xid", std::to_string(source.last_row->xid)},
                       {"hash", source.last_row->hash}};
  }
  return out;
}

Result<SourceIdentity> SourceOf(const json& cursor) {
  const auto it = cursor.find("source");
  if (it == cursor.end() || !it->is_object()) {
    return NotACursor("'source' is missing, or no object");
  }
  SourceIdentity source;
  CALVE_ASSIGN(source.system_identifier, Member<std::string>(*it, "system_identifier"));
  CALVE_ASSIGN(source.timeline, Member<int64_t>(*it, "timeline"));
  CALVE_ASSIGN(source.table_oid, Member<int64_t>(*it, "table_oid"));
  if (it->contains("sequence_value")) {
    CALVE_ASSIGN(source.sequence_value, Member<int64_t>(*it, "sequence_value"));
  }
  if (const auto row = it->find("last_row"); row != it->end()) {
    if (!row->is_object()) {
      return NotACursor("'last_row' is no object");
    }
    RowMark mark;
    CALVE_ASSIGN(mark.id, Member<int64_t>(*row, "id"));
    CALVE_ASSIGN(mark.xid, XidMember(*row, "xid"));
    CALVE_ASSIGN(mark.hash, Member<std::string>(*row, "hash"));
    source.last_row = mark;
  }
  return source;
}

}  // namespace

std::string SnapshotText(const Snapshot& snapshot) {
  return fmt::format("{}:{}:{}", snapshot.xmin, snapshot.xmax,
                     fmt::join(snapshot.in_progress, ","));
}

Result<Snapshot> ParseSnapshot(std::string_view text) {
  const Error bad = {ErrorKind::kCorrupt, fmt::format("not a snapshot: '{}'", text)};
  std::string_view rest = text;
  const auto xmin = ToNumber(TakeUpTo(':', rest));
  const auto xmax = ToNumber(TakeUpTo(':', rest));
  if (!xmin || !xmax || *xmin > *xmax) {
    return bad;
  }
  Snapshot snapshot = {*xmin, *xmax, {}};
  while (!rest.empty()) {
    const auto xid = ToNumber(TakeUpTo(',', rest));
    const uint64_t least =
        snapshot.in_progress.empty() ? *xmin : snapshot.in_progress.back() + 1;
    if (!xid || *xid < least || *xid >= *xmax) {
      return bad;
    }
    snapshot.in_progress.push_back(*xid);
  }
  return snapshot;
}

std::string_view CursorModeName(CursorMode mode) {
  return mode == CursorMode::kXmin ? kXminName : kAuditXidName;
}

std::string CursorToJson(const Cursor& cursor) {
  ordered_json out = {{"mode", CursorModeName(cursor.mode)}};
  if (cursor.mode == CursorMode::kXmin) {
    out["xmin"] = std::to_string(cursor.covered.xmin);
  } else {
    out["snapshot"] = SnapshotText(cursor.covered);
    out["column"] = cursor.audit_xid_column;
  }
  out["source"] = SourceJson(cursor.source);
  return out.dump();
}

Result<Cursor> CursorFromJson(std::string_view text) {
  const json object = json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    return NotACursor("no JSON object");
  }
  Cursor cursor;
  CALVE_ASSIGN(const auto mode, Member<std::string>(object, "mode"));
  if (mode == kXminName) {
    CALVE_ASSIGN(const uint64_t xmin, XidMember(object, "xmin"));
    cursor.covered = {xmin, xmin, {}};
  } else if (mode == kAuditXidName) {
    cursor.mode = CursorMode::kAuditXid;
    CALVE_ASSIGN(const auto snapshot, Member<std::string>(object, "snapshot"));
    CALVE_ASSIGN(cursor.covered, ParseSnapshot(snapshot));
    CALVE_ASSIGN(cursor.audit_xid_column, Member<int>(object, "column"));
  } else {
    return Error{ErrorKind::kUnsupported,
                 fmt::format("a capture cursor of the unknown mode '{}'", mode)};
  }
  CALVE_ASSIGN(cursor.source, SourceOf(object));
  return cursor;
}

}  // namespace calve::capture
