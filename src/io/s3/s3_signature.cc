#include "io/s3/s3_signature.h"

#include <ctime>
#include <string_view>

#include <fmt/format.h>

#include "core/time_units.h"
#include "io/http/http_client.h"
#include "io/s3/s3_digest.h"
#include "io/system.h"

namespace calve::io {
namespace {

/// `20130524T000000Z`
std::string BasicIso(TimestampUs now) {
  const auto seconds = static_cast<std::time_t>(now.value / kMicrosPerSecond);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                     parts.tm_sec);
}

}  // namespace

std::string CanonicalQuery(const std::map<std::string, std::string>& query) {
  // Encoding keeps the order: names here are letters and dashes.
  std::string text;
  for (const auto& [name, value] : query) {
    text += fmt::format("{}{}={}", text.empty() ? "" : "&",
                        PercentEncode(name, /*keep_slashes=*/false),
                        PercentEncode(value, /*keep_slashes=*/false));
  }
  return text;
}

std::map<std::string, std::string> Sign(const SignedRequest& request,
                                        const S3Credentials& credentials,
                                        const std::string& region, TimestampUs now) {
  const std::string time = BasicIso(now);
  const std::string date = time.substr(0, 8);
  std::map<std::string, std::string> headers = request.headers;
  headers["x-amz-date"] = time;
  headers["x-amz-content-sha256"] = request.payload_sha256;
  if (!credentials.session_token.empty()) {
    headers["x-amz-security-token"] = credentials.session_token.Reveal();
  }

  std::map<std::string, std::string> to_sign = headers;
  to_sign["host"] = request.host;
  std::string lines;
  std::string names;
  for (const auto& [name, value] : to_sign) {
    lines += fmt::format("{}:{}\n", name, value);
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path,
                  CanonicalQuery(request.query), lines, names, request.payload_sha256);

  const std::string scope = fmt::format("{}/{}/s3/aws4_request", date, region);
  const std::string text =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, scope, Sha256Hex(canonical));
  std::string key = HmacSha256("AWS4" + credentials.secret_key.Reveal(), date);
  key = HmacSha256(key, region);
  key = HmacSha256(key, "s3");
  key = HmacSha256(key, "aws4_request");
  headers["authorization"] =
      fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
                  credentials.access_key, scope, names, HexOf(HmacSha256(key, text)));
  return headers;
}

}  // namespace calve::io
