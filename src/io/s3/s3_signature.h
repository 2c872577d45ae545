#pragma once

/// \file io/s3/s3_signature.h
/// AWS Signature Version 4 for S3, in the Authorization header.

#include <map>
#include <string>

#include "core/timestamp.h"
#include "secrets/secret.h"

namespace calve::io {

struct S3Credentials {
  std::string access_key;
  secrets::Secret secret_key;
  secrets::Secret session_token;  // empty: none
};

/// What is signed of a request.
struct SignedRequest {
  std::string method;
  std::string host;  // with the port, where it is not the scheme's own
  std::string path;  // percent-encoded, from `/`
  std::map<std::string, std::string> query;    // neither side encoded
  std::map<std::string, std::string> headers;  // more to sign; names in lower case
  std::string payload_sha256;                  // 64 hex digits
};

/// The query as it is signed, and so must be sent: encoded, by name.
std::string CanonicalQuery(const std::map<std::string, std::string>& query);

/// The headers to send: those of the request, `x-amz-date`, `x-amz-content-sha256`, the
/// session token and `authorization`. `host` is left to the HTTP client.
std::map<std::string, std::string> Sign(const SignedRequest& request,
                                        const S3Credentials& credentials,
                                        const std::string& region, TimestampUs now);

}  // namespace calve::io
