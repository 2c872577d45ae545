#include "table/maintain/orphans.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "table/maintain/reachable_files.h"

namespace calve::table {
namespace {

std::string NameOf(const std::string& location) {
  return location.substr(location.rfind('/') + 1);
}

/// Of those who keep tables without a catalog.
constexpr std::string_view kVersionHint = "version-hint.text";

bool IsBelow(const std::string& location, const std::string& folder) {
  return location.size() > folder.size() && location.starts_with(folder) &&
         (folder.ends_with('/') || location[folder.size()] == '/');
}

/// The path's parts without empty ones, `.` and what `..` takes back.
std::string CleanPath(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part == ".." && !parts.empty()) {
      parts.pop_back();
    } else if (!part.empty() && part != "." && part != "..") {
      parts.push_back(part);
    }
  }
  std::string clean;
  for (const std::string_view part : parts) {
    clean += '/';
    clean += part;
  }
  return clean;
}

/// Whether an object was written after `newest_ms`, or may have been.
bool IsYoung(const io::ObjectInfo& object, int64_t newest_ms) {
  return !object.modified_ms || *object.modified_ms > newest_ms;
}

/// Listed files against reached ones.
class Sieve {
 public:
  Sieve(const std::set<std::string>& reached, const OrphanRequest& request,
        int64_t now_ms)
      : newest_ms_(now_ms - request.older_than.count()) {
    for (const std::string& location : reached) {
      reached_.insert(NormalizedLocation(location));
    }
    for (const std::string& folder : request.spared) {
      spared_.push_back(NormalizedLocation(folder));
    }
  }

  Orphans Sift(std::vector<io::ObjectInfo> listed) {
    const std::set<std::string> missing_names = NamesNotListed(listed);
    Orphans orphans;
    for (io::ObjectInfo& object : listed) {
      const std::string location = NormalizedLocation(object.location);
      if (reached_.contains(location) || IsSpared(location) ||
          IsYoung(object, newest_ms_) || NameOf(location) == kVersionHint) {
        continue;
      }
      if (missing_names.contains(NameOf(location))) {
        orphans.doubtful.push_back(std::move(object.location));
        continue;
      }
      orphans.bytes += static_cast<int64_t>(object.size_bytes);
      orphans.files.push_back(std::move(object));
    }
    return orphans;
  }

 private:
  std::set<std::string> NamesNotListed(const std::vector<io::ObjectInfo>& listed) const {
    std::set<std::string> missing = reached_;
    for (const io::ObjectInfo& object : listed) {
      missing.erase(NormalizedLocation(object.location));
    }
    std::set<std::string> names;
    for (const std::string& location : missing) {
      names.insert(NameOf(location));
    }
    return names;
  }

  bool IsSpared(const std::string& location) const {
    return std::ranges::any_of(
        spared_, [&](const std::string& folder) { return IsBelow(location, folder); });
  }

  int64_t newest_ms_;
  std::set<std::string> reached_;
  std::vector<std::string> spared_;
};

}  // namespace

std::string NormalizedLocation(const std::string& location) {
  constexpr std::string_view kFile = "file:";
  std::string_view rest = location;
  if (rest.starts_with(kFile)) {
    rest.remove_prefix(kFile.size());
    constexpr std::string_view kLocalhost = "//localhost/";
    if (rest.starts_with(kLocalhost)) {
      rest.remove_prefix(kLocalhost.size() - 1);
    }
    return CleanPath(rest);
  }
  if (rest.starts_with('/')) {
    return CleanPath(rest);
  }
  const size_t scheme = rest.find("://");
  if (scheme == std::string_view::npos) {
    return location;
  }
  std::string name(rest.substr(0, scheme));
  if (name == "s3a" || name == "s3n") {
    name = "s3";
  }
  return name + ":/" + CleanPath(rest.substr(scheme + 3));
}

Status CheckOrphanAge(std::chrono::milliseconds age) {
  if (age < kMinOrphanAge) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("files younger than {} days are never removed as orphans: a "
                             "writer may be about to commit them",
                             kMinOrphanAge.count() / 24)};
  }
  return {};
}

void KeepOlderThan(std::chrono::milliseconds age, int64_t now_ms,
                   std::vector<io::ObjectInfo>& objects) {
  std::erase_if(objects, [&](const io::ObjectInfo& object) {
    return IsYoung(object, now_ms - age.count());
  });
}

Result<Orphans> FindOrphans(io::ObjectStore& store, const LoadedTable& table,
                            const OrphanRequest& request, int64_t now_ms) {
  CALVE_TRY(CheckOrphanAge(request.older_than));
  const std::string& location = table.metadata.location;
  const std::string place = NormalizedLocation(location);
  for (const std::string& folder : request.spared) {
    const std::string spared = NormalizedLocation(folder);
    if (spared == place || IsBelow(place, spared)) {
      return Error{
          ErrorKind::kInvalidArgument,
          fmt::format("table {} lies in {}, which belongs to others: its orphans "
                      "can't be told from their files",
                      table.name.text(), folder)};
    }
  }
  // What is committed meanwhile is too young to be taken for an orphan.
  CALVE_ASSIGN(auto listed, store.List(location));
  CALVE_ASSIGN(auto unfinished, store.ListUnfinished(location));
  std::move(unfinished.begin(), unfinished.end(), std::back_inserter(listed));
  CALVE_ASSIGN(const auto reached,
               ReachableFiles(store, table.metadata, table.metadata_location));
  return Sieve(reached, request, now_ms).Sift(std::move(listed));
}

}  // namespace calve::table
