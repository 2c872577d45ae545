#include <algorithm>
#include <set>
#include <utility>

#include "table/commit/commit_prepared_internal.h"
#include "table/commit/table_update.h"
#include "table/metadata/table_metadata_json.h"

namespace calve::table {
namespace {

/// What the catalog says of a table whose commit got no clear reply.
enum class Fate {
  kApplied,  ///< Our metadata is the table's, or was before someone's later commit.
  kPending,  ///< The table is at its base: not applied, but a request may be on its way.
  kLost,     ///< Another writer's commit followed the base: ours can never apply.
  kMoved,    ///< Neither; the log does not reach back, or the table is gone.
  kUnreachable,  ///< The catalog or the metadata could not be read.
};

bool LogHas(const TableMetadata& metadata, const std::string& location) {
  return std::any_of(
      metadata.metadata_log.begin(), metadata.metadata_log.end(),
      [&](const MetadataLogEntry& entry) { return entry.metadata_file == location; });
}

/// Whether the table has the snapshot that the update made, if it made one: only such a
/// snapshot is of the same moment as its metadata.
bool HasNewSnapshot(const TableMetadata& table, const TableMetadata& update) {
  const Snapshot* snapshot = update.current_snapshot();
  return snapshot != nullptr && snapshot->timestamp_ms == update.last_updated_ms &&
         table.FindSnapshot(snapshot->snapshot_id) != nullptr;
}

/// Commits prepared updates, and finds out what became of a commit without a reply.
class Committer {
 public:
  Committer(const CommitContext& context, const std::vector<PreparedUpdate>& prepared)
      : context_(context), prepared_(prepared) {
    for (const PreparedUpdate& update : prepared) {
      swaps_.push_back(update.swap);
    }
  }

  Status Commit() {
    Status first = context_.catalog->Commit(swaps_);
    if (first || !MayHaveHappened(first.error())) {
      return first;
    }
    const Fate fate = Look();
    if (fate != Fate::kPending) {
      return Verdict(fate, first.error());
    }
    // A request that is still on its way may win against this one: so look once more.
    Status second = context_.catalog->Commit(swaps_);
    return second ? second : Verdict(Look(), second.error());
  }

 private:
  static bool MayHaveHappened(const Error& error) {
    return error.kind == ErrorKind::kCommitUnknown ||
           error.kind == ErrorKind::kUnavailable;
  }

  static Status Verdict(Fate fate, const Error& error) {
    switch (fate) {
      case Fate::kApplied:
        return {};
      case Fate::kLost:
        return Error{ErrorKind::kConflict, error.message};
      case Fate::kPending:
        return Error{ErrorKind::kUnavailable, error.message};
      case Fate::kMoved:
      case Fate::kUnreachable:
        break;
    }
    return Error{ErrorKind::kCommitUnknown,
                 "whether the commit took place cannot be told: " + error.message};
  }

  /// The fate of all, which is one: the swaps happen together.
  Fate Look() const {
    std::set<Fate> fates;
    for (const PreparedUpdate& update : prepared_) {
      if (update.swap.expected_metadata_location != update.swap.metadata_location) {
        fates.insert(FateOf(update));
      }
    }
    for (const Fate decisive : {Fate::kApplied, Fate::kLost, Fate::kUnreachable}) {
      if (fates.contains(decisive)) {
        return decisive;
      }
    }
    if (!fates.contains(Fate::kMoved)) {
      return Fate::kPending;
    }
    // One at its base proves that nothing was applied, one past it that nothing can be.
    return fates.contains(Fate::kPending) ? Fate::kLost : Fate::kMoved;
  }

  Fate FateOf(const PreparedUpdate& update) const {
    const PointerSwap& swap = update.swap;
    const auto location = context_.catalog->MetadataLocation(swap.name);
    if (!location) {
      const bool missing = location.error().kind == ErrorKind::kNotFound;
      const bool creates = !swap.expected_metadata_location.has_value();
      return !missing ? Fate::kUnreachable : creates ? Fate::kPending : Fate::kMoved;
    }
    if (*location == swap.metadata_location) {
      return Fate::kApplied;
    }
    return *location == swap.expected_metadata_location ? Fate::kPending
                                                        : FateInLog(update, *location);
  }

