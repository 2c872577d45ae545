#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/time_units.h"
#include "core/timestamp.h"
#include "table/schema/decimal_text.h"
#include "table/schema/floor_division.h"
#include "table/schema/literal_access.h"
#include "table/schema/murmur3.h"
#include "table/schema/partition.h"

namespace calve::table {
namespace {

constexpr int64_t kMicrosPerHour = 3'600'000'000;

struct NamedTransform {
  TransformKind kind;
  std::string_view name;
};

constexpr std::array kTransforms = {
    NamedTransform{TransformKind::kIdentity, "identity"},
    NamedTransform{TransformKind::kBucket, "bucket"},
    NamedTransform{TransformKind::kTruncate, "truncate"},
    NamedTransform{TransformKind::kYear, "year"},
    NamedTransform{TransformKind::kMonth, "month"},
    NamedTransform{TransformKind::kDay, "day"},
    NamedTransform{TransformKind::kHour, "hour"},
    NamedTransform{TransformKind::kVoid, "void"},
};

bool HasParameter(TransformKind kind) {
  return kind == TransformKind::kBucket || kind == TransformKind::kTruncate;
}

std::string_view NameOf(TransformKind kind) {
  const auto* const it =
      std::find_if(kTransforms.begin(), kTransforms.end(),
                   [&](const NamedTransform& named) { return named.kind == kind; });
  return it == kTransforms.end() ? "" : it->name;
}

/// The number between the brackets of `[16]`: 1 or more.
std::optional<int32_t> ParseParameter(std::string_view brackets) {
  if (!brackets.starts_with('[') || !brackets.ends_with(']')) {
    return std::nullopt;
  }
  brackets = brackets.substr(1, brackets.size() - 2);
  int32_t number = 0;
  const auto [end, error] =
      std::from_chars(brackets.data(), brackets.data() + brackets.size(), number);
  const bool whole = end == brackets.data() + brackets.size();
  return error == std::errc() && whole && number > 0 ? std::optional(number)
                                                     : std::nullopt;
}

bool IsTimestamp(TypeId type) {
  return type == TypeId::kTimestamp || type == TypeId::kTimestamptz;
}

bool CanBucket(TypeId type) {
  return type != TypeId::kBoolean && type != TypeId::kFloat && type != TypeId::kDouble;
}

bool CanTruncate(TypeId type) {
  return type == TypeId::kInt || type == TypeId::kLong || type == TypeId::kDecimal ||
         type == TypeId::kString || type == TypeId::kBinary;
}

bool Accepts(const Transform& transform, TypeId source) {
  switch (transform.kind) {
    case TransformKind::kIdentity:
      return true;
    case TransformKind::kBucket:
      return CanBucket(source) && transform.parameter > 0;
    case TransformKind::kTruncate:
      return CanTruncate(source) && transform.parameter > 0;
    case TransformKind::kYear:
    case TransformKind::kMonth:
    case TransformKind::kDay:
      return source == TypeId::kDate || IsTimestamp(source);
    case TransformKind::kHour:
      return IsTimestamp(source);
    case TransformKind::kVoid:
      return true;
  }
  return false;
}

/// The bytes of a value that its bucket is computed from.
std::string BytesToHash(const Type& source, const Literal& value) {
  if (const auto* number = std::get_if<int32_t>(&value)) {
    // As a long, so that a promoted column keeps its buckets.
    return EncodeLiteral(TypeOf(TypeId::kLong), Literal(int64_t{*number}));
  }
  return EncodeLiteral(source, value);
}

int32_t Bucket(const Type& source, const Literal& value, int32_t buckets) {
  const uint32_t hash = Murmur3(BytesToHash(source, value)) & 0x7FFF'FFFFU;
  return static_cast<int32_t>(hash) % buckets;
}

/// The first `length` code points of UTF-8 text.
std::string_view CodePoints(std::string_view text, int32_t length) {
  int64_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
    if (starts && ++seen > length) {
      return text.substr(0, i);
    }
  }
  return text;
}

/// Unsigned, so that a result below the type's minimum wraps around.
template <typename Unsigned, typename Signed>
Signed TruncateNumber(Signed value, int32_t width) {
  const Signed rest =
      static_cast<Signed>(FloorModulo<Int128>(static_cast<Int128>(value), Int128{width}));
  return static_cast<Signed>(static_cast<Unsigned>(value) - static_cast<Unsigned>(rest));
}

Literal Truncate(const Type& source, const Literal& value, int32_t width) {
  __extension__ using UInt128 = unsigned __int128;
  switch (source.id) {
    case TypeId::kInt:
      return TruncateNumber<uint32_t>(As<int32_t>(value), width);
    case TypeId::kLong:
      return TruncateNumber<uint64_t>(As<int64_t>(value), width);
    case TypeId::kDecimal:
      return Decimal{TruncateNumber<UInt128>(As<Decimal>(value).unscaled, width)};
    case TypeId::kString:
      return std::string(CodePoints(As<std::string>(value), width));
    default:
      return As<std::string>(value).substr(0, static_cast<size_t>(width));
  }
}

/// Hours that 32 bits do not hold, of years past 246953, are the last that they do: so
/// the order of values is kept.
int32_t Hours(int64_t micros) {
  constexpr auto kLast = int64_t{std::numeric_limits<int32_t>::max()};
  constexpr auto kFirst = int64_t{std::numeric_limits<int32_t>::min()};
  return static_cast<int32_t>(
      std::clamp(FloorDivide(micros, kMicrosPerHour), kFirst, kLast));
}

int64_t DaysOf(const Type& source, const Literal& value) {
  return source.id == TypeId::kDate ? As<int32_t>(value)
                                    : FloorDivide(As<int64_t>(value), kMicrosPerDay);
}

int32_t Years(int64_t days) {
  return static_cast<int32_t>(CivilFromDays(days).year - kEpochYear);
}

int32_t Months(int64_t days) {
  const CivilDate date = CivilFromDays(days);
  return static_cast<int32_t>((date.year - kEpochYear) * 12 + date.month - 1);
}

}  // namespace

