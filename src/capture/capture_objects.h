#pragma once

/// \file capture/capture_objects.h
/// The objects that `capture install` makes around one audit table: their names, and the
/// SQL of each. Everything lies in the audit table's schema; names of people's own are
/// always quoted.
///
/// - a column `audit_xid`, its default, its check and its index: the cursor's
/// - a function that writes a changed row into the audit table, one that does so for
/// every
///   row of a table that is truncated, and triggers that call them
///   (capture/row_triggers.h)
/// - a table of what each pipeline has extracted, and the guard, a trigger function on
/// the
///   audit table that lets nobody remove what is not extracted yet

#include <string>
#include <vector>

#include "capture/table_ref.h"
#include "core/result.h"
#include "io/postgres/connection.h"

namespace calve::capture {

/// A name, plain and as it stands in SQL with its schema.
struct ObjectName {
  std::string name;
  std::string sql;
};

struct CaptureObjects {
  TableRef table_ref;
  std::string schema_sql;
  std::string table_sql;
  ObjectName row_function;
  ObjectName truncate_function;
  ObjectName guard_function;
  ObjectName extracted_table;
  ObjectName xid_index;
  std::string xid_check;       // a constraint's name, valid in SQL as it is
  std::string trigger_prefix;  // what the names of its triggers begin with
};

/// Names them. A table with a plain name gives it on to them; others give a hash of it.
///
/// \return kInvalidArgument if PostgreSQL can't hold the table's name
Result<CaptureObjects> NameObjects(postgres::Connection& connection,
                                   const TableRef& table);

/// What a function is made of.
struct FunctionSql {
  ObjectName name;
  std::string create;  // the statement
  std::string mark;    // comment on the function as `create` makes it
};

FunctionSql RowFunction(const CaptureObjects& objects);
FunctionSql TruncateFunction(const CaptureObjects& objects);
FunctionSql GuardFunction(const CaptureObjects& objects);

/// Adds the column of the cursor: nullable, its default set after, so that the table is
/// not rewritten. The check keeps rows out that bring an id of their own, which no cursor
/// would ever reach.
std::string AddXidColumnSql(const CaptureObjects& objects, bool column_exists);

/// The table that holds what each pipeline extracted.
std::string CreateExtractedTableSql(const CaptureObjects& objects);

/// A text as a literal that no content can end: `$calve$…$calve$`.
std::string DollarQuoted(const std::string& text);

/// A comment that tells this version of an object from every other.
std::string MarkOf(const std::string& sql);

}  // namespace calve::capture
