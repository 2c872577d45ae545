#pragma once

/// \file query/trino_client.h
/// SQL on Trino, by its client protocol: POST /v1/statement, then one page after the
/// other.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "io/http/http_client.h"
#include "query/trino_endpoint.h"

namespace calve::query {

/// One row's values as text; null where SQL has null.
using TrinoRow = std::vector<std::optional<std::string>>;

/// When to give up on a statement.
struct TrinoPatience {
  std::chrono::milliseconds longest{120'000};  // from the statement to its last row
  size_t most_rows = 1'000'000;
  std::function<bool()> interrupted = {};  // empty: never
};

/// Asks one Trino. Thread-safe where the HTTP client is, which outlives this.
class TrinoClient {
 public:
  TrinoClient(TrinoEndpoint endpoint, io::HttpClient& http, TrinoPatience patience = {});

  /// The version that the coordinator says, `476`.
  /// \return kUnavailable while it can't be reached or starts; kInvalidArgument if what
  ///         answers is no Trino, or refuses the login
  Result<std::string> Version();

  /// Runs a statement to its end, or cancels it when patience ends.
  /// \return its rows; kUnavailable if Trino can't be reached, has no room, or takes too
  ///         long; kUnsupported if there are too many; kCancelled after an interrupt;
  ///         kInvalidArgument if what answers is no Trino, refuses the login, or refuses
  ///         the statement, with its own words
  Result<std::vector<TrinoRow>> Rows(const std::string& sql);

  const TrinoEndpoint& endpoint() const { return endpoint_; }

 private:
  Result<io::HttpResponse> Send(const std::string& method, const std::string& url,
                                const std::string& body);
  Status CheckPatience(std::chrono::steady_clock::time_point start, size_t rows) const;

  TrinoEndpoint endpoint_;
  io::HttpClient& http_;
  TrinoPatience patience_;
};

/// A name as SQL takes it: `"my schema"`.
std::string QuoteName(const std::string& name);
/// A text as SQL takes it: `'it''s'`.
std::string QuoteText(const std::string& text);

}  // namespace calve::query
