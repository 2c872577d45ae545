#pragma once

/// \file model/flatten.h
/// Raw JSON payloads to typed columns, by the contract.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "contract/contract.h"
#include "core/result.h"
#include "model/violation.h"

namespace calve::model {

/// How many columns new members of the payload may add to a table. PostgreSQL's tables
/// have at most 1,600, so only payloads whose members are data (`{"<uuid>": …}`) come
/// here.
inline constexpr size_t kMaxExtraColumns = 2000;

struct FlattenPlan {
  /// The rows that keep the contract, in the order of the batch: the model's columns,
  /// then the new ones of `extra_columns`, all of them optional strings.
  std::shared_ptr<arrow::RecordBatch> rows;
  /// Payload members that the contract does not name, as columns; in order of first
  /// appearance. Only with SchemaEvolution::kPropagate.
  std::vector<std::string> extra_columns;
  /// Rows that do not.
  std::vector<Violation> violations;
};

/// Flattens the events of the model's source table; those of other tables are left out.
///
/// The grammar of casts is docs/casts.md. Row-local rules are checked: a payload that is
/// one JSON object, casts, not_null (also of key and order columns), accepted_values, the
/// model's check constraints. The operation must be I, U or D even where the contract
/// does not say so. The payload of a `D` is held to the same rules. A row with more than
/// kMaxExtraColumns new members breaks `too_many_fields`. A column that is in the batch's
/// own schema
/// (`ingested_at` … `tbl_name`) is copied, any other comes from the payload, where a
/// missing member and JSON's null are null, and of a repeated one the last counts. A new
/// member becomes a column with the first kept row that has it.
///
/// \param staged    a batch of LandedEventSchema()
/// \param model     of kind flatten
/// \param not_null  columns that downstream models need besides the contract's: keys,
///        order
/// \return the plan; kContractViolation, the named halt `new_field`, only for a new
/// member
///         of a row that keeps the contract, under SchemaEvolution::kFail
///
/// Cost: O(bytes of payload). Thread-safe.
Result<FlattenPlan> Flatten(const arrow::RecordBatch& staged,
                            const contract::Model& model,
                            const std::vector<std::string>& not_null);

/// The column for a payload member that the contract does not name: a plain lower-case
/// name (letters, digits, underscores, not first a digit) maps to itself; any other, and
/// one that tables use themselves (`audit_event_id`, `valid_from`, `ingested_at_day`, …),
/// gets a readable form with a suffix of eight hex digits, the name's CRC-32. A pure
/// function of the name. Flatten takes the suffixed form, too, where the contract gives
/// the plain one to another member.
std::string ExtraColumnName(const std::string& member);

/// That suffixed form, for any member.
std::string SuffixedColumnName(std::string_view member);

/// The Arrow schema of a model's contracted columns, all nullable but those that are
/// not_null.
std::shared_ptr<arrow::Schema> ModelSchema(const contract::Model& model);

}  // namespace calve::model
