#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "table/metadata/snapshot_json.h"
#include "table/metadata/table_metadata_json.h"
#include "table/schema/json_member.h"

namespace calve::table {
namespace {

using nlohmann::json;

constexpr int32_t kNewestFormatVersion = 3;
constexpr int32_t kLastIdWithoutPartitionFields = 999;
constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr int64_t kNoSnapshot = -1;  // As some writers say that there is none.

/// `schema` and `partition-spec` are version 1's, which later versions replaced.
constexpr std::string_view kKnownMembers[] = {"format-version",
                                              "table-uuid",
                                              "location",
                                              "last-sequence-number",
                                              "last-updated-ms",
                                              "last-column-id",
                                              "schemas",
                                              "current-schema-id",
                                              "partition-specs",
                                              "default-spec-id",
                                              "last-partition-id",
                                              "properties",
                                              "current-snapshot-id",
                                              "snapshots",
                                              "snapshot-log",
                                              "metadata-log",
                                              "sort-orders",
                                              "default-sort-order-id",
                                              "refs",
                                              "schema",
                                              "partition-spec"};

/// Reads one metadata file, member by member.
class MetadataReader {
 public:
  explicit MetadataReader(const json& root) : root_(root) {}

  Result<TableMetadata> Read() && {
    CALVE_TRY(ReadFormatVersion());
    CALVE_TRY(ReadTable());
    CALVE_TRY(ReadSchemas());
    CALVE_TRY(ReadPartitionSpecs());
    CALVE_TRY(ReadSortOrders());
    CALVE_TRY(ReadSnapshots());
    CALVE_TRY(ReadRefs());
    CALVE_TRY(ReadLogs());
    metadata_.unknown_members = UnknownMembers(root_, kKnownMembers);
    CALVE_TRY(CheckMetadata(metadata_));
    RaiseLastIds();
    return std::move(metadata_);
  }

 private:
  Status ReadFormatVersion() {
    CALVE_ASSIGN(const int32_t version, Member<int32_t>(root_, "format-version"));
    if (version < 1) {
      return MemberError("format-version", "there is no such version");
    }
    if (version > kNewestFormatVersion) {
      return Error{ErrorKind::kUnsupported,
                   fmt::format("format-version: {} is not known", version)};
    }
    version1_ = version == 1;
    metadata_.format_version = std::max(version, 2);
    return {};
  }

  Status ReadTable() {
    CALVE_ASSIGN(metadata_.table_uuid,
                 MemberUnlessVersion1<std::string>("table-uuid", ""));
    CALVE_ASSIGN(metadata_.location, Member<std::string>(root_, "location"));
    while (metadata_.location.ends_with('/')) {
      metadata_.location.pop_back();
    }
    CALVE_ASSIGN(metadata_.last_sequence_number,
                 MemberUnlessVersion1<int64_t>("last-sequence-number", 0));
    CALVE_ASSIGN(metadata_.last_updated_ms, Member<int64_t>(root_, "last-updated-ms"));
    CALVE_ASSIGN(metadata_.last_column_id, Member<int32_t>(root_, "last-column-id"));
    CALVE_ASSIGN(metadata_.properties, PropertiesMember(root_, "properties"));
    return {};
  }

  Status ReadSchemas() {
    if (version1_ && !Has("schemas")) {
      CALVE_ASSIGN(const json* only, AnyMember(root_, "schema"));
      auto schema = SchemaFromJson(*only);
      if (!schema) {
        return Within("schema", schema.error());
      }
      metadata_.current_schema_id = schema->schema_id;
      metadata_.schemas.push_back(*std::move(schema));
      return {};
    }
    CALVE_ASSIGN(metadata_.schemas,
                 ReadObjects<Schema>(root_, "schemas", SchemaFromJson));
    CALVE_ASSIGN(metadata_.current_schema_id,
                 Member<int32_t>(root_, "current-schema-id"));
    return {};
  }

  Status ReadPartitionSpecs() {
    CALVE_ASSIGN(metadata_.last_partition_id,
                 MemberUnlessVersion1<int32_t>("last-partition-id",
                                               kLastIdWithoutPartitionFields));
    if (version1_ && !Has("partition-specs")) {
      CALVE_ASSIGN(const json* fields, ArrayMember(root_, "partition-spec"));
      auto spec = PartitionSpecFromJson({{"spec-id", 0}, {"fields", *fields}});
      if (!spec) {
        return Within("partition-spec", spec.error());
      }
      metadata_.partition_specs.push_back(*std::move(spec));
      return {};
    }
    CALVE_ASSIGN(
        metadata_.partition_specs,
        ReadObjects<PartitionSpec>(root_, "partition-specs", PartitionSpecFromJson));
    CALVE_ASSIGN(metadata_.default_spec_id, Member<int32_t>(root_, "default-spec-id"));
    return {};
  }

