#include "app/table_view.h"

#include <charconv>
#include <filesystem>

#include <fmt/format.h>

#include "io/local_store.h"
#include "table/metadata/number_property.h"

namespace calve::app {
namespace {

constexpr int64_t kMicrosPerMilli = 1000;

std::optional<int64_t> WholeNumber(const std::string& text) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

SnapshotTotals TotalsOf(const table::Snapshot& snapshot) {
  SnapshotTotals totals;
  if (const auto records = table::IntegerIn(snapshot.summary, "total-records")) {
    totals.rows =
        *records -
        table::IntegerIn(snapshot.summary, "total-position-deletes").value_or(0);
  }
  totals.data_files = table::IntegerIn(snapshot.summary, "total-data-files");
  totals.delete_files = table::IntegerIn(snapshot.summary, "total-delete-files");
  totals.bytes = table::IntegerIn(snapshot.summary, "total-files-size");
  return totals;
}

TimestampUs TimeOf(const table::Snapshot& snapshot) {
  return {snapshot.timestamp_ms * kMicrosPerMilli};
}

Result<const table::Snapshot*> FindSnapshot(const table::TableMetadata& metadata,
                                            const std::string& text) {
  const table::Snapshot* snapshot = nullptr;
  if (text.empty() || text == "current") {
    snapshot = metadata.current_snapshot();
    if (snapshot == nullptr) {
      return Error{ErrorKind::kNotFound, "the table is empty and has no snapshot yet"};
    }
    return snapshot;
  }
  if (const auto id = WholeNumber(text)) {
    snapshot = metadata.FindSnapshot({*id});
  } else {
    const auto time = ParseTimestamp(text);
    if (!time) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("\"{}\" is no snapshot: give an id of `calve table "
                               "snapshots`, or a time such as 2025-01-31T12:00:00Z",
                               text)};
    }
    snapshot = metadata.SnapshotAsOf(*time);
  }
  if (snapshot == nullptr) {
    return Error{
        ErrorKind::kNotFound,
        fmt::format("the table has no snapshot {}; `calve table snapshots` lists "
                    "those it has",
                    text)};
  }
  return snapshot;
}

std::string TypeText(const table::Type& type) {
  if (!type.is_nested()) {
    return table::PrimitiveTypeName(type);
  }
  std::string inside;
  for (const table::Field& child : type.children) {
    inside += inside.empty() ? "" : ", ";
    inside += type.id == table::TypeId::kStruct ? child.name + ": " : "";
    inside += TypeText(child.type);
  }
  const char* name = type.id == table::TypeId::kStruct ? "struct"
                     : type.id == table::TypeId::kList ? "list"
                                                       : "map";
  return fmt::format("{}<{}>", name, inside);
}

std::string PathText(const std::string& location) {
  const auto path = io::LocalPath(location);
  return path ? *path : location;
}

std::string ScratchFolder() {
  std::error_code error;
  const std::string folder = std::filesystem::temp_directory_path(error).string();
  return error ? "/tmp" : folder;
}

}  // namespace calve::app
