#pragma once

/// \file core/base64.h
/// Bytes as text: RFC 4648.

#include <string>
#include <string_view>

namespace calve {

/// The base64 form of bytes, with padding.
std::string BytesToBase64(std::string_view bytes);

}  // namespace calve
