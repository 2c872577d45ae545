#include "landing/ledger.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "landing/ledger_json_internal.h"

namespace calve::landing {
namespace {

constexpr size_t kNumberDigits = 20;
constexpr std::string_view kJson = ".json";

/// The number in `…/<20 digits>.json`; 0 for any other name.
int64_t NumberOf(std::string_view location) {
  if (!location.ends_with(kJson)) {
    return 0;
  }
  location.remove_suffix(kJson.size());
  location = location.substr(location.rfind('/') + 1);
  int64_t number = 0;
  const char* end = location.data() + location.size();
  const auto [stop, error] = std::from_chars(location.data(), end, number);
  const bool whole =
      location.size() == kNumberDigits && stop == end && error == std::errc();
  return whole ? number : 0;
}

std::string FolderOf(const LedgerPlace& place) {
  return fmt::format("{}/{}{}_calve", place.root, place.prefix,
                     place.prefix.empty() ? "" : "/");
}

Result<LedgerEntry> ReadEntry(io::ObjectStore& store, const std::string& location) {
  CALVE_ASSIGN(const std::string text, io::ReadObject(store, location));
  return EntryFromJson(text, location);
}

}  // namespace

Ledger::Ledger(io::ObjectStore& store, LedgerPlace place)
    : store_(&store), place_(std::move(place)) {}

std::string Ledger::Folder() const {
  return FolderOf(place_);
}

std::string Ledger::EntryLocation(int64_t number) const {
  return fmt::format("{}/extractions/{:020}{}", Folder(), number, kJson);
}

std::string Ledger::CheckpointLocation(int64_t number) const {
  return fmt::format("{}/checkpoints/{:020}{}", Folder(), number, kJson);
}

Result<Ledger> Ledger::Load(io::ObjectStore& store, LedgerPlace place) {
  Ledger ledger(store, std::move(place));
  CALVE_ASSIGN(const auto checkpoints, ledger.CheckpointNumbers());
  if (!checkpoints.empty()) {
    CALVE_TRY(ledger.ReadCheckpoint(checkpoints.back()));
  }
  CALVE_TRY(ledger.ReadOn());
  return ledger;
}

Status Ledger::ReadOn() {
  while (true) {
    CALVE_ASSIGN(const bool more, ReadNextEntry());
    if (!more) {
      return {};
    }
  }
}

Result<Ledger> LedgerMemory::Load(io::ObjectStore& store, const LedgerPlace& place) {
  if (last_) {
    CALVE_TRY(last_->ReadOn());
  }
  if (!last_ || last_->checkpoint_due()) {
    CALVE_ASSIGN(last_, Ledger::Load(store, place));
  }
  return *last_;
}

/// Of all checkpoints, ascending.
Result<std::vector<int64_t>> Ledger::CheckpointNumbers() const {
  CALVE_ASSIGN(const auto objects, store_->List(Folder() + "/checkpoints"));
  std::vector<int64_t> numbers;
  for (const io::ObjectInfo& object : objects) {
    if (const int64_t number = NumberOf(object.location); number > 0) {
      numbers.push_back(number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Status Ledger::ReadCheckpoint(int64_t number) {
  const std::string location = CheckpointLocation(number);
  CALVE_ASSIGN(const std::string text, io::ReadObject(*store_, location));
  CALVE_ASSIGN(auto checkpoint, CheckpointFromJson(text, location));
  last_number_ = number;
  checkpoint_number_ = number;
  cursor_ = std::move(checkpoint.cursor);
  labels_ = std::move(checkpoint.labels);
  return {};
}

/// Reads the entry behind the last one; false if there is none.
Result<bool> Ledger::ReadNextEntry() {
  const std::string location = EntryLocation(last_number_ + 1);
  const auto text = io::ReadObject(*store_, location);
  if (!text) {
    if (text.error().kind == ErrorKind::kNotFound) {
      return false;
    }
    return text.error();
  }
  CALVE_ASSIGN(const LedgerEntry entry, EntryFromJson(*text, location));
  Apply(entry);
  return true;
}

void Ledger::Apply(const LedgerEntry& entry) {
  ++last_number_;
  cursor_ = entry.cursor;
  if (!entry.label.empty()) {
    labels_[entry.label] = entry.files;
  }
  for (const LandedFile& file : entry.files) {
    recent_keys_.push_back(file.key);
    recent_numbers_.push_back(last_number_);
  }
}

const std::vector<LandedFile>* Ledger::FindLabel(const std::string& label) const {
  const auto it = labels_.find(label);
  return it == labels_.end() ? nullptr : &it->second;
}

Status Ledger::Append(const LedgerEntry& entry) {
  // Before the entry, not behind it: so no crash can leave a gap between checkpoints.
  if (checkpoint_due()) {
    CALVE_TRY(WriteCheckpoint());
  }
  const std::string location = EntryLocation(last_number_ + 1);
  const Status put = store_->PutIfAbsent(location, EntryToJson(last_number_ + 1, entry));
  if (!put) {
    if (put.error().kind != ErrorKind::kConflict) {
      return put;
    }
    // A store whose first reply was lost refuses the retry of what it has already done.
    CALVE_ASSIGN(const std::string text, io::ReadObject(*store_, location));
    CALVE_ASSIGN(const LedgerEntry kept, EntryFromJson(text, location));
    if (kept.attempt != entry.attempt) {
      return put;
    }
  }
  Apply(entry);
  return {};
}

/// Sums up every entry so far. Whoever comes second would write the same.
Status Ledger::WriteCheckpoint() {
  const LedgerCheckpoint checkpoint = {cursor_, labels_, recent_keys_};
  const Status put = store_->PutIfAbsent(CheckpointLocation(last_number_),
                                         CheckpointToJson(last_number_, checkpoint));
  if (!put && put.error().kind != ErrorKind::kConflict) {
    return put;
  }
  checkpoint_number_ = last_number_;
  recent_keys_.clear();
  recent_numbers_.clear();
  return {};
}

Result<std::vector<std::string>> Ledger::KeysBehind(int64_t number_known) const {
  CALVE_ASSIGN(const auto checkpoints, CheckpointNumbers());
  std::vector<std::string> keys;
  for (const int64_t number : checkpoints) {
    if (number > checkpoint_number_) {
      break;
    }
    if (number <= number_known) {
      continue;
    }
    const std::string location = CheckpointLocation(number);
    CALVE_ASSIGN(const std::string text, io::ReadObject(*store_, location));
    CALVE_ASSIGN(const auto checkpoint, CheckpointFromJson(text, location));
    keys.insert(keys.end(), checkpoint.keys.begin(), checkpoint.keys.end());
  }
  for (size_t i = 0; i < recent_keys_.size(); ++i) {
    if (recent_numbers_[i] > number_known) {
      keys.push_back(recent_keys_[i]);
    }
  }
  return keys;
}

Result<std::vector<StoredEntry>> ReadEntries(io::ObjectStore& store,
                                             const LedgerPlace& place) {
  CALVE_ASSIGN(const auto objects, store.List(FolderOf(place) + "/extractions"));
  std::vector<StoredEntry> entries;
  for (const io::ObjectInfo& object : objects) {
    if (const int64_t number = NumberOf(object.location); number > 0) {
      entries.push_back({number, object.location, ReadEntry(store, object.location)});
    }
  }
  return entries;
}

}  // namespace calve::landing
