#include "table/catalog/postgres_catalog.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "io/failpoint.h"
#include "table/catalog/postgres_session_internal.h"
#include "table/catalog/sql_layout_internal.h"

namespace calve::table {
namespace {

using std::chrono::steady_clock;

constexpr int kAttempts = 4;  // at a transaction that deadlocks
constexpr std::chrono::milliseconds kSettlePause{100};

/// What one transaction does, and how another session sees that it has been done.
struct Work {
  /// \param xid  receives the transaction's id from the first change
  std::function<Status(PostgresSession&, std::string& xid)> change;
  std::function<Result<bool>(PostgresSession&)> shows;
};

enum class Fate { kCommitted, kRolledBack, kInProgress, kUntold };

/// What became of a transaction.
Result<Fate> FateOf(PostgresSession& session, const std::string& xid, const Work& work) {
  CALVE_ASSIGN(
      const postgres::Rows status,
      session.connection->Query(
          "SELECT pg_xact_status($1::xid8) WHERE NOT pg_is_in_recovery()", {xid}));
  if (status.size() == 0) {
    return Fate::kInProgress;  // A standby: it may hear of the commit yet.
  }
  if (status.text(0, 0) == "aborted") {
    return Fate::kRolledBack;
  }
  if (status.text(0, 0) == "in progress") {
    return Fate::kInProgress;
  }
  // A server that crashed hands out the ids of lost transactions again: "committed"
  // alone may be said of someone else's.
  CALVE_ASSIGN(const bool shows, work.shows(session));
  return shows ? Fate::kCommitted : Fate::kUntold;
}

/// Rolls back in its destructor unless ended.
class OpenTransaction {
 public:
  explicit OpenTransaction(postgres::Connection& connection) : connection_(connection) {}
  OpenTransaction(const OpenTransaction&) = delete;
  OpenTransaction& operator=(const OpenTransaction&) = delete;
  ~OpenTransaction() {
    if (!ended_ && !connection_.is_lost()) {
      // If this fails the session is lost, and the server rolls back by itself.
      (void)connection_.Execute("ROLLBACK").has_value();
    }
  }
  void MarkEnded() { ended_ = true; }

 private:
  postgres::Connection& connection_;  // Outlives this object.
  bool ended_ = false;
};

class PostgresCatalog final : public Catalog {
 public:
  explicit PostgresCatalog(PostgresCatalogOptions options)
      : options_(std::move(options)) {}

  Status Open() {
    const std::lock_guard lock(mutex_);
    CALVE_TRY(Session());
    return {};
  }

  const std::string& warehouse() const override { return options_.warehouse; }
  Status CreateNamespace(const std::string& name_space) override;
  Result<std::vector<TableName>> ListTables() override;
  Result<std::string> MetadataLocation(const TableName& name) override;
  Status Commit(std::span<const PointerSwap> swaps) override;
  Status DropTable(const TableName& name) override;

 private:
  template <typename Body>
  auto Repeatably(Body body) -> decltype(body(std::declval<PostgresSession&>()));
  Result<PostgresSession*> Session();
  Result<PostgresSession*> Begin();
  Status Transact(const Work& work);
  Status TransactOnce(const Work& work, bool& may_repeat);
  Status Settle(const std::string& xid, const Work& work, const Error& lost);
  Status Swap(PostgresSession& session, const PointerSwap& swap, std::string& xid) const;
  Result<std::optional<std::string>> Find(PostgresSession& session, const TableName& name,
                                          const char* lock) const;
  Result<bool> Shows(PostgresSession& session, const PointerSwap& swap) const;

