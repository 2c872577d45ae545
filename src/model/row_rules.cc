#include <algorithm>

#include <arrow/api.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/cast_internal.h"
#include "model/flatten.h"
#include "model/row_rules_internal.h"
#include "model/source_filter_internal.h"

namespace calve::model {
namespace {

constexpr size_t kMaxQuotedBytes = 60;
constexpr const char* kOperationName = "audit_operation";

bool HasInteger(const std::vector<std::string>& accepted, int64_t value,
                std::optional<int64_t> (*cast)(std::string_view)) {
  return std::any_of(accepted.begin(), accepted.end(),
                     [&](const std::string& text) { return cast(text) == value; });
}

bool IsAccepted(const std::vector<std::string>& accepted, const arrow::Array& column,
                int64_t row) {
  switch (column.type_id()) {
    case arrow::Type::STRING: {
      const auto text = static_cast<const arrow::StringArray&>(column).GetView(row);
      return std::find(accepted.begin(), accepted.end(), text) != accepted.end();
    }
    case arrow::Type::INT64:
      return HasInteger(
          accepted, static_cast<const arrow::Int64Array&>(column).Value(row), CastBigint);
    case arrow::Type::TIMESTAMP:
      return HasInteger(accepted,
                        static_cast<const arrow::TimestampArray&>(column).Value(row),
                        CastTimestamp);
    default:
      return true;
  }
}

std::string TextOf(const arrow::Array& column, int64_t row) {
  const auto scalar = column.GetScalar(row);
  return scalar.ok() ? scalar.ValueUnsafe()->ToString() : std::string();
}

Violation NullViolation(const contract::Column& column) {
  return {.row = 0,
          .rule = "not_null",
          .column = column.name,
          .reason = fmt::format("{} is null", column.name)};
}

Violation CastViolation(const contract::Column& column, std::string_view text) {
  return {.row = 0,
          .rule = "cast",
          .column = column.name,
          .reason = fmt::format("{} is no {}", Shortened(text),
                                contract::ColumnTypeName(column.type))};
}

Violation AcceptedViolation(const contract::Column& column, std::string_view text,
                            const std::vector<std::string>& accepted) {
  return {.row = 0,
          .rule = "accepted_values",
          .column = column.name,
          .reason = fmt::format("{} is none of {}", Shortened(text),
                                fmt::join(accepted, ", "))};
}

}  // namespace

RowRules::RowRules(const arrow::RecordBatch& staged, const contract::Model& model,
                   const std::vector<std::string>& not_null) {
  size_t payload_columns = 0;
  for (const contract::Column& column : model.columns) {
    const bool needed =
        std::find(not_null.begin(), not_null.end(), column.name) != not_null.end();
    Rule rule{.column = &column,
              .not_null = column.not_null || needed,
              .copied = nullptr,
              .payload_column = 0,
              .accepted = column.accepted_values};
    if (const int position = CopiedColumn(column); position >= 0) {
      rule.copied = staged.column(position).get();
    } else {
      rule.payload_column = payload_columns++;
    }
    if (column.name ==
        kOperationName) {  // What cannot be told from a delete is no event.
      rule.not_null = true;
      rule.accepted =
          rule.accepted.empty() ? std::vector<std::string>{"I", "U", "D"} : rule.accepted;
    }
    if (rule.copied == nullptr || rule.not_null || !rule.accepted.empty()) {
      rules_.push_back(std::move(rule));
    }
  }
  std::stable_partition(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    return std::find(not_null.begin(), not_null.end(), rule.column->name) !=
           not_null.end();
  });
}

std::optional<Violation> RowRules::CheckCopied(const Rule& rule, int64_t row) {
  if (rule.copied->IsNull(row)) {
    return rule.not_null ? std::optional(NullViolation(*rule.column)) : std::nullopt;
  }
  if (rule.accepted.empty() || IsAccepted(rule.accepted, *rule.copied, row)) {
    return std::nullopt;
  }
  return AcceptedViolation(*rule.column, TextOf(*rule.copied, row), rule.accepted);
}

std::optional<Violation> RowRules::CheckPayload(const Rule& rule,
                                                const PayloadMember* member,
                                                PayloadColumn& column) {
  if (member == nullptr || member->is_null) {
    return rule.not_null ? std::optional(NullViolation(*rule.column)) : std::nullopt;
  }
  if (!column.Stage(member->text)) {
    return CastViolation(*rule.column, member->text);
  }
  if (!column.IsAccepted()) {
    return AcceptedViolation(*rule.column, member->text, rule.accepted);
  }
  return std::nullopt;
}

std::optional<Violation> RowRules::Check(
    int64_t row, const RowMembers& members,
    const std::vector<std::unique_ptr<PayloadColumn>>& columns) const {
  for (const Rule& rule : rules_) {
    auto violation = rule.copied != nullptr
                         ? CheckCopied(rule, row)
                         : CheckPayload(rule, members.Find(rule.payload_column),
                                        *columns[rule.payload_column]);
    if (violation) {
      return violation;
    }
  }
  return std::nullopt;
}

Violation PayloadViolation(std::string_view reason) {
  return {.row = 0,
          .rule = "payload",
          .column = "",
          .reason = fmt::format("raw_data is not one JSON object: {}", reason)};
}

Violation UnfitViolation(const UnfitMark& mark) {
  return {.row = 0,
          .rule = std::string(mark.rule),
          .column = std::string(mark.column),
          .reason = std::string(mark.reason)};
}

Violation UnmappedViolation(std::string_view member) {
  return {.row = 0,
          .rule = "unmapped_field",
          .column = "",
          .reason = fmt::format("the column of the field {} is taken by another",
                                Shortened(member))};
}

Violation CheckViolation(const contract::Check& check) {
  const std::vector<std::string> columns = contract::ColumnsOf(check.condition);
  return {.row = 0,
          .rule = "check",
          .column = columns.size() == 1 ? columns.front() : "",
          .reason = fmt::format("{} is false", Shortened(check.expression))};
}

Violation TooManyFieldsViolation(size_t fields) {
  return {.row = 0,
          .rule = "too_many_fields",
          .column = "",
          .reason = fmt::format("{} fields are not in the contract, and at most {} can "
                                "become columns",
                                fields, kMaxExtraColumns)};
}

std::string Shortened(std::string_view value) {
  if (value.size() <= kMaxQuotedBytes) {
    return fmt::format("`{}`", value);
  }
  size_t end = kMaxQuotedBytes;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) {
    --end;  // Never through the middle of a UTF-8 character.
  }
  return fmt::format("`{}…`", value.substr(0, end));
}

}  // namespace calve::model