  Fate FateInLog(const PreparedUpdate& update, const std::string& location) const {
    const auto text = io::ReadObject(*context_.store, location);
    if (!text) {
      return Fate::kUnreachable;
    }
    const auto current = TableMetadataFromJson(*text);
    if (!current) {
      return Fate::kUnreachable;
    }
    const bool same_table = current->table_uuid == update.metadata.table_uuid;
    // Not every writer keeps the log: one that built on ours need not name it there.
    if (LogHas(*current, update.swap.metadata_location) ||
        HasNewSnapshot(*current, update.metadata)) {
      return Fate::kApplied;
    }
    if (!update.swap.expected_metadata_location.has_value()) {
      return same_table ? Fate::kApplied : Fate::kLost;
    }
    // The log is cut at its old end only: with the base in it, ours would be, too.
    const bool has_base = LogHas(*current, *update.swap.expected_metadata_location);
    return same_table && has_base ? Fate::kLost : Fate::kMoved;
  }

  const CommitContext& context_;                 // Outlives this object.
  const std::vector<PreparedUpdate>& prepared_;  // Likewise.
  std::vector<PointerSwap> swaps_;
};

void DeleteDropped(io::ObjectStore& store, const std::vector<PreparedUpdate>& prepared) {
  for (const PreparedUpdate& update : prepared) {
    for (const std::string& location : update.dropped_metadata) {
      (void)store.Delete(location).has_value();  // What stays is an orphan.
    }
  }
}

Status RequireDistinct(const std::vector<TableUpdate>& updates) {
  std::set<TableName> names;
  for (const TableUpdate& update : updates) {
    if (!names.insert(update.base().name).second) {
      return Error{
          ErrorKind::kInvalidArgument,
          "two updates of one table in one commit: " + update.base().name.text()};
    }
  }
  return {};
}

Result<std::vector<PreparedUpdate>> PrepareAll(const CommitContext& context,
                                               std::vector<TableUpdate> updates) {
  std::vector<PreparedUpdate> prepared;
  prepared.reserve(updates.size());
  for (TableUpdate& update : updates) {
    auto one = Prepare(context, std::move(update));
    if (!one) {
      DeleteWritten(*context.store, prepared);
      return one.error();
    }
    prepared.push_back(*std::move(one));
  }
  return prepared;
}

}  // namespace

void DeleteWritten(io::ObjectStore& store, const std::vector<PreparedUpdate>& prepared) {
  for (const PreparedUpdate& update : prepared) {
    for (const std::string& location : update.written) {
      (void)store.Delete(location).has_value();
    }
  }
}

Status CommitPrepared(const CommitContext& context,
                      const std::vector<PreparedUpdate>& prepared) {
  const Status committed = Committer(context, prepared).Commit();
  if (!committed && committed.error().kind == ErrorKind::kConflict) {
    DeleteWritten(*context.store, prepared);
  }
  if (committed && !context.catalog->is_staged()) {
    DeleteDropped(*context.store, prepared);
  }
  return committed;
}

Result<std::vector<LoadedTable>> CommitUpdates(const CommitContext& context,
                                               std::vector<TableUpdate> updates) {
  CALVE_TRY(RequireDistinct(updates));
  CALVE_ASSIGN(auto prepared, PrepareAll(context, std::move(updates)));
  CALVE_TRY(CommitPrepared(context, prepared));
  std::vector<LoadedTable> tables;
  tables.reserve(prepared.size());
  for (PreparedUpdate& update : prepared) {
    tables.push_back({.name = std::move(update.swap.name),
                      .metadata_location = std::move(update.swap.metadata_location),
                      .metadata = std::move(update.metadata)});
  }
  return tables;
}

void DeleteFiles(io::ObjectStore& store, std::span<const DataFile> files) {
  for (const DataFile& file : files) {
    (void)store.Delete(file.file_path).has_value();
  }
}

}  // namespace calve::table
