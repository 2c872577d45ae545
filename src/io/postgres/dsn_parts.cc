#include "io/postgres/dsn_parts.h"

#include <memory>

#include <libpq-fe.h>

namespace calve::postgres {

Result<std::map<std::string, std::string>> PartsOfDsn(const std::string& dsn) {
  // libpq's own message quotes parts of the string.
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(dsn.c_str(), /*errmsg=*/nullptr), &PQconninfoFree);
  if (options == nullptr) {
    return Error{ErrorKind::kInvalidArgument,
                 "the source's connection string can't be parsed; write it as "
                 "postgresql://user:password@host:port/database or as host=… port=…"};
  }
  std::map<std::string, std::string> parts;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr;
       ++option) {
    if (option->val != nullptr) {
      parts[option->keyword] = option->val;
    }
  }
  return parts;
}

}  // namespace calve::postgres
