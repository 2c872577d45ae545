#include "io/postgres/connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

namespace calve::postgres {
namespace {

/// The message on one line, without the password.
std::string Clean(std::string_view message, std::string_view password) {
  std::string out;
  for (const char c : message) {
    const bool space = c == '\n' || c == '\t' || c == ' ';
    if (!space) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (out.ends_with(' ')) {
    out.pop_back();
  }
  if (!password.empty()) {
    for (size_t at = out.find(password); at != std::string::npos;
         at = out.find(password)) {
      out.replace(at, password.size(), "\xE2\x80\xA6");  // an ellipsis
    }
  }
  return out;
}

std::string_view PasswordOf(const PGconn* connection) {
  const char* password = PQpass(connection);
  return password == nullptr ? "" : password;
}

/// By the class of the SQLSTATE, its first two characters.
ErrorKind KindOf(std::string_view state) {
  const std::string_view state_class = state.substr(0, 2);
  if (state_class == "08" || state_class == "53" || state_class == "57" ||
      state == "55P03" || state == "25006" || state.empty()) {
    return ErrorKind::kUnavailable;
  }
  if (state_class == "40") {
    return ErrorKind::kConflict;
  }
  if (state_class == "22" || state_class == "23" || state_class == "28" ||
      state_class == "3D" || state_class == "3F" || state_class == "42") {
    return ErrorKind::kInvalidArgument;
  }
  return ErrorKind::kInternal;
}

/// A refused connection carries no SQLSTATE: what a retry can't heal is told by its text.
Error ConnectError(const PGconn* connection) {
  const std::string message = Clean(PQerrorMessage(connection), PasswordOf(connection));
  if (PQconnectionNeedsPassword(connection) != 0 ||
      message.find("authentication failed") != std::string::npos) {
    return Error{ErrorKind::kInvalidArgument,
                 "PostgreSQL refuses the login; check user and password: " + message};
  }
  if (message.find("does not exist") != std::string::npos) {
    return Error{ErrorKind::kInvalidArgument,
                 "PostgreSQL refuses the login; check database and user: " + message};
  }
  return Error{
      ErrorKind::kUnavailable,
      "PostgreSQL can't be reached; check that it runs, and its host and port: " +
          message};
}

/// libpq's own message about a broken connection string quotes parts of it, which may be
/// the password.
Status CheckConnectionString(const std::string& dsn) {
  PQconninfoOption* options = PQconninfoParse(dsn.c_str(), /*errmsg=*/nullptr);
  const bool plain_database =
      dsn.find('=') == std::string::npos && dsn.find("://") == std::string::npos;
  if (options == nullptr && !plain_database) {
    return Error{ErrorKind::kInvalidArgument,
                 "the connection string can't be parsed; write it as "
                 "postgresql://user:password@host:port/database or as host=… port=…"};
  }
  PQconninfoFree(options);
  return {};
}

// A database that checks no encoding gives its bytes as they are: asked for UTF-8, the
// server would refuse a row that holds others, and all rows with it.
constexpr const char* kSessionSettings =
    "SELECT set_config('client_encoding', CASE current_setting('server_encoding') WHEN "
    "'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END, false); SET TimeZone = 'UTC'; SET "
    "DateStyle = 'ISO, YMD'; "
    "SET row_security = off; SET statement_timeout = 0; "
    "SET idle_in_transaction_session_timeout = 0; SET extra_float_digits = 1; "
    "SET bytea_output = 'hex'; SET IntervalStyle = 'postgres'";

}  // namespace

Rows::Rows(pg_result* result) : result_(result) {}
Rows::Rows(Rows&& other) noexcept : result_(std::exchange(other.result_, nullptr)) {}
Rows::~Rows() {
  PQclear(result_);
}

int Rows::size() const {
  return PQntuples(result_);
}

bool Rows::is_null(int row, int column) const {
  return PQgetisnull(result_, row, column) != 0;
}

std::string_view Rows::text(int row, int column) const {
  return {PQgetvalue(result_, row, column),
          static_cast<size_t>(PQgetlength(result_, row, column))};
}

std::optional<std::string> Rows::value(int row, int column) const {
  return is_null(row, column) ? std::nullopt
                              : std::optional<std::string>(text(row, column));
}

int64_t Rows::number(int row, int column) const {
  const std::string_view digits = text(row, column);
  int64_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() ? number : 0;
}

std::string_view Rows::command() const {
  return PQcmdStatus(result_);
}

Result<std::unique_ptr<Connection>> Connection::Open(const ConnectOptions& options) {
  CALVE_TRY(CheckConnectionString(options.dsn));
  // Of several values of a keyword the last that is not empty wins.
  const std::array<const char*, 6> keywords = {
      "application_name", "connect_timeout", "dbname", "user", "password", nullptr};
  const std::array<const char*, 6> values = {
      "calve", "10", options.dsn.c_str(), options.user.c_str(), options.password.c_str(),
      nullptr};
  std::unique_ptr<Connection> connection(new Connection(
      PQconnectdbParams(keywords.data(), values.data(), /*expand_dbname=*/1)));
  if (PQstatus(connection->connection_) != CONNECTION_OK) {
    return ConnectError(connection->connection_);
  }
  PQsetNoticeProcessor(
      connection->connection_, [](void*, const char*) {}, /*arg=*/nullptr);
  connection->reply_timeout_ = options.reply_timeout;
  CALVE_TRY(connection->Execute(kSessionSettings));
  if (!options.keeps_search_path) {
    CALVE_TRY(connection->Execute("SET search_path = pg_catalog"));
  }
  return connection;
}

bool Connection::is_lost() const {
  return PQstatus(connection_) != CONNECTION_OK;
}

bool Connection::in_failed_transaction() const {
  return PQtransactionStatus(connection_) == PQTRANS_INERROR;
}

int Connection::server_version() const {
  return PQserverVersion(connection_);
}

Endpoint Connection::endpoint() const {
  return {.host = PQhost(connection_),
          .port = PQport(connection_),
          .database = PQdb(connection_),
          .user = PQuser(connection_)};
}

/// \return whether a result can be taken without waiting
bool Connection::AwaitReply(std::chrono::steady_clock::time_point deadline) {
  while (PQisBusy(connection_) != 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd socket = {.fd = PQsocket(connection_), .events = POLLIN, .revents = 0};
    const int ready =
        left.count() > 0 ? ::poll(&socket, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    if (ready <= 0) {
      return false;
    }
    if (PQconsumeInput(connection_) == 0) {
      return true;  // libpq has a result that says so.
    }
  }
  return true;
}

/// Takes the reply to what was sent, in time. The last result, or the first that failed.
pg_result* Connection::Finish(bool sent) {
  const auto deadline = std::chrono::steady_clock::now() + reply_timeout_;
  PGresult* kept = nullptr;
  while (sent) {
    if (!AwaitReply(deadline)) {
      timed_out_ = true;
      // What comes now would answer a question nobody asks any more.
      ::shutdown(PQsocket(connection_), SHUT_RDWR);
    }
    PGresult* next = PQgetResult(connection_);
    if (next == nullptr) {
      break;
    }
    if (kept != nullptr && PQresultStatus(kept) == PGRES_FATAL_ERROR) {
      PQclear(next);
    } else {
      PQclear(kept);
      kept = next;
    }
  }
  return kept;
}

Connection::~Connection() {
  DropCopyData();
  PQfinish(connection_);
}

Error Connection::LastError(const pg_result* result) const {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* detail = PQresultErrorMessage(result);
  // A session that the server ends says so before libpq sees its socket closed.
  const bool ended = state != nullptr && std::string_view(state).starts_with("57P");
  const bool lost = ended || PQstatus(connection_) != CONNECTION_OK;
  const std::string_view message =
      detail != nullptr && *detail != '\0' ? detail : PQerrorMessage(connection_);
  if (timed_out_) {
    return Error{
        ErrorKind::kUnavailable,
        fmt::format("PostgreSQL did not reply within {} s; see whether the server "
                    "and the way to it are well",
                    std::chrono::ceil<std::chrono::seconds>(reply_timeout_).count())};
  }
  if (lost) {
    // The lines behind the first guess at causes, in libpq's words.
    return Error{
        ErrorKind::kUnavailable,
        fmt::format(
            "the connection to PostgreSQL was lost: {}; run again once it is up",
            Clean(message.substr(0, message.find('\n')), PasswordOf(connection_)))};
  }
  return Error{KindOf(state == nullptr ? "" : state),
               "PostgreSQL: " + Clean(message, PasswordOf(connection_))};
}

/// Clears `result`; an Error unless it has the expected status.
Status Connection::Check(pg_result* result, int expected_status) {
  const Rows owner(result);
  if (PQresultStatus(result) != expected_status) {
    return LastError(result);
  }
  return {};
}

Status Connection::Execute(const std::string& sql) {
  PGresult* result = reply_timeout_.count() == 0
                         ? PQexec(connection_, sql.c_str())
                         : Finish(PQsendQuery(connection_, sql.c_str()) == 1);
  const Rows owner(result);
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    return LastError(result);
  }
  return {};
}

Result<Rows> Connection::Query(const std::string& sql, const Parameters& parameters) {
  return RunQuery(sql, parameters, /*result_format=*/0);
}

Result<Rows> Connection::QueryBinary(const std::string& sql) {
  return RunQuery(sql, /*parameters=*/{}, /*result_format=*/1);
}

Result<Rows> Connection::RunQuery(const std::string& sql, const Parameters& parameters,
                                  int result_format) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const auto& parameter : parameters) {
    if (parameter && parameter->find('\0') != std::string::npos) {
      return Error{ErrorKind::kInvalidArgument,
                   "PostgreSQL holds no text with a zero byte"};
    }
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  const auto run = [&](const auto& send) {
    return send(connection_, sql.c_str(), static_cast<int>(values.size()),
                /*paramTypes=*/nullptr, values.data(), /*paramLengths=*/nullptr,
                /*paramFormats=*/nullptr, result_format);
  };
  PGresult* result = reply_timeout_.count() == 0 ? run(PQexecParams)
                                                 : Finish(run(PQsendQueryParams) == 1);
  Rows rows(result);
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    return LastError(result);
  }
  return rows;
}