  Status ReadSortOrders() {
    if (version1_ && !Has("sort-orders")) {
      metadata_.sort_orders.emplace_back();
      return {};
    }
    CALVE_ASSIGN(metadata_.sort_orders,
                 ReadObjects<SortOrder>(root_, "sort-orders", SortOrderFromJson));
    CALVE_ASSIGN(metadata_.default_sort_order_id,
                 Member<int32_t>(root_, "default-sort-order-id"));
    return {};
  }

  Status ReadSnapshots() {
    CALVE_ASSIGN(const auto current,
                 OptionalMember<int64_t>(root_, "current-snapshot-id"));
    if (current && *current != kNoSnapshot) {
      metadata_.current_snapshot_id = SnapshotId{*current};
    }
    CALVE_ASSIGN(metadata_.snapshots,
                 ReadOptionalObjects<Snapshot>("snapshots", SnapshotFromJson));
    if (version1_) {
      for (Snapshot& snapshot : metadata_.snapshots) {
        snapshot.sequence_number = 0;
      }
    }
    return {};
  }

  Status ReadRefs() {
    if (Has("refs") && !root_.at("refs").is_object()) {
      return MemberError("refs", "expected an object");
    }
    const json refs = Has("refs") ? root_.at("refs") : json::object();
    for (const auto& [name, value] : refs.items()) {
      CALVE_TRY(ReadRef(name, value));
    }
    if (metadata_.current_snapshot_id && !metadata_.refs.contains("main")) {
      metadata_.refs["main"].snapshot_id = *metadata_.current_snapshot_id;
    }
    return {};
  }

  Status ReadRef(const std::string& name, const json& value) {
    const std::string path = "refs." + name;
    if (!value.is_object()) {
      return MemberError(path, "expected an object");
    }
    auto ref = SnapshotRefFromJson(value);
    if (!ref) {
      return Within(path, ref.error());
    }
    metadata_.refs.emplace(name, *std::move(ref));
    return {};
  }

  Status ReadLogs() {
    CALVE_ASSIGN(metadata_.snapshot_log, ReadOptionalObjects<SnapshotLogEntry>(
                                             "snapshot-log", SnapshotLogEntryFromJson));
    CALVE_ASSIGN(metadata_.metadata_log, ReadOptionalObjects<MetadataLogEntry>(
                                             "metadata-log", MetadataLogEntryFromJson));
    return {};
  }

  /// An id in use beyond the last one would be given to another column.
  void RaiseLastIds() {
    for (const Schema& schema : metadata_.schemas) {
      metadata_.last_column_id =
          std::max(metadata_.last_column_id, schema.HighestFieldId().value);
    }
    for (const PartitionSpec& spec : metadata_.partition_specs) {
      for (const PartitionField& field : spec.fields) {
        metadata_.last_partition_id =
            std::max(metadata_.last_partition_id, field.field_id.value);
      }
    }
  }

  bool Has(std::string_view name) const {
    const auto it = root_.find(name);
    return it != root_.end() && !it->is_null();
  }

  template <typename T>
  Result<T> MemberUnlessVersion1(std::string_view name, T fallback) const {
    return version1_ && !Has(name) ? Result<T>(std::move(fallback))
                                   : Member<T>(root_, name);
  }

  template <typename T, typename Read>
  Result<std::vector<T>> ReadOptionalObjects(std::string_view name, Read read) const {
    return Has(name) ? ReadObjects<T>(root_, name, read)
                     : Result<std::vector<T>>(std::vector<T>());
  }

  const json& root_;  // Outlives this reader.
  bool version1_ = false;
  TableMetadata metadata_;
};

}  // namespace

Result<TableMetadata> TableMetadataFromJson(std::string_view text) {
  if (text.starts_with(kGzipMagic)) {
    return Error{ErrorKind::kUnsupported, "table metadata: compressed by gzip"};
  }
  CALVE_ASSIGN(const json root, ParseJson(text));
  if (!root.is_object()) {
    return Error{ErrorKind::kCorrupt, "table metadata: expected a JSON object"};
  }
  return MetadataReader(root).Read();
}

}  // namespace calve::table
