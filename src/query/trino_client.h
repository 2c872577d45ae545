#pragma once

/// \file query/trino_client.h
/// SQL on Trino, by its client protocol: POST /v1/statement, then one page after the
/// other.

#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "io/http/http_client.h"
#include "query/trino_endpoint.h"

namespace calve::query {

/// One row's values as text; null where SQL has null.
using TrinoRow = std::vector<std::optional<std::string>>;

/// Asks one Trino. Thread-safe where the HTTP client is, which outlives this.
class TrinoClient {
 public:
  TrinoClient(TrinoEndpoint endpoint, io::HttpClient& http);

  /// The version that the coordinator says, `476`.
  /// \return kUnavailable while it can't be reached or starts; kInvalidArgument if what
  ///         answers is no Trino, or refuses the login
  Result<std::string> Version();

  /// Runs a statement to its end.
  /// \return its rows; kUnavailable if Trino can't be reached or has no room;
  ///         kInvalidArgument with Trino's own words if it refuses the login or the
  ///         statement
  Result<std::vector<TrinoRow>> Rows(const std::string& sql);

  const TrinoEndpoint& endpoint() const { return endpoint_; }

 private:
  Result<io::HttpResponse> Send(const std::string& method, const std::string& url,
                                const std::string& body);

  TrinoEndpoint endpoint_;
  io::HttpClient& http_;
};

/// A name as SQL takes it: `"my schema"`.
std::string QuoteName(const std::string& name);
/// A text as SQL takes it: `'it''s'`.
std::string QuoteText(const std::string& text);

}  // namespace calve::query
