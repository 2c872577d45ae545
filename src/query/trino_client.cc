#include "query/trino_client.h"

#include <chrono>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base64.h"
#include "core/foreign_json.h"
#include "core/foreign_text.h"
#include "io/http/http_status.h"

namespace calve::query {
namespace {

using Json = nlohmann::json;

constexpr size_t kLongestWords = 600;  // bytes of Trino's in a message of ours

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
  if (status == io::kHttpUnauthorized || status == io::kHttpForbidden) {
    return {ErrorKind::kInvalidArgument,
            fmt::format("Trino at {} refuses the login of {} (HTTP {}): see trino.user "
                        "and trino.password",
                        where, endpoint.user, status)};
  }
  if (status == io::kHttpTooManyRequests || status >= io::kHttpFirstServerError) {
    return {ErrorKind::kUnavailable,
            fmt::format("Trino at {} answers HTTP {}; try again later", where, status)};
  }
  return {ErrorKind::kInvalidArgument,
          fmt::format("what answers at {} is no Trino (HTTP {}): see trino.host, "
                      "trino.port and trino.scheme",
                      where, status)};
}

bool IsPage(const Json& reply) {
  const Json& next = JsonAt(reply, {"nextUri"});
  return JsonAt(reply, {"stats"}).is_object() && (next.is_null() || next.is_string());
}

/// What a failed statement says: its own words, and whether a repeat may do.
Error StatementError(const TrinoEndpoint& endpoint, const Json& error) {
  const std::string name = JsonTextAt(error, {"errorName"});
  const bool passing = JsonTextAt(error, {"errorType"}) == "INSUFFICIENT_RESOURCES" ||
                       name == "SERVER_STARTING_UP";
  const std::string message = JsonTextAt(error, {"message"});  // Trino leaves some out.
  const std::string words =
      (name.empty() ? "an error" : name) + (message.empty() ? "" : ": " + message);
  return {passing ? ErrorKind::kUnavailable : ErrorKind::kInvalidArgument,
          fmt::format("Trino at {} says {}", endpoint.url(),
                      InOneLine(words, kLongestWords))};
}

std::optional<std::string> CellText(const Json& value) {
  if (value.is_null()) {
    return std::nullopt;
  }
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// Takes a page's rows. \return whether they are rows at all: arrays, none empty
bool AddRows(const Json& page, std::vector<TrinoRow>& rows) {
  const Json& data = JsonAt(page, {"data"});
  if (!data.is_null() && !data.is_array()) {
    return false;
  }
  for (const Json& values : data) {
    if (!values.is_array() || values.empty()) {
      return false;
    }
    TrinoRow row;
    for (const Json& value : values) {
      row.push_back(CellText(value));
    }
    rows.push_back(std::move(row));
  }
  return true;
}

}  // namespace

TrinoClient::TrinoClient(TrinoEndpoint endpoint, io::HttpClient& http,
                         TrinoPatience patience)
    : endpoint_(std::move(endpoint)), http_(http), patience_(std::move(patience)) {}

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
  if (response->status != io::kHttpOk) {
    return NoTrino(endpoint_, response->status);
  }
  return response;
}

Result<std::string> TrinoClient::Version() {
  CALVE_ASSIGN(const io::HttpResponse reply,
               Send("GET", endpoint_.url() + "/v1/info", ""));
  const Json info = ParseForeignJson(reply.body);
  std::string version = JsonTextAt(info, {"nodeVersion", "version"});
  if (version.empty()) {
    return NoTrino(endpoint_, reply.status);
  }
  if (JsonAt(info, {"starting"}) == Json(true)) {
    return Error{
        ErrorKind::kUnavailable,
        fmt::format("Trino at {} is starting; try again in a minute", endpoint_.url())};
  }
  return version;
}

Result<std::vector<TrinoRow>> TrinoClient::Rows(const std::string& sql) {
  constexpr std::chrono::milliseconds kPause(50);
  const auto start = std::chrono::steady_clock::now();
  std::vector<TrinoRow> rows;
  CALVE_ASSIGN(io::HttpResponse reply,
               Send("POST", endpoint_.url() + "/v1/statement", sql));
  while (true) {
    const Json page = ParseForeignJson(reply.body);
    if (!IsPage(page)) {
      return NoTrino(endpoint_, reply.status);
    }
    if (const Json& error = JsonAt(page, {"error"}); !error.is_null()) {
      return StatementError(endpoint_, error);
    }
    if (!AddRows(page, rows)) {
      return NoTrino(endpoint_, reply.status);
    }
    const std::string next = JsonTextAt(page, {"nextUri"});
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
    if (auto patient = CheckPatience(start, rows.size()); !patient) {
      (void)Send("DELETE", next, "");  // Cancels it.
      return patient.error();
    }
    if (JsonAt(page, {"data"}).is_null()) {
      std::this_thread::sleep_for(kPause);
    }
    CALVE_ASSIGN(reply, Send("GET", next, ""));
  }
}

Status TrinoClient::CheckPatience(std::chrono::steady_clock::time_point start,
                                  size_t rows) const {
  if (patience_.interrupted && patience_.interrupted()) {
    return Error{ErrorKind::kCancelled, "interrupted while Trino ran a statement"};
  }
  if (std::chrono::steady_clock::now() - start > patience_.longest) {
    return Error{
        ErrorKind::kUnavailable,
        fmt::format("Trino at {} has not finished a statement in {} s; see in its "
                    "web page what it waits for, and try again",
                    endpoint_.url(), patience_.longest.count() / 1000)};
  }
  if (rows > patience_.most_rows) {
    return Error{ErrorKind::kUnsupported,
                 fmt::format("Trino at {} answers with more than {} rows",
                             endpoint_.url(), patience_.most_rows)};
  }
  return {};
}

std::string QuoteName(const std::string& name) {
  return Quoted(name, '"');
}

std::string QuoteText(const std::string& text) {
  return Quoted(text, '\'');
}

}  // namespace calve::query
