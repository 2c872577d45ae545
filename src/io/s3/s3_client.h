#pragma once

/// \file io/s3/s3_client.h
/// The requests of S3's API that a store needs, signed, and repeated where that is safe.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"
#include "io/http/backoff.h"
#include "io/http/http_client.h"
#include "io/http/http_status.h"
#include "io/s3/s3_reply.h"
#include "io/s3/s3_signature.h"

namespace calve::io {

struct S3Options {
  /// `http://127.0.0.1:9000`: scheme, host and port; empty: AWS's own of the region.
  std::string endpoint = {};
  std::string region = "us-east-1";
  /// The bucket in the path, not in the host's name; servers of one's own want it. A
  /// bucket whose name has a dot always goes there: no certificate fits the other.
  bool path_style = false;
  BackoffOptions backoff = {};
};

/// Gives the credentials of the next request; they may change (a session token expires).
/// Thread-safe.
using S3CredentialsSource = std::function<Result<S3Credentials>()>;

/// An object's place.
struct S3Object {
  std::string bucket;
  std::string key;

  /// `s3://bucket/key`, for messages.
  std::string text() const;
};

/// Sends requests to S3. Thread-safe, if the parts are.
class S3Client {
 public:
  /// `http`, `clock` and `uuids` outlive the client.
  S3Client(S3Options options, S3CredentialsSource credentials, HttpClient& http,
           Clock& clock, UuidSource& uuids);

  /// A request but for its signature.
  struct Request {
    std::string method;
    S3Object object;  // an empty key: the bucket
    std::map<std::string, std::string> query = {};
    std::map<std::string, std::string> headers = {};  // names in lower case
    std::string_view body = {};                       // borrowed
    std::string body_sha256 = {};                     // hex; empty: not computed yet
    /// Examines a reply of status 2xx. One that does not pass counts as lost.
    std::function<Status(const HttpResponse&)> check = {};
  };

  /// A reply, and whether an earlier attempt of the same request may have been carried
  /// out: its reply was lost, or said that the server failed.
  struct Reply {
    HttpResponse http;
    bool repeated = false;
  };

  /// Sends a request, again and again while replies are lost or say "later" (429, 5xx).
  ///
  /// \return the last reply, whatever its status but for those; kUnavailable once the
  ///         attempts are used up: it may have been carried out. The error of `check`
  ///         where that was the last one
  Result<Reply> Send(const Request& request) const;

  /// The error that a reply of an unwanted status stands for, with what was asked and the
  /// server's own words: kNotFound (404), kConflict (412), kUnavailable (5xx), else
  /// kInvalidArgument (credentials, permission, region).
  static Error ErrorOf(const Request& request, const HttpResponse& reply);

 private:
  struct Target {
    std::string origin;  // scheme, host and port
    std::string host;    // and port, where it is not the scheme's own
    std::string path;    // encoded
  };
  Target TargetOf(const S3Object& object) const;
  Result<HttpResponse> SendOnce(const Request& request,
                                const std::string& body_sha256) const;

  S3Options options_;
  S3CredentialsSource credentials_;
  HttpClient& http_;   // Outlives this client.
  Clock& clock_;       // Likewise.
  UuidSource& uuids_;  // Likewise.
};

}  // namespace calve::io
