#include "capture/event_writer.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "capture/audit_table.h"

namespace calve::capture {
namespace {

constexpr size_t kSendBytes = 4UL * 1024 * 1024;

/// The character that stands behind a backslash in COPY's text format; 0 for bytes that
/// stand as they are.
constexpr std::array<char, 256> MakeEscapes() {
  std::array<char, 256> escapes{};
  escapes['\\'] = '\\';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  return escapes;
}

constexpr std::array<char, 256> kEscapes = MakeEscapes();

char EscapeOf(char c) {
  return kEscapes[static_cast<unsigned char>(c)];
}

void AppendValue(const std::optional<std::string_view>& value, std::string& out) {
  if (!value) {
    out += "\\N";
    return;
  }
  std::string_view rest = *value;
  while (true) {
    const auto* const special =
        std::find_if(rest.begin(), rest.end(), [](char c) { return EscapeOf(c) != 0; });
    out.append(rest.begin(), special);
    if (special == rest.end()) {
      return;
    }
    out += '\\';
    out += EscapeOf(*special);
    rest.remove_prefix(static_cast<size_t>(special - rest.begin()) + 1);
  }
}

}  // namespace

Result<EventWriter> EventWriter::Make(postgres::Connection& connection,
                                      const TableRef& table, int64_t batch_rows) {
  if (batch_rows < 1) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("a batch needs at least one row, not {}", batch_rows)};
  }
  CALVE_ASSIGN(const std::string qualified, SqlName(connection, table));
  return EventWriter(connection,
                     fmt::format("COPY {} (audit_operation, audit_timestamp, tbl_schema, "
                                 "tbl_name, raw_data) FROM STDIN",
                                 qualified),
                     batch_rows);
}

Status EventWriter::Write(const AuditRow& row) {
  AppendValue(row.operation, buffer_);
  for (const auto& value :
       {row.timestamp, row.table_schema, row.table_name, row.raw_data}) {
    buffer_ += '\t';
    AppendValue(value, buffer_);
  }
  buffer_ += '\n';
  ++rows_;
  if (rows_ == batch_rows_) {
    return Commit();
  }
  return buffer_.size() < kSendBytes ? Status() : Send();
}

Status EventWriter::Finish() {
  return rows_ == 0 ? Status() : Commit();
}

Status EventWriter::Send() {
  if (!in_transaction_) {
    CALVE_TRY(connection_->Execute("BEGIN"));
    in_transaction_ = true;
  }
  const Status sent = connection_->CopyIn(copy_sql_, buffer_);
  buffer_.clear();
  if (!sent) {
    // The server has given up the transaction; this frees the session for other work.
    const Status ended = connection_->Execute("ROLLBACK");
    static_cast<void>(ended);
    return sent.error();
  }
  return {};
}

Status EventWriter::Commit() {
  CALVE_TRY(Send());
  const Status committed = connection_->Execute("COMMIT");
  if (!committed) {
    const bool is_lost = committed.error().kind == ErrorKind::kUnavailable;
    return Error{is_lost ? ErrorKind::kCommitUnknown : committed.error().kind,
                 committed.error().message};
  }
  in_transaction_ = false;
  committed_rows_ += rows_;
  rows_ = 0;
  return {};
}

}  // namespace calve::capture
