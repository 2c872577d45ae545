#include "table/commit/transaction.h"

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "table/commit/commit_prepared_internal.h"
#include "table/commit/metadata_files_internal.h"
#include "table/metadata/table_metadata_json.h"

namespace calve::table {

/// A catalog on top of another one, which it never changes.
class StagedCatalog final : public Catalog {
 public:
  /// A table that was changed: where it stood at first, and where it stands now.
  struct Staged {
    std::optional<std::string> base;
    std::string current;
    std::vector<std::string> between;
  };

  /// \param under  outlives this catalog
  explicit StagedCatalog(Catalog& under) : under_(under) {}

  const std::string& warehouse() const override { return under_.warehouse(); }

  Status CreateNamespace(const std::string& name_space) override {
    return under_.CreateNamespace(name_space);
  }

  Result<std::vector<TableName>> ListTables() override {
    CALVE_ASSIGN(const auto tables, under_.ListTables());
    std::set<TableName> names(tables.begin(), tables.end());
    const std::lock_guard lock(mutex_);
    for (const auto& [name, table] : staged_) {
      names.insert(name);
    }
    return std::vector<TableName>(names.begin(), names.end());
  }

  Result<std::string> MetadataLocation(const TableName& name) override {
    const std::lock_guard lock(mutex_);
    const auto it = staged_.find(name);
    return it == staged_.end() ? under_.MetadataLocation(name) : it->second.current;
  }

  Status Commit(std::span<const PointerSwap> swaps) override {
    const std::lock_guard lock(mutex_);
    for (const PointerSwap& swap : swaps) {
      CALVE_TRY(Check(swap));
    }
    for (const PointerSwap& swap : swaps) {
      Apply(swap);
    }
    return {};
  }

  bool is_staged() const override { return true; }

  Status DropTable(const TableName& name) override {
    return Error{ErrorKind::kUnsupported,
                 "a transaction cannot drop a table: " + name.text()};
  }

  std::map<TableName, Staged> staged() const {
    const std::lock_guard lock(mutex_);
    return staged_;
  }

 private:
  Status Check(const PointerSwap& swap) {
    const auto it = staged_.find(swap.name);
    std::optional<std::string> current;
    if (it != staged_.end()) {
      current = it->second.current;
    } else {
      auto location = under_.MetadataLocation(swap.name);
      if (location) {
        current = *std::move(location);
      } else if (location.error().kind != ErrorKind::kNotFound) {
        return location.error();
      }
    }
    if (current != swap.expected_metadata_location) {
      return Error{ErrorKind::kConflict,
                   "another writer has changed the table: " + swap.name.text()};
    }
    return {};
  }

  void Apply(const PointerSwap& swap) {
    if (swap.expected_metadata_location == swap.metadata_location) {
      return;
    }
    const auto [it, added] = staged_.try_emplace(
        swap.name, Staged{swap.expected_metadata_location, swap.metadata_location, {}});
    if (!added) {
      it->second.between.push_back(
          std::exchange(it->second.current, swap.metadata_location));
    }
  }

  Catalog& under_;  // Outlives this catalog.
  mutable std::mutex mutex_;
  std::map<TableName, Staged> staged_;
};

namespace {

/// The last version of a table as the only one after its base.
Result<PreparedUpdate> Squash(const CommitContext& context, const TableName& name,
                              const StagedCatalog::Staged& staged) {
  CALVE_ASSIGN(TableMetadata metadata, ReadMetadataFile(*context.store, staged.current));
  TableMetadata base;
  if (staged.base) {
    CALVE_ASSIGN(base, ReadMetadataFile(*context.store, *staged.base));
  }
  metadata.snapshot_log = base.snapshot_log;
  if (metadata.current_snapshot_id &&
      metadata.current_snapshot_id != base.current_snapshot_id) {
    metadata.snapshot_log.push_back({.timestamp_ms = metadata.last_updated_ms,
                                     .snapshot_id = *metadata.current_snapshot_id});
  }
  metadata.metadata_log = base.metadata_log;
  PreparedUpdate prepared;
  if (staged.base) {
    prepared.dropped_metadata =
        LogMetadataFile(metadata, base.last_updated_ms, *staged.base);
  }
  prepared.swap = {.name = name,
                   .expected_metadata_location = staged.base,
                   .metadata_location = NextMetadataFile(
                       metadata, staged.base.value_or(""), context.uuids->Next())};
  prepared.written = {prepared.swap.metadata_location};
  CALVE_TRY(io::WriteObject(*context.store, prepared.swap.metadata_location,
                            TableMetadataToJson(metadata)));
  prepared.metadata = std::move(metadata);
  return prepared;
}

}  // namespace

Transaction::Transaction(const CommitContext& context)
    : context_(context), staged_(std::make_shared<StagedCatalog>(*context.catalog)) {}

Transaction::~Transaction() = default;

std::shared_ptr<Catalog> Transaction::catalog() const {
  return staged_;
}

Status Transaction::Publish() {
  std::vector<PreparedUpdate> prepared;
  std::vector<std::string> superseded;
  for (const auto& [name, staged] : staged_->staged()) {
    auto one = Squash(context_, name, staged);
    if (!one) {
      DeleteWritten(*context_.store, prepared);
      return one.error();
    }
    prepared.push_back(*std::move(one));
    superseded.insert(superseded.end(), staged.between.begin(), staged.between.end());
    superseded.push_back(staged.current);
  }
  if (prepared.empty()) {
    return {};
  }
  CALVE_TRY(CommitPrepared(context_, prepared));
  for (const std::string& location : superseded) {
    (void)context_.store->Delete(location).has_value();  // What stays is an orphan.
  }
  return {};
}

}  // namespace calve::table
