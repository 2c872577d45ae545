#include "landing/file_record.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "io/system.h"
#include "landing/json_internal.h"

namespace calve::landing {

Status RecordFile(io::ObjectStore& store, const std::string& root,
                  const std::string& prefix, const std::string& key,
                  const std::string& sha256) {
  const std::string location = fmt::format("{}/{}{}_calve/files/{}.json", root, prefix,
                                           prefix.empty() ? "" : "/", io::Sha256Hex(key));
  const nlohmann::ordered_json record = {
      {"version", 1}, {"key", key}, {"sha256", sha256}};
  Status put = store.PutIfAbsent(location, ToText(record, /*indent=*/1));
  if (put || put.error().kind != ErrorKind::kConflict) {
    return put;
  }
  CALVE_ASSIGN(const std::string text, io::ReadObject(store, location));
  CALVE_ASSIGN(const nlohmann::json kept, ParseObject(text, location));
  const auto recorded = Member<std::string>(kept, "sha256");
  if (!recorded) {
    return Error{recorded.error().kind, location + ": " + recorded.error().message};
  }
  if (*recorded != sha256) {
    return Error{
        ErrorKind::kCorrupt,
        fmt::format(
            "landing_file_changed: '{}' is not the file that was first seen under "
            "this key (sha256 {}, now {}); put the first content back, or land "
            "the new one under another key",
            key, *recorded, sha256)};
  }
  return {};
}

}  // namespace calve::landing