  PostgresCatalogOptions options_;
  std::mutex mutex_;  // Guards session_.
  std::unique_ptr<PostgresSession> session_;
};

/// The session; a new one if the last was lost.
Result<PostgresSession*> PostgresCatalog::Session() {
  if (session_ == nullptr || session_->connection->is_lost()) {
    session_.reset();
    CALVE_ASSIGN(session_, OpenPostgresSession(options_));
  }
  return session_.get();
}

/// Runs what may run twice: once more if the session turns out to be dead.
template <typename Body>
auto PostgresCatalog::Repeatably(Body body)
    -> decltype(body(std::declval<PostgresSession&>())) {
  CALVE_ASSIGN(PostgresSession * session, Session());
  auto done = body(*session);
  if (done || !session->connection->is_lost()) {
    return done;
  }
  CALVE_ASSIGN(session, Session());
  return body(*session);
}

Status PostgresCatalog::CreateNamespace(const std::string& name_space) {
  const std::lock_guard lock(mutex_);
  return Repeatably([&](PostgresSession& session) -> Status {
    CALVE_TRY(session.connection->Query(
        "INSERT INTO " + session.spaces +
            " (catalog_name, namespace, property_key, property_value) "
            "VALUES ($1, $2, 'exists', 'true') ON CONFLICT DO NOTHING",
        {options_.name, name_space}));
    return {};
  });
}

Result<std::vector<TableName>> PostgresCatalog::ListTables() {
  const std::lock_guard lock(mutex_);
  return Repeatably([&](PostgresSession& session) -> Result<std::vector<TableName>> {
    CALVE_ASSIGN(const postgres::Rows rows,
                 session.connection->Query(
                     "SELECT table_namespace, table_name FROM " + session.tables +
                         " WHERE catalog_name = $1" + session.only_tables() +
                         " ORDER BY table_namespace COLLATE \"C\", "
                         "table_name COLLATE \"C\"",
                     {options_.name}));
    std::vector<TableName> names;
    for (int row = 0; row < rows.size(); ++row) {
      names.push_back({.name_space = std::string(rows.text(row, 0)),
                       .name = std::string(rows.text(row, 1))});
    }
    return names;
  });
}

Result<std::optional<std::string>> PostgresCatalog::Find(PostgresSession& session,
                                                         const TableName& name,
                                                         const char* lock) const {
  CALVE_ASSIGN(
      const postgres::Rows rows,
      session.connection->Query("SELECT metadata_location FROM " + session.tables +
                                    " WHERE catalog_name = $1 AND table_namespace = $2 "
                                    "AND table_name = $3" +
                                    session.only_tables() + lock,
                                {options_.name, name.name_space, name.name}));
  return rows.size() == 0 ? std::nullopt : rows.value(0, 0);
}

Result<std::string> PostgresCatalog::MetadataLocation(const TableName& name) {
  const std::lock_guard lock(mutex_);
  return Repeatably([&](PostgresSession& session) -> Result<std::string> {
    CALVE_ASSIGN(auto location, Find(session, name, /*lock=*/""));
    if (!location.has_value()) {
      return NoSuchTable(name);
    }
    return *std::move(location);
  });
}

Status PostgresCatalog::Commit(std::span<const PointerSwap> swaps) {
  const std::lock_guard lock(mutex_);
  // One order for all, so that two of us never wait for each other in a circle.
  std::vector<PointerSwap> ordered(swaps.begin(), swaps.end());
  std::stable_sort(
      ordered.begin(), ordered.end(),
      [](const PointerSwap& a, const PointerSwap& b) { return a.name < b.name; });
  return Transact({.change = [&](PostgresSession& session, std::string& xid) -> Status {
                     for (const PointerSwap& swap : ordered) {
                       CALVE_TRY(Swap(session, swap, xid));
                     }
                     return {};
                   },
                   .shows = [&](PostgresSession& session) -> Result<bool> {
                     for (const PointerSwap& swap : ordered) {
                       CALVE_ASSIGN(const bool shows, Shows(session, swap));
                       if (shows) {
                         return true;
                       }
                     }
                     return false;
                   }});
}

/// Whether a table is, or was just before, where the swap moves it. Nobody else moves it
/// there: names of metadata files are never used twice.
Result<bool> PostgresCatalog::Shows(PostgresSession& session,
                                    const PointerSwap& swap) const {
  if (swap.expected_metadata_location == swap.metadata_location) {
    return false;
  }
  CALVE_ASSIGN(
      const postgres::Rows rows,
      session.connection->Query(
          "SELECT 1 FROM " + session.tables +
              " WHERE catalog_name = $1 AND table_namespace = $2 AND "
              "table_name = $3 AND $4 IN (metadata_location, "
              "previous_metadata_location)",
          {options_.name, swap.name.name_space, swap.name.name, swap.metadata_location}));
  return rows.size() > 0;
}

Status PostgresCatalog::Swap(PostgresSession& session, const PointerSwap& swap,
                             std::string& xid) const {
  const auto& [name_space, name] = swap.name;
  const bool creates = !swap.expected_metadata_location.has_value();
  if (swap.expected_metadata_location == swap.metadata_location) {
    // Nobody may move it until this transaction has ended.
    CALVE_ASSIGN(const auto found, Find(session, swap.name, " FOR SHARE"));
    return found == swap.metadata_location ? Status() : TableChanged(swap.name);
  }
  const std::string returning = " RETURNING pg_current_xact_id()::text";
  Result<postgres::Rows> changed =
      creates
          ? session.connection->Query(
                "INSERT INTO " + session.tables +
                    " (catalog_name, table_namespace, table_name, metadata_location" +
                    (session.has_type ? ", iceberg_type) VALUES ($1, $2, $3, $4, 'TABLE')"
                                      : ") VALUES ($1, $2, $3, $4)") +
                    " ON CONFLICT DO NOTHING" + returning,
                {options_.name, name_space, name, swap.metadata_location})
          : session.connection->Query(
                "UPDATE " + session.tables +
                    " SET metadata_location = $4, previous_metadata_location = $5 "
                    "WHERE catalog_name = $1 AND table_namespace = $2 AND "
                    "table_name = $3 AND metadata_location = $5" +
                    session.only_tables() + returning,
                {options_.name, name_space, name, swap.metadata_location,
                 *swap.expected_metadata_location});
  CALVE_TRY(changed);
  if (changed->size() != 1) {
    return creates ? TableExists(swap.name) : TableChanged(swap.name);
  }
  xid = changed->text(0, 0);
  return {};
}

Status PostgresCatalog::DropTable(const TableName& name) {
  const std::lock_guard lock(mutex_);
  return Transact({.change = [&](PostgresSession& session, std::string& xid) -> Status {
                     CALVE_ASSIGN(
                         const postgres::Rows gone,
                         session.connection->Query(
                             "DELETE FROM " + session.tables +
                                 " WHERE catalog_name = $1 AND table_namespace = $2 "
                                 "AND table_name = $3" +
                                 session.only_tables() +
                                 " RETURNING pg_current_xact_id()::text",
                             {options_.name, name.name_space, name.name}));
                     if (gone.size() == 0) {
                       return NoSuchTable(name);
                     }
                     xid = gone.text(0, 0);
                     return {};
                   },
                   .shows = [&](PostgresSession& session) -> Result<bool> {
                     CALVE_ASSIGN(const auto found, Find(session, name, /*lock=*/""));
                     return !found.has_value();
                   }});
}

Status PostgresCatalog::Transact(const Work& work) {
  Status done;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    bool may_repeat = false;
    done = TransactOnce(work, may_repeat);
    if (done || !may_repeat) {
      break;
    }
  }
  return done;
}

/// Starts a transaction, on a new session if the last died meanwhile.
Result<PostgresSession*> PostgresCatalog::Begin() {
  return Repeatably([](PostgresSession& session) -> Result<PostgresSession*> {
    // Each statement sees what others have committed: whoever waited for a row compares
    // with the row as it then is, and loses without an error of the server's.
    CALVE_TRY(
        session.connection->Execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"));
    return &session;
  });
}

/// \param may_repeat  set if the server rolled back for another transaction's sake
Status PostgresCatalog::TransactOnce(const Work& work, bool& may_repeat) {
  CALVE_ASSIGN(PostgresSession * session, Begin());
  std::string xid;
  Status lost;
  {
    OpenTransaction open(*session->connection);
    Status changed = work.change(*session, xid);
    if (!changed) {
      may_repeat = changed.error().kind == ErrorKind::kConflict &&
                   session->connection->in_failed_transaction();
      return changed;
    }
    CALVE_TRY(io::Failpoint("catalog.commit", options_.name));
    open.MarkEnded();
    const auto committed = session->connection->Query("COMMIT");
    if (committed && committed->command() != "COMMIT") {
      return Error{ErrorKind::kUnavailable, "the catalog's database rolled back"};
    }
    if (committed) {
      lost = io::Failpoint("catalog.committed", options_.name);
    } else {
      lost = committed.error();
    }
  }
  if (lost || lost.error().kind != ErrorKind::kUnavailable || xid.empty()) {
    return lost;
  }
  return Settle(xid, work, lost.error());
}

/// Finds out what became of a commit whose reply was lost.
Status PostgresCatalog::Settle(const std::string& xid, const Work& work,
                               const Error& lost) {
  session_.reset();
  const auto deadline = steady_clock::now() + options_.settle_timeout;
  Result<Fate> fate = Fate::kInProgress;
  do {
    const auto session = Session();
    fate = session ? FateOf(**session, xid, work) : Result<Fate>(Fate::kInProgress);
    if (fate && *fate == Fate::kCommitted) {
      return {};
    }
    if (fate && *fate == Fate::kRolledBack) {
      return Error{ErrorKind::kUnavailable, lost.message + "; nothing was committed"};
    }
    if (fate && *fate == Fate::kUntold) {
      break;
    }
    std::this_thread::sleep_for(kSettlePause);
  } while (steady_clock::now() < deadline);
  return Error{ErrorKind::kCommitUnknown,
               "the reply to a commit in the catalog was lost: " + lost.message};
}

}  // namespace

Result<std::unique_ptr<Catalog>> OpenPostgresCatalog(PostgresCatalogOptions options) {
  options.warehouse = TrimWarehouse(std::move(options.warehouse));
  auto catalog = std::make_unique<PostgresCatalog>(std::move(options));
  CALVE_TRY(catalog->Open());
  return std::unique_ptr<Catalog>(std::move(catalog));
}

}  // namespace calve::table
