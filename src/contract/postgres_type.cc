#include "contract/postgres_type.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace calve::contract {
namespace {

constexpr int kMostDigits = 38;

/// `numeric(12,2)` → decimal(12,2); nullopt if a decimal can't be that.
std::optional<ColumnType> DecimalOf(std::string_view type) {
  constexpr std::string_view kStart = "numeric(";
  if (!type.starts_with(kStart) || !type.ends_with(")")) {
    return std::nullopt;
  }
  type = type.substr(kStart.size(), type.size() - kStart.size() - 1);
  ColumnType decimal{.kind = TypeKind::kDecimal};
  const char* end = type.data() + type.size();
  const auto precision = std::from_chars(type.data(), end, decimal.precision);
  if (precision.ec != std::errc() || precision.ptr == end || *precision.ptr != ',') {
    return std::nullopt;
  }
  const auto scale = std::from_chars(precision.ptr + 1, end, decimal.scale);
  const bool fits = scale.ec == std::errc() && scale.ptr == end && decimal.scale >= 0 &&
                    decimal.precision <= kMostDigits &&
                    decimal.scale <= decimal.precision;
  return fits ? std::optional(decimal) : std::nullopt;
}

/// The type without a number of decimals: `timestamp(3) with time zone`.
bool IsTimestamp(std::string_view type, bool with_zone) {
  if (!type.starts_with("timestamp")) {
    return false;
  }
  return type.ends_with(with_zone ? " with time zone" : " without time zone");
}

}  // namespace

ColumnType ColumnTypeOfPostgres(std::string_view type) {
  constexpr std::array kPlain{std::pair{"boolean", TypeKind::kBoolean},
                              std::pair{"smallint", TypeKind::kInteger},
                              std::pair{"integer", TypeKind::kInteger},
                              std::pair{"bigint", TypeKind::kBigint},
                              std::pair{"oid", TypeKind::kBigint},
                              std::pair{"real", TypeKind::kReal},
                              std::pair{"date", TypeKind::kDate},
                              std::pair{"double precision", TypeKind::kDouble}};
  for (const auto& [name, kind] : kPlain) {
    if (type == name) {
      return {.kind = kind};
    }
  }
  if (const auto decimal = DecimalOf(type)) {
    return *decimal;
  }
  if (IsTimestamp(type, /*with_zone=*/true)) {
    return {.kind = TypeKind::kTimestampTz};
  }
  if (IsTimestamp(type, /*with_zone=*/false)) {
    return {.kind = TypeKind::kTimestamp};
  }
  return {.kind = TypeKind::kVarchar};
}

}  // namespace calve::contract
