#pragma once

/// \file flow/verify_events.h
/// What the tables should hold, as prints made from the events of the source.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "contract/contract.h"
#include "core/result.h"
#include "flow/verify_print.h"
#include "flow/verify_spool.h"

namespace calve::flow {

/// Flattened events by the key of the marts that are made from them.
struct EventsByKey {
  PrintLayout layout;  // of the flattened table, with the key
  PrintSpool spool;
};

/// The events of one flatten model's source table.
class FlattenedEvents {
 public:
  /// \param layout  of the flattened table, without a key
  /// \param keys    of the marts that are made from it
  FlattenedEvents(const contract::Project& project, const contract::Model& model,
                  PrintLayout layout, const std::vector<std::vector<std::string>>& keys,
                  io::ScratchFile& file, size_t buckets);

  const contract::Model& model() const { return *model_; }
  const PrintLayout& layout() const { return layout_; }
  PrintSpool& by_event() { return by_event_; }
  /// The events by a key; kInternal if it was not given.
  EventsByKey& by_key(const std::vector<std::string>& key);

  /// Flattens events and spools them. Those that break the contract are spooled as
  /// kBroken, by key too where one can be read from the payload.
  /// \param landed  a batch of LandedEventSchema()
  Status Add(const std::shared_ptr<arrow::RecordBatch>& landed, uint8_t flags);

  /// Flattens rows of the source table itself, as AuditLog::ReadTable gives them.
  /// \param layout  of the payload's columns, with a key
  Status AddLive(const std::shared_ptr<arrow::RecordBatch>& landed,
                 const PrintLayout& layout, PrintSpool& spool) const;

 private:
  Status AddBroken(const std::shared_ptr<arrow::RecordBatch>& broken, uint8_t flags);
  Status AddKeysOfBroken(const std::shared_ptr<arrow::RecordBatch>& broken, uint8_t flags,
                         const PrintLayout& layout, PrintSpool& spool) const;

  const contract::Model* model_;  // Outlives this, as part of the project.
  contract::Model judging_;       // as model_, but no new field is an error
  std::vector<std::string> not_null_;
  PrintLayout layout_;
  PrintSpool by_event_;
  std::vector<EventsByKey> by_key_;
};

/// Puts an `ingested_at` and a `source_file`, which nothing compares, before the columns
/// of an event batch.
Result<std::shared_ptr<arrow::RecordBatch>> AsLanded(const arrow::RecordBatch& events);

}  // namespace calve::flow
