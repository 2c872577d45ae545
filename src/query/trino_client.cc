#include "query/trino_client.h"

#include <chrono>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base64.h"

namespace calve::query {
namespace {

using Json = nlohmann::json;

constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kTooManyRequests = 429;
constexpr int kServerError = 500;
constexpr int kOk = 200;

std::string Quoted(const std::string& text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    quoted += c == quote ? std::string(2, quote) : std::string(1, c);
  }
  return quoted + quote;
}

/// A reply that is no page of Trino's protocol.
Error NoTrino(const TrinoEndpoint& endpoint, int status) {
  const std::string where = endpoint.url();
  if (status == kUnauthorized || status == kForbidden) {
    return {ErrorKind::kInvalidArgument,
            fmt::format("Trino at {} refuses the login of {} (HTTP {}): see trino.user "
                        "and trino.password",
                        where, endpoint.user, status)};
  }
  if (status == kTooManyRequests || status >= kServerError) {
    return {ErrorKind::kUnavailable,
            fmt::format("Trino at {} answers HTTP {}; try again later", where, status)};
  }
  return {ErrorKind::kInvalidArgument,
          fmt::format("what answers at {} is no Trino (HTTP {}): see trino.host, "
                      "trino.port and trino.scheme",
                      where, status)};
}

/// What a failed statement says: its own words, and whether a repeat may do.
Error StatementError(const TrinoEndpoint& endpoint, const Json& error) {
  const std::string type = error.value("errorType", "");
  const bool passing = type == "INSUFFICIENT_RESOURCES" ||
                       error.value("errorName", "") == "SERVER_STARTING_UP";
  return {passing ? ErrorKind::kUnavailable : ErrorKind::kInvalidArgument,
          fmt::format("Trino at {} says {}: {}", endpoint.url(),
                      error.value("errorName", "an error"), error.value("message", ""))};
}

std::optional<std::string> CellText(const Json& value) {
  if (value.is_null()) {
    return std::nullopt;
  }
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void AddRows(const Json& page, std::vector<TrinoRow>& rows) {
  for (const Json& values : page.value("data", Json::array())) {
    TrinoRow row;
    for (const Json& value : values) {
      row.push_back(CellText(value));
    }
    rows.push_back(std::move(row));
  }
}

}  // namespace

TrinoClient::TrinoClient(TrinoEndpoint endpoint, io::HttpClient& http)
    : endpoint_(std::move(endpoint)), http_(http) {}

Result<io::HttpResponse> TrinoClient::Send(const std::string& method,
                                           const std::string& url,
                                           const std::string& body) {
  io::HttpRequest request{.method = method, .url = url};
  request.headers = {{"X-Trino-User", endpoint_.user}, {"X-Trino-Source", "calve"}};
  if (!endpoint_.password.empty()) {
    request.headers["Authorization"] =
        "Basic " + BytesToBase64(endpoint_.user + ":" + endpoint_.password.Reveal());
  }
  request.body = body;
  request.may_repeat = method == "GET";
  auto response = http_.Send(request);
  if (!response) {
    return Error{response.error().kind, fmt::format("Trino at {}: {}", endpoint_.url(),
                                                    response.error().message)};
  }
  if (response->status != kOk) {
    return NoTrino(endpoint_, response->status);
  }
  return response;
}

Result<std::string> TrinoClient::Version() {
  CALVE_ASSIGN(const io::HttpResponse reply,
               Send("GET", endpoint_.url() + "/v1/info", ""));
  const Json info = Json::parse(reply.body, nullptr, /*allow_exceptions=*/false);
  if (!info.is_object() || !info.contains("nodeVersion") ||
      !info["nodeVersion"].is_object()) {
    return NoTrino(endpoint_, reply.status);
  }
  if (info.value("starting", Json(false)) == Json(true)) {
    return Error{
        ErrorKind::kUnavailable,
        fmt::format("Trino at {} is starting; try again in a minute", endpoint_.url())};
  }
  return info["nodeVersion"].value("version", "");
}

Result<std::vector<TrinoRow>> TrinoClient::Rows(const std::string& sql) {
  constexpr std::chrono::milliseconds kPause(50);
  std::vector<TrinoRow> rows;
  CALVE_ASSIGN(io::HttpResponse reply,
               Send("POST", endpoint_.url() + "/v1/statement", sql));
  while (true) {
    const Json page = Json::parse(reply.body, nullptr, /*allow_exceptions=*/false);
    if (!page.is_object() || !page.contains("stats")) {
      return NoTrino(endpoint_, reply.status);
    }
    if (page.contains("error")) {
      return StatementError(endpoint_, page["error"]);
    }
    AddRows(page, rows);
    const std::string next = page.value("nextUri", "");
    if (next.empty()) {
      return rows;
    }
    // The login goes nowhere else, whatever a reply says.
    if (!next.starts_with(endpoint_.url() + "/")) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("Trino at {} sends its clients to another address: set "
                               "trino.host and trino.port to the one that it knows "
                               "itself by (http-server.process-forwarded)",
                               endpoint_.url())};
    }
    if (!page.contains("data")) {
      std::this_thread::sleep_for(kPause);
    }
    CALVE_ASSIGN(reply, Send("GET", next, ""));
  }
}

std::string QuoteName(const std::string& name) {
  return Quoted(name, '"');
}

std::string QuoteText(const std::string& text) {
  return Quoted(text, '\'');
}

}  // namespace calve::query
