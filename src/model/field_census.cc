#include "model/field_census.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <arrow/api.h>

#include "model/cast_internal.h"
#include "model/digit_internal.h"
#include "model/payload_column_internal.h"
#include "model/payload_reader_internal.h"
#include "model/source_filter_internal.h"

namespace calve::model {
namespace {

using contract::ColumnType;
using contract::TypeKind;

/// `0`, `-7`, `12`: what an integer is written as again.
bool IsPlainInteger(std::string_view text) {
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    if (text == "0") {
      return false;
    }
  }
  return !text.empty() && (text == "0" || text.front() != '0') &&
         std::all_of(text.begin(), text.end(), IsDigit);
}

/// A number with at most 15 digits, which a double holds: `12.50`, `-0.1`. Trailing zeros
/// do not count as part of the value.
bool IsPlainNumber(std::string_view text) {
  constexpr size_t kExactDigits = 15;
  const size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  if (!IsPlainInteger(whole) && whole != "-0") {
    return false;
  }
  const std::string_view fraction =
      dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  const bool has_fraction = dot == std::string_view::npos || !fraction.empty();
  return has_fraction && std::all_of(fraction.begin(), fraction.end(), IsDigit) &&
         whole.size() + fraction.size() <= kExactDigits;
}

/// A type that fields are tried as.
struct Candidate {
  TypeKind kind;
  bool (*casts)(std::string_view text);
  /// Whether the value gives back its text.
  bool (*is_faithful)(std::string_view text);
};

bool Always(std::string_view) {
  return true;
}

constexpr std::array<Candidate, 7> kCandidates{{
    {TypeKind::kBoolean, [](std::string_view t) { return CastBoolean(t).has_value(); },
     [](std::string_view t) { return t == "true" || t == "false"; }},
    {TypeKind::kInteger, [](std::string_view t) { return CastInteger(t).has_value(); },
     IsPlainInteger},
    {TypeKind::kBigint, [](std::string_view t) { return CastBigint(t).has_value(); },
     IsPlainInteger},
    {TypeKind::kDouble, [](std::string_view t) { return CastDouble(t).has_value(); },
     IsPlainNumber},
    {TypeKind::kDate, [](std::string_view t) { return CastDate(t).has_value(); }, Always},
    {TypeKind::kTimestampTz,
     [](std::string_view t) { return CastTimestamp(t).has_value(); }, Always},
    {TypeKind::kVarchar, Always, Always},
}};

/// What is known of a field. Bits are by the place in kCandidates.
struct Seen {
  int64_t rows = 0;
  int64_t nulls = 0;
  int64_t misfits = 0;
  uint32_t casts = (1U << kCandidates.size()) - 1;
  uint32_t faithful = (1U << kCandidates.size()) - 1;

  void Take(std::string_view text) {
    for (size_t i = 0; i < kCandidates.size(); ++i) {
      const uint32_t bit = 1U << i;
      if ((casts & bit) != 0 && !kCandidates[i].casts(text)) {
        casts &= ~bit;
      }
      if ((faithful & bit) != 0 && !kCandidates[i].is_faithful(text)) {
        faithful &= ~bit;
      }
    }
  }

  FieldValues Finish() const {
    FieldValues values{.rows = rows,
                       .nulls = nulls,
                       .allowed = {},
                       .suggested = {TypeKind::kVarchar},
                       .misfits = misfits};
    bool chosen = rows == nulls;  // Without a value nothing speaks for any type.
    for (size_t i = 0; i < kCandidates.size(); ++i) {
      const uint32_t bit = 1U << i;
      if ((casts & bit) == 0) {
        continue;
      }
      values.allowed.push_back({kCandidates[i].kind});
      if (!chosen && (faithful & bit) != 0) {
        values.suggested = values.allowed.back();
        chosen = true;
      }
    }
    return values;
  }
};

}  // namespace

struct FieldCensus::State {
  explicit State(const contract::Model& of_model) : model(of_model) {}

  const contract::Model& model;  // Outlives this object.
  std::set<std::string, std::less<>> contracted;
  std::unique_ptr<PayloadColumn> candidate;  // null: none
  PayloadReader reader;
  std::unordered_map<std::string, Seen> fields;
  int64_t overflow = 0;

  void TakeRow() {
    // Of a repeated name the last counts, as when the row is flattened.
    std::unordered_map<std::string_view, const PayloadMember*> last;
    for (const PayloadMember& member : reader.members()) {
      if (!contracted.contains(member.name)) {
        last[member.name] = &member;
      }
    }
    for (const auto& [name, member] : last) {
      TakeMember(std::string(name), *member);
    }
  }

  void TakeMember(const std::string& name, const PayloadMember& member) {
    auto it = fields.find(name);
    if (it == fields.end()) {
      if (fields.size() == kMaxFields) {
        ++overflow;
        return;
      }
      it = fields.emplace(name, Seen()).first;
    }
    Seen& seen = it->second;
    ++seen.rows;
    if (member.is_null) {
      ++seen.nulls;
      return;
    }
    seen.Take(member.text);
    if (candidate != nullptr && !candidate->Stage(member.text)) {
      ++seen.misfits;
    }
  }
};

FieldCensus::FieldCensus(const contract::Model& model,
                         const std::optional<ColumnType>& candidate)
    : state_(std::make_unique<State>(model)) {
  for (const contract::Column& column : model.columns) {
    if (CopiedColumn(column) < 0) {
      state_->contracted.insert(column.source_field);
    }
  }
  if (candidate) {
    contract::Column column;
    column.type = *candidate;
    if (auto made = PayloadColumn::Make(column, /*rows=*/0)) {
      state_->candidate = *std::move(made);
    }
  }
}

FieldCensus::~FieldCensus() = default;
FieldCensus::FieldCensus(FieldCensus&&) noexcept = default;

Status FieldCensus::Add(const arrow::RecordBatch& staged) {
  const auto schemas = staged.GetColumnByName("tbl_schema");
  const auto tables = staged.GetColumnByName("tbl_name");
  const auto raw = staged.GetColumnByName("raw_data");
  if (schemas == nullptr || tables == nullptr || raw == nullptr) {
    return Error{ErrorKind::kInternal,
                 "a staged batch lacks tbl_schema, tbl_name or "
                 "raw_data"};
  }
  const SourceFilter filter(*schemas, *tables, state_->model.source_table);
  const auto& payloads = static_cast<const arrow::StringArray&>(*raw);
  for (int64_t row = 0; row < payloads.length(); ++row) {
    if (!filter.Has(row) || payloads.IsNull(row)) {
      continue;
    }
    const std::string_view payload = payloads.GetView(row);
    if (!state_->reader.Read(payload, payload.size())) {
      state_->TakeRow();
    }
  }
  return {};
}

std::map<std::string, FieldValues> FieldCensus::Fields() const {
  std::map<std::string, FieldValues> fields;
  for (const auto& [name, seen] : state_->fields) {
    fields.emplace(name, seen.Finish());
  }
  return fields;
}

int64_t FieldCensus::overflow() const {
  return state_->overflow;
}

}  // namespace calve::model
