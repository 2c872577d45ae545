#pragma once

/// \file io/postgres/private_postgres.h
/// A PostgreSQL server of one's own, for the demo and for tests: on loopback only, from
/// the programs that are installed, its data kept in a folder.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "core/result.h"

namespace calve::postgres {

struct PrivatePostgresOptions {
  /// Absolute path of the server's folder: made if it is not there, started again if it
  /// holds a server's data. Where Calve runs as root the server runs as user `postgres`,
  /// and a folder that this user can't reach is replaced by one under /var/tmp (see
  /// PrivatePostgres::folder()), the same for the same path.
  std::string folder;
  /// Whether commits are synced to disk. Off is faster, and loses data with the machine.
  bool fsync = true;
  /// Server settings, such as {"max_prepared_transactions", "10"}.
  std::vector<std::pair<std::string, std::string>> settings = {};
};

/// A running server, or one that was stopped and can be started again. Stops at
/// destruction; the data stays. Not thread-safe.
class PrivatePostgres {
 public:
  enum class StopMode {
    kFast,       // rolls open transactions back, writes a checkpoint
    kImmediate,  // as a crash, but by the server's own hand
  };

  /// Makes the data folder if need be (user `postgres`, a random password, databases as
  /// initdb makes them), and starts the server on a free port. A server that still runs
  /// on the folder, left by a run that was killed, is taken over.
  ///
  /// \return the server; kNotFound, with the remedy, if PostgreSQL is not installed;
  ///         kUnavailable, with the end of its log, if it doesn't start
  static Result<std::unique_ptr<PrivatePostgres>> Start(PrivatePostgresOptions options);

  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;
  ~PrivatePostgres();

  /// Connection string of the superuser; holds the password. The port is the same after
  /// a restart, unless another program has taken it meanwhile.
  std::string dsn(const std::string& database = "postgres") const;
  int port() const { return port_; }
  const std::string& password() const { return password_; }
  /// Where the data really is.
  const std::string& folder() const { return folder_; }
  const std::string& log_path() const { return log_path_; }

  /// Stops the server; one that does not run is no error.
  Status Stop(StopMode mode);
  /// Starts it again after Stop or Crash.
  Status Restart();
  /// Kills all of the server's processes at once, as a power cut would: what was in its
  /// memory is gone.
  Status Crash();

 private:
  PrivatePostgres(PrivatePostgresOptions options, std::string folder);

  Status Initialize();
  Status StartServer();
  Status StartOnPort(int port);
  Result<bool> TakeOver();
  Result<int> RunAsOwner(std::vector<std::string> arguments,
                         const std::string& log) const;
  std::string Program(const std::string& name) const;
  std::string data_folder() const { return folder_ + "/data"; }

  PrivatePostgresOptions options_;
  std::string folder_;
  std::string log_path_;
  std::string programs_;  // folder of initdb and pg_ctl
  std::string password_;
  int port_ = 0;
};

}  // namespace calve::postgres
