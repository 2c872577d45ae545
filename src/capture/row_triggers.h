#pragma once

/// \file capture/row_triggers.h
/// The triggers of `capture install`: on tables whose rows go into the audit log, and the
/// guard's on the audit log itself.

#include <cstdint>
#include <string>
#include <vector>

#include "capture/capture_objects.h"
#include "capture/table_ref.h"
#include "core/result.h"
#include "io/postgres/connection.h"

namespace calve::capture {

/// A table whose changes can be captured.
struct SourceTable {
  TableRef ref;
  std::string sql;
  int64_t oid = 0;
  bool partitioned = false;
  /// Columns of the primary key; of the replica identity where there is none.
  std::vector<std::string> key;
  std::vector<std::string> key_sql;  // the same, quoted
  /// Its lowest partitions, in SQL, with their oids.
  std::vector<std::pair<std::string, int64_t>> leaves;
  /// Why it can't be captured; empty if it can.
  std::string refusal;
};

/// Looks at one table. kNotFound if there is none of that name.
Result<SourceTable> FindSourceTable(postgres::Connection& connection,
                                    const TableRef& table);

/// The table with this oid.
Result<SourceTable> FindSourceTable(postgres::Connection& connection, int64_t oid);

/// The tables of a schema, by name, but for partitions: those are captured with their
/// whole. kNotFound if there is no such schema.
Result<std::vector<SourceTable>> SourceTablesOf(postgres::Connection& connection,
                                                const std::string& schema);

/// One trigger as it should be.
struct TriggerSql {
  std::string name;
  std::string table_sql;
  int64_t table_oid = 0;
  std::string create;  // all that makes it, comment and all
  std::string mark;    // its comment
};

/// What captures a table: each change of a row, once, a change of the key as `D` and `I`,
/// and TRUNCATE. Row triggers pass on to partitions, those to come too; TRUNCATE's don't.
std::vector<TriggerSql> CaptureTriggers(const CaptureObjects& objects,
                                        const SourceTable& table);

/// What guards the audit log.
std::vector<TriggerSql> GuardTriggers(const CaptureObjects& objects,
                                      const SourceTable& audit_table);

/// Writes an `I` for each row that the table holds.
std::string CopyRowsSql(const CaptureObjects& objects, const SourceTable& table);

}  // namespace calve::capture
