#pragma once

/// \file core/unfit_event.h
/// Events of which a value does not fit the landing table: text that is no time, bytes
/// that are no UTF-8, a payload above the limit. Such an event is landed all the same,
/// with a mark before its raw_data that says why; staging then quarantines it by the
/// mark. No JSON document begins like one.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace calve {

/// The largest event that is landed whole, unless the configuration says otherwise.
inline constexpr int64_t kDefaultMaxEventBytes = 64LL * 1024 * 1024;

inline constexpr const char* kUnfitTimestamp = "timestamp";
inline constexpr const char* kUnfitEncoding = "encoding";
inline constexpr const char* kUnfitSize = "max_event_bytes";

/// Why an event does not fit; texts view what was parsed.
struct UnfitMark {
  std::string_view rule;
  std::string_view column;
  std::string_view reason;  // one line
};

/// The raw_data of an unfit event: one line with the mark, then `raw_data`, if there is
/// one. Marking what is marked keeps the first mark's reason first.
std::string MarkUnfit(const UnfitMark& mark, std::optional<std::string_view> raw_data);

/// The mark that a raw_data begins with; nullopt if it has none.
std::optional<UnfitMark> ReadUnfitMark(std::string_view raw_data);

/// Text that is no UTF-8 as one that is: each byte that is part of no character as
/// `\xNN`, each backslash as `\\`.
std::string EscapeInvalidUtf8(std::string_view bytes);

}  // namespace calve
