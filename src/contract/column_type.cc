#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "contract/contract.h"

namespace calve::contract {
namespace {

constexpr int kMaxPrecision = 38;

constexpr std::array<std::pair<std::string_view, TypeKind>, 14> kPlainTypes{{
    {"boolean", TypeKind::kBoolean},
    {"bool", TypeKind::kBoolean},
    {"integer", TypeKind::kInteger},
    {"int", TypeKind::kInteger},
    {"bigint", TypeKind::kBigint},
    {"real", TypeKind::kReal},
    {"double", TypeKind::kDouble},
    {"double precision", TypeKind::kDouble},
    {"date", TypeKind::kDate},
    {"timestamp(6)", TypeKind::kTimestamp},
    {"timestamp(6) without time zone", TypeKind::kTimestamp},
    {"timestamp(6) with time zone", TypeKind::kTimestampTz},
    {"varchar", TypeKind::kVarchar},
    {"string", TypeKind::kVarchar},
}};

/// Lower case, one space between words, none beside brackets and commas.
std::string Normalized(std::string_view text) {
  std::string out;
  bool space = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n') {
      space = true;
      continue;
    }
    const bool tight = c == '(' || c == ')' || c == ',';
    const bool after_tight = !out.empty() && (out.back() == '(' || out.back() == ',');
    if (space && !out.empty() && !tight && !after_tight) {
      out += ' ';
    }
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    space = false;
  }
  return out;
}

std::optional<int> ParseNumber(std::string_view text) {
  int value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(value) : std::nullopt;
}

/// `decimal`, `decimal(12)`, `decimal(12,2)`, likewise `numeric` and `dec`; nullopt for
/// any other text and for numbers out of range.
std::optional<ColumnType> ParseDecimal(std::string_view text) {
  const size_t bracket = text.find('(');
  const std::string_view name = text.substr(0, bracket);
  if (name != "decimal" && name != "numeric" && name != "dec") {
    return std::nullopt;
  }
  if (bracket == std::string_view::npos) {
    return ColumnType{TypeKind::kDecimal, kMaxPrecision, 0};
  }
  if (text.back() != ')') {
    return std::nullopt;
  }
  const std::string_view inside = text.substr(bracket + 1, text.size() - bracket - 2);
  const size_t comma = inside.find(',');
  const auto precision = ParseNumber(inside.substr(0, comma));
  const auto scale = comma == std::string_view::npos
                         ? std::optional(0)
                         : ParseNumber(inside.substr(comma + 1));
  if (!precision || !scale || *precision < 1 || *precision > kMaxPrecision ||
      *scale < 0 || *scale > *precision) {
    return std::nullopt;
  }
  return ColumnType{TypeKind::kDecimal, *precision, *scale};
}

}  // namespace

Result<ColumnType> ParseColumnType(std::string_view data_type) {
  const std::string text = Normalized(data_type);
  for (const auto& [name, kind] : kPlainTypes) {
    if (text == name) {
      return ColumnType{kind};
    }
  }
  if (const auto decimal = ParseDecimal(text)) {
    return *decimal;
  }
  return Error{
      ErrorKind::kUnsupported,
      fmt::format(
          "type `{}` cannot be kept; use boolean, integer, bigint, real, double, "
          "decimal(p,s) with p up to 38, date, timestamp(6), timestamp(6) with time zone "
          "or varchar",
          data_type)};
}

std::string ColumnTypeName(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return "boolean";
    case TypeKind::kInteger:
      return "integer";
    case TypeKind::kBigint:
      return "bigint";
    case TypeKind::kReal:
      return "real";
    case TypeKind::kDouble:
      return "double";
    case TypeKind::kDecimal:
      return fmt::format("decimal({},{})", type.precision, type.scale);
    case TypeKind::kDate:
      return "date";
    case TypeKind::kTimestamp:
      return "timestamp(6)";
    case TypeKind::kTimestampTz:
      return "timestamp(6) with time zone";
    case TypeKind::kVarchar:
      return "varchar";
  }
  return "unknown";
}

}  // namespace calve::contract
