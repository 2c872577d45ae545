#pragma once

/// \file capture/table_ref.h
/// Names of tables in PostgreSQL.

#include <string>
#include <string_view>

#include "core/result.h"

namespace calve::capture {

/// `schema.table`, or a table in `public`. Names are taken as they are, in double quotes
/// too (`"My Schema"."a.b"`).
struct TableRef {
  std::string schema;
  std::string name;
};

/// kInvalidArgument if the text is no name of a table.
Result<TableRef> ParseTableRef(std::string_view text);

}  // namespace calve::capture
