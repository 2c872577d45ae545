#include "capture/large_event.h"

#include <utility>

#include <fmt/format.h>

namespace calve::capture {
namespace {

constexpr const char* kFetchSql = "FETCH NEXT FROM calve_large_event";

/// The payload is made once (each OFFSET 0 keeps the planner from merging a level into
/// the next, which would make it again for each piece), and cut in the server's memory.
/// textsend gives the bytes that a binary COPY does, in the client's encoding.
constexpr const char* kDeclareSql =
    "DECLARE calve_large_event NO SCROLL CURSOR FOR "
    "SELECT substring(p.bytes FROM first FOR {piece}), p.length::text, p.is_plain::text "
    "FROM (SELECT bytes, octet_length(bytes) AS length, "
    "  position('\\x22'::bytea IN bytes) = 0 AND position('\\x2c'::bytea IN bytes) = 0 "
    "  AND position('\\x0a'::bytea IN bytes) = 0 "
    "  AND position('\\x0d'::bytea IN bytes) = 0 AS is_plain "
    "  FROM (SELECT textsend(t.raw_data::text) AS bytes FROM {table} t WHERE {row} "
    "    OFFSET 0) b OFFSET 0) p, "
    "LATERAL generate_series(1, p.length, {piece}) first";

}  // namespace

PayloadReader::PayloadReader(postgres::Connection& connection, postgres::Rows first)
    : connection_(connection), bytes_(first.number(0, 1)) {
  is_plain_ = first.text(0, 2) == "true";
  piece_.emplace(std::move(first));
}

Result<std::unique_ptr<PayloadReader>> PayloadReader::Open(
    postgres::Connection& connection, const std::string& table_sql,
    const std::string& row_sql, int64_t piece_bytes) {
  CALVE_TRY(connection.Execute(
      fmt::format(fmt::runtime(kDeclareSql), fmt::arg("piece", piece_bytes),
                  fmt::arg("table", table_sql), fmt::arg("row", row_sql))));
  CALVE_ASSIGN(postgres::Rows first, connection.QueryBinary(kFetchSql));
  if (first.size() == 0) {
    return Error{ErrorKind::kInternal, "a large row left the snapshot it was seen in"};
  }
  return std::unique_ptr<PayloadReader>(new PayloadReader(connection, std::move(first)));
}

PayloadReader::~PayloadReader() {
  piece_.reset();
  // Where it fails, the transaction is over, and the cursor with it.
  (void)connection_.Execute("CLOSE calve_large_event");
}

Result<std::optional<std::string_view>> PayloadReader::NextPiece() {
  if (given_) {
    piece_.reset();  // Before the next comes: two would be held at once.
    CALVE_ASSIGN(postgres::Rows next, connection_.QueryBinary(kFetchSql));
    piece_.emplace(std::move(next));
  }
  given_ = true;
  if (piece_->size() == 0) {
    return std::optional<std::string_view>();
  }
  return std::optional(piece_->text(0, 0));
}

}  // namespace calve::capture
