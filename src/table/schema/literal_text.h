#pragma once

/// \file table/schema/literal_text.h
/// Bytes and UUIDs as text.

#include <optional>
#include <string>
#include <string_view>

namespace calve::table {

/// `000102ff`, lower case, and back (any case); nullopt if it is not hexadecimal.
std::string BytesToHex(std::string_view bytes);
std::optional<std::string> BytesFromHex(std::string_view text);

/// 16 bytes as `f79c3e09-677c-4bbd-a479-3f349cb785e7`, and back; nullopt if it has not
/// that form.
std::string UuidToText(std::string_view bytes);
std::optional<std::string> UuidFromText(std::string_view text);

}  // namespace calve::table
