#pragma once

/// \file model/field_census.h
/// Which fields payloads have that a contract does not name, and what types their values
/// allow.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "contract/contract.h"
#include "core/result.h"

namespace calve::model {

/// What the values of one field are like. A function of the set of values.
struct FieldValues {
  int64_t rows = 0;   // that have the field, nulls too
  int64_t nulls = 0;  // JSON's null
  /// The types whose casts take every value, the narrowest first; varchar is the last.
  std::vector<contract::ColumnType> allowed;
  /// The first of `allowed` that gives every value back as it was written (`007` and
  /// `1.10000000000000000001` stay texts).
  contract::ColumnType suggested;
  /// Values that the census's candidate type does not take; 0 without one.
  int64_t misfits = 0;
};

/// Counts the fields that a flatten model's contract does not name, over all payloads
/// that are JSON objects.
class FieldCensus {
 public:
  /// Fields past this many are not told apart: they count as `overflow`.
  static constexpr size_t kMaxFields = 10'000;

  /// \param model      of kind flatten; outlives this object
  /// \param candidate  a type to count misfits of
  FieldCensus(const contract::Model& model,
              const std::optional<contract::ColumnType>& candidate);
  ~FieldCensus();
  FieldCensus(FieldCensus&&) noexcept;
  FieldCensus& operator=(FieldCensus&&) = delete;
  FieldCensus(const FieldCensus&) = delete;
  FieldCensus& operator=(const FieldCensus&) = delete;

  /// Takes the payloads of the model's source table.
  /// \param staged  with the columns tbl_schema, tbl_name and raw_data
  Status Add(const arrow::RecordBatch& staged);

  /// By field.
  std::map<std::string, FieldValues> Fields() const;
  /// How often a field came that could not be told apart any more.
  int64_t overflow() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace calve::model