Result<Transform> ParseTransform(std::string_view name) {
  const size_t bracket = std::min(name.find('['), name.size());
  const std::string_view head = name.substr(0, bracket);
  const std::string_view brackets = name.substr(bracket);
  for (const NamedTransform& named : kTransforms) {
    if (named.name != head) {
      continue;
    }
    if (!HasParameter(named.kind) && brackets.empty()) {
      return Transform{named.kind, 0};
    }
    const auto parameter = ParseParameter(brackets);
    if (HasParameter(named.kind) && parameter) {
      return Transform{named.kind, *parameter};
    }
    return Error{ErrorKind::kCorrupt,
                 fmt::format("not a transform: '{}'", name.substr(0, 64))};
  }
  return Error{ErrorKind::kUnsupported,
               fmt::format("unknown transform: '{}'", name.substr(0, 64))};
}

std::string TransformName(const Transform& transform) {
  if (HasParameter(transform.kind)) {
    return fmt::format("{}[{}]", NameOf(transform.kind), transform.parameter);
  }
  return std::string(NameOf(transform.kind));
}

Result<Type> TransformResultType(const Transform& transform, const Type& source) {
  if (source.is_nested() || !Accepts(transform, source.id)) {
    return Error{
        ErrorKind::kInvalidArgument,
        fmt::format("{} does not take a {}", TransformName(transform),
                    source.is_nested() ? "nested type" : PrimitiveTypeName(source))};
  }
  switch (transform.kind) {
    case TransformKind::kIdentity:
    case TransformKind::kTruncate:
    case TransformKind::kVoid:
      return source;
    case TransformKind::kDay:
      return TypeOf(TypeId::kDate);
    default:
      return TypeOf(TypeId::kInt);
  }
}

std::optional<Literal> ApplyTransform(const Transform& transform, const Type& source,
                                      const std::optional<Literal>& value) {
  if (!value) {
    return std::nullopt;
  }
  switch (transform.kind) {
    case TransformKind::kIdentity:
      return value;
    case TransformKind::kBucket:
      return Bucket(source, *value, transform.parameter);
    case TransformKind::kTruncate:
      return Truncate(source, *value, transform.parameter);
    case TransformKind::kYear:
      return Years(DaysOf(source, *value));
    case TransformKind::kMonth:
      return Months(DaysOf(source, *value));
    case TransformKind::kDay:
      return static_cast<int32_t>(DaysOf(source, *value));
    case TransformKind::kHour:
      return Hours(As<int64_t>(*value));
    case TransformKind::kVoid:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace calve::table
