#pragma once

/// \file landing/ledger.h
/// The ledger of extractions: entry n is `_calve/extractions/<n as 20 digits>.json`
/// beside the landing files, created once, by whoever comes first.
///
/// Every 1,000 entries a checkpoint, `_calve/checkpoints/<n as 20 digits>.json`, carries
/// what earlier entries still matter for: the cursor, and every label with its files. It
/// also names the files of the entries since the checkpoint before it. So a reader needs
/// the newest checkpoint and the entries behind it, however long the ledger is.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/timestamp.h"
#include "io/object_store.h"
#include "landing/landing_file.h"

namespace calve::landing {

/// One extraction.
struct LedgerEntry {
  std::string label;    // of its interval; empty: it has none
  std::string attempt;  // unique to the writer's attempt
  TimestampUs written_at;
  std::string cursor;  // JSON object of capture's; empty: a new epoch begins
  std::vector<LandedFile> files;

  bool operator==(const LedgerEntry&) const = default;
};

/// Where the ledger lies, and how often it is summed up.
struct LedgerPlace {
  std::string root;    // location that keys are relative to, no trailing slash
  std::string prefix;  // of the landing files, no slash at either end; may be empty
  int64_t entries_per_checkpoint = 1000;
};

/// The ledger as of one reading. A value; Append moves it on. Not thread-safe.
class Ledger {
 public:
  /// Reads the newest checkpoint and the entries behind it. A place without a ledger has
  /// an empty one.
  ///
  /// \return the ledger; kCorrupt, with the location, if an entry can't be understood;
  ///         kUnavailable
  static Result<Ledger> Load(io::ObjectStore& store, LedgerPlace place);

  /// Reads the entries that were written since.
  Status ReadOn();

  /// Whether it is time to sum up, or somebody has done so: then Load reads less.
  bool checkpoint_due() const {
    return last_number_ - checkpoint_number_ >= place_.entries_per_checkpoint;
  }

  /// The number of the newest entry; 0 if there is none.
  int64_t last_number() const { return last_number_; }

  /// The newest entry's cursor; empty if there is none.
  const std::string& cursor() const { return cursor_; }

  /// The files of the extraction that carries this label; null if none does. Valid until
  /// the next call.
  const std::vector<LandedFile>* FindLabel(const std::string& label) const;

  /// Writes the next entry. Its files must be durable already.
  ///
  /// \return kConflict if another writer has written that number since Load: read again;
  ///         then nothing has happened
  Status Append(const LedgerEntry& entry);

  /// The keys of every file in the ledger, oldest first.
  /// Cost: reads every checkpoint, and the entries behind the newest.
  Result<std::vector<std::string>> Keys() const { return KeysBehind(0); }

  /// The keys of the files of the entries behind `number`, oldest first; where a
  /// checkpoint has summed them up, perhaps some before it. Cost: reads the checkpoints
  /// behind `number`.
  Result<std::vector<std::string>> KeysBehind(int64_t number) const;

 private:
  Ledger(io::ObjectStore& store, LedgerPlace place);

  std::string Folder() const;
  std::string EntryLocation(int64_t number) const;
  std::string CheckpointLocation(int64_t number) const;
  Result<std::vector<int64_t>> CheckpointNumbers() const;
  Status ReadCheckpoint(int64_t number);
  Result<bool> ReadNextEntry();
  void Apply(const LedgerEntry& entry);
  Status WriteCheckpoint();

  io::ObjectStore* store_;  // Outlives this ledger.
  LedgerPlace place_;
  int64_t last_number_ = 0;
  int64_t checkpoint_number_ = 0;  // the newest; 0: none
  std::string cursor_;
  std::map<std::string, std::vector<LandedFile>> labels_;
  std::vector<std::string> recent_keys_;  // of the entries behind the checkpoint
  std::vector<int64_t> recent_numbers_;   // of their entries
};

/// A ledger that is kept, so that who reads it again and again reads what is new only.
/// Not thread-safe.
class LedgerMemory {
 public:
  /// As Ledger::Load, of the same place each time.
  Result<Ledger> Load(io::ObjectStore& store, const LedgerPlace& place);

 private:
  std::optional<Ledger> last_;
};

/// An entry that is stored, or why it can't be understood.
struct StoredEntry {
  int64_t number = 0;
  std::string location;
  Result<LedgerEntry> entry;
};

/// Every entry that is there, by number: to check them. Load reads no more than it needs.
Result<std::vector<StoredEntry>> ReadEntries(io::ObjectStore& store,
                                             const LedgerPlace& place);

}  // namespace calve::landing