Result<std::string> Connection::QuoteName(const std::string& name) {
  char* quoted = PQescapeIdentifier(connection_, name.data(), name.size());
  if (quoted == nullptr) {
    return Error{ErrorKind::kInvalidArgument,
                 "not a name of PostgreSQL: " +
                     Clean(PQerrorMessage(connection_), PasswordOf(connection_))};
  }
  std::string out = quoted;
  PQfreemem(quoted);
  return out;
}

Status Connection::StartCopyOut(const std::string& sql) {
  return Check(PQexec(connection_, sql.c_str()), PGRES_COPY_OUT);
}

Result<std::optional<std::string_view>> Connection::NextCopyData() {
  DropCopyData();
  const int bytes = PQgetCopyData(connection_, &copy_data_, /*async=*/0);
  if (bytes > 0) {
    return std::optional<std::string_view>({copy_data_, static_cast<size_t>(bytes)});
  }
  if (bytes == -2) {
    return LastError(nullptr);
  }
  Status ended;
  while (PGresult* result = PQgetResult(connection_)) {
    if (const Status status = Check(result, PGRES_COMMAND_OK); !status && ended) {
      ended = status;
    }
  }
  CALVE_TRY(ended);
  return std::optional<std::string_view>();
}

Status Connection::CopyIn(const std::string& sql, std::string_view bytes) {
  constexpr size_t kPieceBytes = 1 << 20;
  CALVE_TRY(Check(PQexec(connection_, sql.c_str()), PGRES_COPY_IN));
  bool sent = true;
  for (; sent && !bytes.empty();
       bytes.remove_prefix(std::min(bytes.size(), kPieceBytes))) {
    const std::string_view piece = bytes.substr(0, kPieceBytes);
    sent = PQputCopyData(connection_, piece.data(), static_cast<int>(piece.size())) == 1;
  }
  if (!sent || PQputCopyEnd(connection_, /*errormsg=*/nullptr) != 1) {
    return LastError(nullptr);
  }
  Status ended;
  while (PGresult* result = PQgetResult(connection_)) {
    if (const Status status = Check(result, PGRES_COMMAND_OK); !status && ended) {
      ended = status;
    }
  }
  return ended;
}

void Connection::DropCopyData() {
  PQfreemem(copy_data_);
  copy_data_ = nullptr;
}

}  // namespace calve::postgres
