#include "capture/table_shape.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "capture/row_triggers.h"

namespace calve::capture {
namespace {

/// Domains are followed down to what they rest on; each may add NOT NULL and a modifier.
constexpr const char* kColumnsSql =
    "WITH RECURSIVE typed(attnum, oid, modifier, not_null) AS ("
    "SELECT attnum, atttypid, atttypmod, attnotnull FROM pg_attribute "
    "WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped "
    "UNION ALL SELECT d.attnum, t.typbasetype, CASE WHEN t.typtypmod <> -1 THEN "
    "t.typtypmod ELSE d.modifier END, d.not_null OR t.typnotnull "
    "FROM typed d JOIN pg_type t ON t.oid = d.oid WHERE t.typtype = 'd') "
    "SELECT a.attname, format_type(d.oid, d.modifier), d.not_null, "
    "coalesce(col_description($1::oid, a.attnum), ''), "
    "(SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e "
    "WHERE e.enumtypid = d.oid), a.attnum "
    "FROM typed d JOIN pg_type t ON t.oid = d.oid AND t.typtype <> 'd' "
    "JOIN pg_attribute a ON a.attrelid = $1::oid AND a.attnum = d.attnum "
    "ORDER BY a.attnum";

/// `CHECK (column IN ('a', 'b'))`, as the server writes it back, of one column of type
/// text or varchar.
constexpr const char* kListsSql =
    "SELECT c.conkey[1], (SELECT json_agg(replace(m.text[1], '''''', '''')) "
    "FROM regexp_matches(pg_get_constraintdef(c.oid), "
    "'''((?:[^'']|'''')*)''::(?:text|character varying)', 'g') AS m(text)) "
    "FROM pg_constraint c WHERE c.conrelid = $1::oid AND c.contype = 'c' "
    "AND c.convalidated AND cardinality(c.conkey) = 1 AND pg_get_constraintdef(c.oid) ~ "
    "'^CHECK \\(\\(+(\"([^\"]|\"\")+\"|[a-z0-9_]+)\\)?(::text)? = ANY "
    "\\(+ARRAY\\[(''([^'']|'''')*''::(text|character varying)(, )?)+\\]\\)?"
    "(::text\\[\\])?\\)+$'";

std::vector<std::string> TextsOf(const std::optional<std::string>& json) {
  const auto parsed = nlohmann::json::parse(json.value_or("[]"), nullptr,
                                            /*allow_exceptions=*/false);
  std::vector<std::string> texts;
  for (const auto& text : parsed) {
    if (text.is_string()) {
      texts.push_back(text.get<std::string>());
    }
  }
  return texts;
}

Status AddColumns(postgres::Connection& connection, const std::string& oid,
                  TableShape& shape) {
  CALVE_ASSIGN(const postgres::Rows columns, connection.Query(kColumnsSql, {oid}));
  CALVE_ASSIGN(const postgres::Rows lists, connection.Query(kListsSql, {oid}));
  for (int row = 0; row < columns.size(); ++row) {
    ColumnShape column{.name = std::string(columns.text(row, 0)),
                       .type = std::string(columns.text(row, 1)),
                       .not_null = columns.text(row, 2) == "t",
                       .comment = std::string(columns.text(row, 3)),
                       .accepted_values = TextsOf(columns.value(row, 4))};
    for (int list = 0; list < lists.size(); ++list) {
      if (lists.text(list, 0) == columns.text(row, 5)) {
        column.accepted_values = TextsOf(lists.value(list, 1));
      }
    }
    shape.columns.push_back(std::move(column));
  }
  return {};
}

Result<TableShape> ShapeOf(postgres::Connection& connection, const SourceTable& table) {
  TableShape shape{.ref = table.ref,
                   .comment = "",
                   .key = table.key,
                   .columns = {},
                   .refusal = table.refusal};
  const std::string oid = std::to_string(table.oid);
  CALVE_ASSIGN(const postgres::Rows comment,
               connection.Query(
                   "SELECT coalesce(obj_description($1::oid, 'pg_class'), '')", {oid}));
  shape.comment = comment.text(0, 0);
  CALVE_TRY(AddColumns(connection, oid, shape));
  return shape;
}

}  // namespace

Result<TableShape> ReadTableShape(postgres::Connection& connection,
                                  const TableRef& table) {
  CALVE_ASSIGN(const SourceTable found, FindSourceTable(connection, table));
  return ShapeOf(connection, found);
}

Result<std::vector<TableShape>> ReadTableShapes(postgres::Connection& connection,
                                                const std::string& schema) {
  CALVE_ASSIGN(const auto tables, SourceTablesOf(connection, schema));
  std::vector<TableShape> shapes;
  for (const SourceTable& table : tables) {
    CALVE_ASSIGN(TableShape shape, ShapeOf(connection, table));
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

}  // namespace calve::capture
