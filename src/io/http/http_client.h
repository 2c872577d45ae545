#pragma once

/// \file io/http/http_client.h
/// HTTP requests, each sent once. Whoever knows whether a request may be repeated repeats
/// it (io/http/backoff.h).

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace calve::io {

struct HttpRequest {
  std::string method;  // GET, PUT, …
  std::string url;     // percent-encoded; without a user's name or password
  std::map<std::string, std::string> headers = {};
  std::string_view body = {};  // borrowed until Send returns
  /// Whether the server may get it twice. Else it has a connection of its own: one that
  /// is kept may prove dead only once the request is written to it, when nobody can tell
  /// whether the server has read it.
  bool may_repeat = false;
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  /// A header's value, or "". \param name  in lower case
  std::string Header(const std::string& name) const;
};

/// Sends requests. Thread-safe.
class HttpClient {
 public:
  HttpClient() = default;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  virtual ~HttpClient() = default;

  /// \return the reply, whatever its status. kUnavailable if none came, or not all of it:
  ///         the server may have done what was asked. kUnsupported if its body is larger
  ///         than the options allow: likewise. kInvalidArgument if the server's
  ///         certificate is not to be trusted, the URL is none, or a header holds a line
  ///         break: nothing was asked. Messages hold no more of the URL than the host
  virtual Result<HttpResponse> Send(const HttpRequest& request) = 0;
};

struct HttpOptions {
  std::string ca_file = {};  // PEM; empty: the system's
  std::chrono::milliseconds connect_timeout{5'000};
  /// A transfer that moves no byte for so long has failed.
  std::chrono::seconds stall_timeout{30};
  /// A reply's body may have so many bytes.
  size_t max_body_bytes = size_t{256} * 1024 * 1024;
};

/// A client that keeps connections open for later requests, verifies certificates, and
/// follows no redirects.
std::unique_ptr<HttpClient> MakeHttpClient(const HttpOptions& options);

/// Percent-encodes all but letters, digits and `-._~`, and slashes where they are kept.
std::string PercentEncode(std::string_view text, bool keep_slashes);

/// Undoes it; what is no escape is left.
std::string PercentDecode(std::string_view text);

}  // namespace calve::io
