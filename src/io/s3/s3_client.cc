#include "io/s3/s3_client.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "io/http/http_status.h"
#include "io/system.h"

namespace calve::io {
namespace {

/// Whether the same request may go through later.
bool IsPassing(const HttpResponse& reply) {
  if (reply.status == kHttpTooManyRequests ||
      (reply.status >= kHttpFirstServerError && reply.status != kHttpNotImplemented)) {
    return true;
  }
  if (reply.status != kHttpConflict && reply.status != kHttpBadRequest) {
    return false;
  }
  // Others were faster; or what arrived is not what was sent.
  constexpr std::array kCodes{"ConditionalRequestConflict",
                              "OperationAborted",
                              "RequestTimeout",
                              "IncompleteBody",
                              "BadDigest",
                              "XAmzContentSHA256Mismatch",
                              "XAmzContentChecksumMismatch"};
  const std::string code = ParseS3Error(reply.body).code;
  return std::ranges::any_of(kCodes, [&](const char* one) { return code == one; });
}

bool IsGood(const HttpResponse& reply) {
  return reply.status >= kHttpOk && reply.status < kHttpFirstRedirect;
}

/// Whether a second copy of it that nobody knows of does no harm.
bool MayRepeatUnseen(const S3Client::Request& request) {
  return request.method != "POST" && !request.headers.contains("if-none-match");
}

const char* RemedyOf(const HttpResponse& reply, const std::string& code) {
  const bool redirect =
      reply.status >= kHttpFirstRedirect && reply.status < kHttpBadRequest;
  if (redirect || code == "AuthorizationHeaderMalformed") {
    return "; the bucket is in another region: set the region";
  }
  if (code == "NoSuchBucket") {
    return "; make the bucket, or name another one";
  }
  if (code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch") {
    return "; check the access key and the secret key";
  }
  if (code == "RequestTimeTooSkewed") {
    return "; set this machine's clock right";
  }
  if (code == "ExpiredToken" || code == "InvalidToken" || code == "InvalidTokenId") {
    return "; renew the session token";
  }
  if (reply.status == kHttpNotImplemented) {
    return "; this storage lacks what Calve needs: conditional PUT (If-None-Match), "
           "multipart uploads, reads by range";
  }
  return reply.status == kHttpForbidden ? "; give these credentials the permission" : "";
}

ErrorKind KindOf(const HttpResponse& reply, const std::string& code) {
  if (code == "NoSuchBucket") {
    return ErrorKind::kInvalidArgument;
  }
  if (reply.status == kHttpNotFound) {
    return ErrorKind::kNotFound;
  }
  if (reply.status == kHttpPreconditionFailed) {
    return ErrorKind::kConflict;
  }
  return IsPassing(reply) ? ErrorKind::kUnavailable : ErrorKind::kInvalidArgument;
}

/// `host` without the port that its scheme has anyway: HTTP clients leave it out of the
/// Host header, which is signed.
std::string WithoutOwnPort(const std::string& scheme, std::string host) {
  const std::string_view own = scheme == "https://" ? ":443" : ":80";
  if (host.ends_with(own)) {
    host.resize(host.size() - own.size());
  }
  return host;
}

}  // namespace

std::string S3Object::text() const {
  return "s3://" + bucket + (key.empty() ? "" : "/" + key);
}

S3Client::S3Client(S3Options options, S3CredentialsSource credentials, HttpClient& http,
                   Clock& clock, UuidSource& uuids)
    : options_(std::move(options)),
      credentials_(std::move(credentials)),
      http_(http),
      clock_(clock),
      uuids_(uuids) {
  while (options_.endpoint.ends_with('/')) {
    options_.endpoint.pop_back();
  }
  if (options_.endpoint.empty()) {
    options_.endpoint = fmt::format("https://s3.{}.amazonaws.com", options_.region);
  }
}

S3Client::Target S3Client::TargetOf(const S3Object& object) const {
  const size_t split = options_.endpoint.find("://") + 3;
  const std::string scheme = options_.endpoint.substr(0, split);
  std::string host = WithoutOwnPort(scheme, options_.endpoint.substr(split));
  std::string path = "/" + PercentEncode(object.key, /*keep_slashes=*/true);
  if (options_.path_style || object.bucket.find('.') != object.bucket.npos) {
    path = "/" + PercentEncode(object.bucket, /*keep_slashes=*/false) +
           (object.key.empty() ? "" : path);
  } else {
    host = object.bucket + "." + host;
  }
  return {.origin = scheme + host, .host = host, .path = path};
}

Result<HttpResponse> S3Client::SendOnce(const Request& request,
                                        const std::string& body_sha256) const {
  CALVE_ASSIGN(const S3Credentials credentials, credentials_());
  const Target target = TargetOf(request.object);
  const std::string query = CanonicalQuery(request.query);
  CALVE_ASSIGN(
      auto reply,
      http_.Send({.method = request.method,
                  .url = target.origin + target.path + (query.empty() ? "" : "?" + query),
                  .headers = Sign({.method = request.method,
                                   .host = target.host,
                                   .path = target.path,
                                   .query = request.query,
                                   .headers = request.headers,
                                   .payload_sha256 = body_sha256},
                                  credentials, options_.region, clock_.Now()),
                  .body = request.body,
                  .may_repeat = MayRepeatUnseen(request)}));
  if (request.check && IsGood(reply)) {
    if (const Status checked = request.check(reply); !checked) {
      return checked.error();
    }
  }
  return reply;
}

Result<S3Client::Reply> S3Client::Send(const Request& request) const {
  const std::string body_sha256 =
      request.body_sha256.empty() ? Sha256Hex(request.body) : request.body_sha256;
  Backoff backoff(options_.backoff, std::hash<std::string>{}(uuids_.Next()));
  for (bool repeated = false;; repeated = true) {
    auto sent = SendOnce(request, body_sha256);
    const bool lost = !sent && (sent.error().kind == ErrorKind::kUnavailable ||
                                sent.error().kind == ErrorKind::kCorrupt);
    if (!sent && !lost) {
      return sent.error();
    }
    if (sent && !IsPassing(*sent)) {
      return Reply{.http = *std::move(sent), .repeated = repeated};
    }
    if (backoff.Wait()) {
      continue;
    }
    Error error = sent ? ErrorOf(request, *sent) : sent.error();
    if (!sent) {
      error.message =
          fmt::format("{} {}: {}", request.method, request.object.text(), error.message);
    }
    error.message +=
        fmt::format("; gave up after {} attempts", options_.backoff.attempts);
    return error;
  }
}

Error S3Client::ErrorOf(const Request& request, const HttpResponse& reply) {
  const S3Error said = ParseS3Error(reply.body);
  const std::string words =
      said.code.empty() ? "" : fmt::format(" {}: {}", said.code, said.message);
  return {KindOf(reply, said.code),
          fmt::format("{} {}: status {}{}{}", request.method, request.object.text(),
                      reply.status, words, RemedyOf(reply, said.code))};
}

}  // namespace calve::io
