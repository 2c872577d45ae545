#include "app/config/dsn.h"

#include <algorithm>
#include <cctype>

#include "io/http/http_client.h"

namespace calve::app {
namespace {

constexpr std::string_view kKeyword = "password";
constexpr std::string_view kSpaces = " \t\n\v\f\r";  // libpq's

void AddEncoded(std::string_view password, std::vector<std::string>& found) {
  found.emplace_back(password);
  found.push_back(io::PercentDecode(password));
}

/// `user:password@` of a URI. libpq ends the password at the first @; one with a raw @ or
/// / is no valid URI, but must stay hidden: the last @, and the last before the query.
void FindInUserinfo(std::string_view uri, std::vector<std::string>& found) {
  const size_t start = uri.find("://");
  if (start == std::string_view::npos) {
    return;
  }
  const std::string_view rest = uri.substr(start + 3);
  const size_t colon = rest.find(':');
  if (colon == rest.npos) {
    return;
  }
  for (const size_t at :
       {rest.find('@', colon), rest.rfind('@', rest.find('?')), rest.rfind('@')}) {
    if (at != rest.npos && at > colon) {
      AddEncoded(rest.substr(colon + 1, at - colon - 1), found);
    }
  }
}

/// `?password=` and `&password=`; a `?` may stand in a value, or before the query, too.
void FindInQuery(std::string_view uri, std::vector<std::string>& found) {
  for (size_t at = uri.find_first_of("?&"); at != uri.npos;
       at = uri.find_first_of("?&", at + 1)) {
    std::string_view pair = uri.substr(at + 1);
    pair = pair.substr(0, pair.find('&'));
    const size_t equals = pair.find('=');
    if (equals != pair.npos &&
        io::PercentDecode(pair.substr(0, equals)).find(kKeyword) != std::string::npos) {
      AddEncoded(pair.substr(equals + 1), found);
    }
  }
}

/// The value that starts at `at` in keyword form: quoted, or up to a space.
std::string KeywordValue(std::string_view text, size_t at) {
  const bool quoted = at < text.size() && text[at] == '\'';
  std::string value;
  for (size_t i = at + (quoted ? 1 : 0); i < text.size(); ++i) {
    const bool end =
        quoted ? text[i] == '\'' : std::isspace(static_cast<unsigned char>(text[i])) != 0;
    if (end) {
      break;
    }
    if (text[i] == '\\') {
      ++i;
    }
    if (i < text.size()) {
      value += text[i];
    }
  }
  return value;
}

void FindInKeywords(std::string_view text, std::vector<std::string>& found) {
  for (size_t at = text.find(kKeyword); at != text.npos; at = text.find(kKeyword, at)) {
    at += kKeyword.size();
    size_t value = text.find_first_not_of(kSpaces, at);
    if (value == text.npos || text[value] != '=') {
      continue;
    }
    value = text.find_first_not_of(kSpaces, value + 1);
    if (value != text.npos) {
      found.push_back(KeywordValue(text, value));
    }
  }
}

}  // namespace

std::string BuildDsn(const std::map<std::string, std::string>& parts) {
  std::string dsn;
  for (const auto& [keyword, value] : parts) {
    dsn += (dsn.empty() ? "" : " ") + keyword + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') {
        dsn += '\\';
      }
      dsn += c;
    }
    dsn += '\'';
  }
  return dsn;
}

std::optional<std::string> PostgresUri(std::string_view uri) {
  const size_t end = uri.find("://");
  if (end == uri.npos) {
    return std::nullopt;
  }
  const std::string_view scheme = uri.substr(0, end);
  const std::string_view dialect = scheme.substr(0, scheme.find('+'));
  if (dialect != "postgresql" && dialect != "postgres") {
    return std::nullopt;
  }
  return "postgresql" + std::string(uri.substr(end));
}

std::vector<std::string> PasswordsIn(std::string_view dsn) {
  std::vector<std::string> found;
  FindInUserinfo(dsn, found);
  FindInQuery(dsn, found);
  // As libpq decides; `://` may stand in a keyword's value.
  if (!dsn.starts_with("postgresql://") && !dsn.starts_with("postgres://")) {
    FindInKeywords(dsn, found);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::erase(found, "");
  return found;
}

}  // namespace calve::app
