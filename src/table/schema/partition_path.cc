#include <cassert>
#include <string>

#include <fmt/format.h>

#include "core/time_units.h"
#include "table/schema/floor_division.h"
#include "table/schema/literal_access.h"
#include "table/schema/partition.h"

namespace calve::table {
namespace {

bool IsUnreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         c == '_' || c == '.' || c == '-' || c == '~';
}

/// Encodes as HTML forms do: a space is `+`.
std::string UrlEncode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string MonthToText(int32_t months) {
  return fmt::format("{:04}-{:02}", kEpochYear + FloorDivide(months, 12),
                     FloorModulo(months, 12) + 1);
}

std::string HourToText(int32_t hours) {
  const Literal day(FloorDivide(hours, 24));
  return fmt::format("{}-{:02}", LiteralToText(TypeOf(TypeId::kDate), day),
                     FloorModulo(hours, 24));
}

std::string ValueToText(const Transform& transform, const Type& type,
                        const Literal& value) {
  switch (transform.kind) {
    case TransformKind::kYear:
      return fmt::format("{:04}", kEpochYear + As<int32_t>(value));
    case TransformKind::kMonth:
      return MonthToText(As<int32_t>(value));
    case TransformKind::kHour:
      return HourToText(As<int32_t>(value));
    default:
      return LiteralToText(type, value);
  }
}

}  // namespace

std::string PartitionPath(const PartitionSpec& spec, const Type& partition_type,
                          const PartitionValues& values) {
  assert(spec.fields.size() == values.size());
  std::string path;
  for (size_t i = 0; i < spec.fields.size() && i < values.size(); ++i) {
    const Type& type = partition_type.children.at(i).type;
    const std::string text =
        values[i] ? ValueToText(spec.fields[i].transform, type, *values[i]) : "null";
    path += i == 0 ? "" : "/";
    path += UrlEncode(spec.fields[i].name) + "=" + UrlEncode(text);
  }
  return path;
}

}  // namespace calve::table
