#pragma once

/// \file capture/audit_table.h
/// What the audit table looks like: its columns, its sequence, its rows in SQL.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/cursor.h"
#include "capture/large_event.h"
#include "capture/table_ref.h"
#include "core/result.h"
#include "io/postgres/connection.h"

namespace calve::capture {

/// An audit table, as one snapshot sees it.
struct AuditTable {
  std::string sql_name;  // schema and table, quoted
  int64_t oid = 0;
  /// Of the column audit_xid, where it is in use: of type xid8 with the current
  /// transaction's id as its default. Every row that was written since has one.
  std::optional<int> audit_xid_column;
  bool raw_data_is_text = true;  // else of a type that is made text
  /// Last value of the sequence behind the id; nullopt if there is none that counts
  /// upwards, or it may not be read.
  std::optional<int64_t> sequence_value;
};

/// The table's name in SQL.
Result<std::string> SqlName(postgres::Connection& connection, const TableRef& table);

/// SQL that creates the audit table, and its schema, where they are missing; nullopt if
/// the table is there. Safe against another such call at the same time.
Result<std::optional<std::string>> CreateAuditTableSql(postgres::Connection& connection,
                                                       const TableRef& table);

/// Creates the audit table, and its schema, where they are missing:
/// `audit_event_id serial primary key, audit_operation text, audit_timestamp timestamptz,
/// tbl_schema text, tbl_name text, raw_data text`. A table that is there is left as it
/// is. Safe against another such call at the same time.
///
/// \return Connection's errors
Status CreateAuditTable(postgres::Connection& connection, const TableRef& table);

/// Looks at the table. Requires: a transaction that holds a lock on it, so that it stays
/// as it is.
///
/// \return kInvalidArgument, with the remedy, if it is no audit log: not a table, a
///         column missing, or of a type that can't be read
Result<AuditTable> DescribeAuditTable(postgres::Connection& connection,
                                      const TableRef& table);

/// The rows of an id, marked to be known again. More than one only where ids repeat.
Result<std::vector<RowMark>> MarksOf(postgres::Connection& connection,
                                     const AuditTable& table, int64_t id,
                                     const LargeEventLimits& limits);

/// The columns of EventSchema() for `COPY (SELECT …)`, of EventSourceSql(), and one more:
/// null, or for a large event, whose raw_data is null here, what PayloadReader::Open
/// takes to find its row.
std::string EventColumnsSql(const AuditTable& table, const LargeEventLimits& limits);

/// What stands behind FROM for EventColumnsSql(): the table as `t`.
std::string EventSourceSql(const AuditTable& table);

}  // namespace calve::capture
