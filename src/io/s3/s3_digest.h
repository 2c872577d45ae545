#pragma once

/// \file io/s3/s3_digest.h
/// Hashes in the forms that S3's headers have. SHA-256 in hex is io/system.h's.

#include <string>
#include <string_view>

namespace calve::io {

/// HMAC-SHA-256, raw.
std::string HmacSha256(std::string_view key, std::string_view text);

/// Raw bytes in lower-case hex.
std::string HexOf(std::string_view bytes);

/// The base64 form of a digest in hex: `x-amz-checksum-sha256`. Requires: an even number
/// of hex digits.
std::string Base64OfHex(std::string_view hex);

/// The MD5 of bytes in lower-case hex: the ETag of an object that was put in one request
/// and not encrypted with a key of the user's. It tells chance from damage, no more.
std::string Md5Hex(std::string_view bytes);

}  // namespace calve::io
