#pragma once

/// \file capture/table_shape.h
/// What PostgreSQL's catalog says of a table's columns, for a contract to be drafted
/// from.

#include <string>
#include <vector>

#include "capture/table_ref.h"
#include "core/result.h"
#include "io/postgres/connection.h"

namespace calve::capture {

/// One column, in the words of PostgreSQL.
struct ColumnShape {
  std::string name;
  std::string type;  // as format_type() writes it; of a domain, what it rests on
  bool not_null = false;
  std::string comment;
  /// Labels of an enum, or texts of a validated `CHECK (column IN ('…', …))`; else empty.
  std::vector<std::string> accepted_values;
};

struct TableShape {
  TableRef ref;
  std::string comment;
  std::vector<std::string> key;  // the primary key's columns, or the replica identity's
  std::vector<ColumnShape> columns;
  std::string refusal;  // why it can't be captured; empty: it can
};

/// Looks at a table. kNotFound if there is none of that name; Connection's errors.
Result<TableShape> ReadTableShape(postgres::Connection& connection,
                                  const TableRef& table);

/// All tables of a schema, by name, but for partitions. kNotFound if there is no such
/// schema.
Result<std::vector<TableShape>> ReadTableShapes(postgres::Connection& connection,
                                                const std::string& schema);

}  // namespace calve::capture
