// Fuzzes what is known of PostgreSQL connection strings, against libpq's own reading: no
// password that libpq finds goes unmasked, and parts come back as they went in.

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <libpq-fe.h>

#include "app/config/dsn.h"
#include "fuzz_input.h"

namespace {

using calve::fuzz::Require;

using Parts = std::map<std::string, std::string>;

/// What libpq reads from a connection string; empty if it refuses it.
Parts ReadByLibpq(const std::string& dsn) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(dsn.c_str(), &message), &PQconninfoFree);
  PQfreemem(message);
  Parts parts;
  for (const auto* option = options.get();
       option != nullptr && option->keyword != nullptr; ++option) {
    if (option->val != nullptr) {
      parts[option->keyword] = option->val;
    }
  }
  return parts;
}

void CheckPasswords(const std::string& dsn) {
  const std::vector<std::string> masked = calve::app::PasswordsIn(dsn);
  const Parts parts = ReadByLibpq(dsn);
  for (const char* keyword : {"password", "sslpassword"}) {
    const auto part = parts.find(keyword);
    Require(part == parts.end() || part->second.empty() ||
                std::find(masked.begin(), masked.end(), part->second) != masked.end(),
            "every password is masked");
  }
}

void CheckParts(std::string_view text) {
  Parts parts;
  for (const char* keyword : {"dbname", "host", "password", "user"}) {
    parts[keyword] = calve::fuzz::TakeLine(text);
  }
  Require(ReadByLibpq(calve::app::BuildDsn(parts)) == parts, "parts come back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(calve::fuzz::TextOf(data, size));
  if (text.find('\0') != std::string::npos) {
    return 0;  // libpq takes C strings
  }
  CheckPasswords(text);
  CheckParts(text);
  return 0;
}
