#include "table/catalog/catalog.h"

namespace calve::table {

Result<TableName> ParseTableName(const std::string& text) {
  const size_t dot = text.rfind('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == text.size()) {
    return Error{ErrorKind::kInvalidArgument,
                 "a table's name is namespace.table, not: " + text};
  }
  return TableName{.name_space = text.substr(0, dot), .name = text.substr(dot + 1)};
}

}  // namespace calve::table
