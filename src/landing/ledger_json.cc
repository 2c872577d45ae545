#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "landing/json_internal.h"
#include "landing/ledger_json_internal.h"

namespace calve::landing {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int kVersion = 1;

ordered_json CursorJson(const std::string& cursor) {
  auto parsed = ordered_json::parse(cursor, /*cb=*/nullptr, /*allow_exceptions=*/false);
  return parsed.is_discarded() ? ordered_json() : parsed;
}

ordered_json FilesJson(const std::vector<LandedFile>& files) {
  ordered_json out = ordered_json::array();
  for (const LandedFile& file : files) {
    out.push_back({{"key", file.key},
                   {"sha256", file.sha256},
                   {"rows", file.rows},
                   {"bytes", file.bytes}});
  }
  return out;
}

Result<std::vector<LandedFile>> FilesOf(const json& object) {
  const auto it = object.find("files");
  if (it == object.end() || !it->is_array()) {
    return Error{ErrorKind::kCorrupt, "'files' is missing, or no array"};
  }
  std::vector<LandedFile> files;
  for (const json& file : *it) {
    LandedFile out;
    CALVE_ASSIGN(out.key, Member<std::string>(file, "key"));
    CALVE_ASSIGN(out.sha256, Member<std::string>(file, "sha256"));
    CALVE_ASSIGN(out.rows, Member<int64_t>(file, "rows"));
    CALVE_ASSIGN(out.bytes, Member<int64_t>(file, "bytes"));
    files.push_back(std::move(out));
  }
  return files;
}

/// The cursor's JSON text; empty for null.
Result<std::string> CursorOf(const json& object) {
  const auto it = object.find("cursor");
  if (it == object.end() || (!it->is_object() && !it->is_null())) {
    return Error{ErrorKind::kCorrupt, "'cursor' is missing, or no object"};
  }
  return it->is_null() ? std::string() : it->dump();
}

Status CheckVersion(const json& object) {
  CALVE_ASSIGN(const auto version, Member<int64_t>(object, "version"));
  if (version != kVersion) {
    return Error{ErrorKind::kUnsupported,
                 fmt::format("version {} of the ledger; this Calve knows version {}",
                             version, kVersion)};
  }
  return {};
}

Result<LedgerEntry> ToEntry(const json& object) {
  CALVE_TRY(CheckVersion(object));
  LedgerEntry entry;
  if (const auto label = object.find("interval"); label != object.end()) {
    CALVE_ASSIGN(entry.label, Member<std::string>(object, "interval"));
  }
  CALVE_ASSIGN(entry.attempt, Member<std::string>(object, "attempt"));
  CALVE_ASSIGN(const auto written_at, Member<std::string>(object, "written_at"));
  const auto time = ParseTimestamp(written_at);
  if (!time) {
    return Error{ErrorKind::kCorrupt, "'written_at' is no timestamp"};
  }
  entry.written_at = *time;
  CALVE_ASSIGN(entry.cursor, CursorOf(object));
  CALVE_ASSIGN(entry.files, FilesOf(object));
  return entry;
}

Result<LedgerCheckpoint> ToCheckpoint(const json& object) {
  CALVE_TRY(CheckVersion(object));
  LedgerCheckpoint checkpoint;
  CALVE_ASSIGN(checkpoint.cursor, CursorOf(object));
  const auto labels = object.find("intervals");
  const auto keys = object.find("keys");
  if (labels == object.end() || !labels->is_array() || keys == object.end() ||
      !keys->is_array()) {
    return Error{ErrorKind::kCorrupt, "'intervals' or 'keys' is missing, or no array"};
  }
  for (const json& label : *labels) {
    CALVE_ASSIGN(const auto name, Member<std::string>(label, "interval"));
    CALVE_ASSIGN(checkpoint.labels[name], FilesOf(label));
  }
  for (const json& key : *keys) {
    if (!key.is_string()) {
      return Error{ErrorKind::kCorrupt, "'keys' holds something else than texts"};
    }
    checkpoint.keys.push_back(key.get<std::string>());
  }
  return checkpoint;
}

template <typename T>
Result<T> At(const std::string& location, Result<T> result) {
  if (!result) {
    return Error{result.error().kind, location + ": " + result.error().message};
  }
  return result;
}

}  // namespace

std::string EntryToJson(int64_t number, const LedgerEntry& entry) {
  ordered_json out = {{"version", kVersion}, {"entry", number}};
  if (!entry.label.empty()) {
    out["interval"] = entry.label;
  }
  out["attempt"] = entry.attempt;
  out["written_at"] = FormatIsoTimestamp(entry.written_at);
  out["cursor"] = CursorJson(entry.cursor);
  out["files"] = FilesJson(entry.files);
  return ToText(out, /*indent=*/1);
}

Result<LedgerEntry> EntryFromJson(const std::string& text, const std::string& location) {
  CALVE_ASSIGN(const json object, ParseObject(text, location));
  return At(location, ToEntry(object));
}

std::string CheckpointToJson(int64_t number, const LedgerCheckpoint& checkpoint) {
  ordered_json labels = ordered_json::array();
  for (const auto& [label, files] : checkpoint.labels) {
    labels.push_back({{"interval", label}, {"files", FilesJson(files)}});
  }
  const ordered_json out = {{"version", kVersion},
                            {"through", number},
                            {"cursor", CursorJson(checkpoint.cursor)},
                            {"intervals", std::move(labels)},
                            {"keys", checkpoint.keys}};
  return ToText(out, /*indent=*/-1);
}

Result<LedgerCheckpoint> CheckpointFromJson(const std::string& text,
                                            const std::string& location) {
  CALVE_ASSIGN(const json object, ParseObject(text, location));
  return At(location, ToCheckpoint(object));
}

}  // namespace calve::landing
