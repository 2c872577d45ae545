#include "io/postgres/private_postgres.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/postgres/child_process_internal.h"
#include "io/system.h"

namespace calve::postgres {
namespace {

namespace fs = std::filesystem;

constexpr const char* kServerUser = "postgres";
constexpr int kPortAttempts = 5;
constexpr auto kKillWait = std::chrono::seconds(10);
constexpr std::string_view kInstallRemedy =
    "install it (Debian: apt-get install postgresql-15), or put initdb and pg_ctl on "
    "PATH";

bool IsRoot() {
  return ::geteuid() == 0;
}

Error SystemError(std::string_view what, const std::string& path) {
  return Error{ErrorKind::kUnavailable,
               fmt::format("cannot {} {}: {}", what, path, std::strerror(errno))};
}

bool HasPrograms(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "initdb", ignored) && fs::exists(folder / "pg_ctl", ignored);
}

/// The folder of the newest server's programs: Debian's place, then PATH.
Result<std::string> FindPrograms() {
  std::error_code ignored;
  std::pair<int, std::string> newest = {0, ""};
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int number = std::atoi(version.path().filename().c_str());
    if (HasPrograms(version.path() / "bin")) {
      newest = std::max(newest, {number, (version.path() / "bin").string()});
    }
  }
  if (!newest.second.empty()) {
    return newest.second;
  }
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    if (HasPrograms(folder)) {
      return std::string(folder);
    }
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
  }
  return Error{ErrorKind::kNotFound,
               fmt::format("PostgreSQL's server is not installed: {}", kInstallRemedy)};
}

/// Whether any user may pass through every folder above `path`.
bool IsReachable(const fs::path& path) {
  for (fs::path folder = path.parent_path();; folder = folder.parent_path()) {
    struct stat info = {};
    if (::stat(folder.c_str(), &info) == 0 && (info.st_mode & S_IXOTH) == 0) {
      return false;
    }
    if (folder == folder.root_path()) {
      return true;
    }
  }
}

/// The server's folder: the one asked for, unless user `postgres` can't get there.
std::string PlaceFor(const std::string& asked) {
  std::string path = fs::path(asked).lexically_normal().string();
  if (!IsRoot() || IsReachable(path)) {
    return path;
  }
  return "/var/tmp/calve-postgres-" + io::Sha256Hex(path).substr(0, 16);
}

/// Makes the server's folder, of the server's user alone.
Status MakeFolder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(fs::path(folder).parent_path(), error);
  uid_t owner = ::geteuid();
  if (IsRoot()) {
    const passwd* user = ::getpwnam(kServerUser);
    if (user == nullptr) {
      return Error{ErrorKind::kNotFound,
                   fmt::format("there is no user '{}' to run PostgreSQL as: {}",
                               kServerUser, kInstallRemedy)};
    }
    owner = user->pw_uid;
  }
  if (::mkdir(folder.c_str(), 0700) == 0) {
    return ::chown(folder.c_str(), owner, static_cast<gid_t>(-1)) == 0
               ? Status()
               : SystemError("give away", folder);
  }
  struct stat info = {};
  if (errno != EEXIST || ::lstat(folder.c_str(), &info) != 0) {
    return SystemError("make", folder);
  }
  if (!S_ISDIR(info.st_mode) || info.st_uid != owner) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("{} is no folder of the server's own; remove it, or name "
                             "another one",
                             folder)};
  }
  return {};
}

/// A port of loopback that nobody listens on at this moment.
int FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound =
      ::bind(fd, generic, size) == 0 && ::getsockname(fd, generic, &size) == 0;
  ::close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string LastLines(const std::string& path) {
  constexpr size_t kBytes = 600;
  const std::string text = ReadText(path);
  return text.substr(text.size() - std::min(text.size(), kBytes));
}

/// What postmaster.pid says of the server that runs, or ran last.
struct Postmaster {
  pid_t pid = 0;
  int port = 0;
};

std::optional<Postmaster> ReadPostmaster(const std::string& data_folder) {
  std::ifstream file(data_folder + "/postmaster.pid");
  std::string line;
  Postmaster out;
  for (int number = 1; std::getline(file, line); ++number) {
    if (number == 1) {
      out.pid = std::atoi(line.c_str());
    } else if (number == 4) {
      out.port = std::atoi(line.c_str());
    }
  }
  // The number may be another program's by now: the server's own arguments name its data.
  const std::string arguments = ReadText(fmt::format("/proc/{}/cmdline", out.pid));
  const bool ours = out.pid > 0 && arguments.find(data_folder) != std::string::npos;
  return ours && IsRunning(out.pid) ? std::optional(out) : std::nullopt;
}

/// A setting's value as pg_ctl hands it to a shell.
std::string ShellQuoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

}  // namespace

PrivatePostgres::PrivatePostgres(PrivatePostgresOptions options, std::string folder)
    : options_(std::move(options)),
      folder_(std::move(folder)),
      log_path_(folder_ + "/server.log") {}

Result<std::unique_ptr<PrivatePostgres>> PrivatePostgres::Start(
    PrivatePostgresOptions options) {
  CALVE_ASSIGN(std::string programs, FindPrograms());
  std::string folder = PlaceFor(options.folder);
  CALVE_TRY(MakeFolder(folder));
  std::unique_ptr<PrivatePostgres> server(
      new PrivatePostgres(std::move(options), std::move(folder)));
  server->programs_ = std::move(programs);
  CALVE_TRY(server->Initialize());
  CALVE_ASSIGN(const bool running, server->TakeOver());
  if (!running) {
    CALVE_TRY(server->StartServer());
  }
  return server;
}

PrivatePostgres::~PrivatePostgres() {
  (void)Stop(StopMode::kFast);
}

std::string PrivatePostgres::Program(const std::string& name) const {
  return programs_ + "/" + name;
}

std::string PrivatePostgres::dsn(const std::string& database) const {
  return fmt::format("postgresql://postgres:{}@127.0.0.1:{}/{}?sslmode=disable",
                     password_, port_, database);
}

Result<int> PrivatePostgres::RunAsOwner(std::vector<std::string> arguments,
                                        const std::string& log) const {
  if (IsRoot()) {
    const std::vector<std::string> prefix = {"setpriv", "--reuid",   kServerUser,
                                             "--regid", kServerUser, "--clear-groups",
                                             "--"};
    arguments.insert(arguments.begin(), prefix.begin(), prefix.end());
  }
  return RunProgram(arguments, log);
}

/// Makes the data folder unless a complete one is there.
Status PrivatePostgres::Initialize() {
  const std::string password_path = folder_ + "/password";
  std::error_code error;
  if (fs::exists(data_folder() + "/PG_VERSION", error) &&
      fs::exists(password_path, error)) {
    password_ = ReadText(password_path);
    return {};
  }
  fs::remove_all(data_folder(), error);
  password_ = io::SystemUuids().Next();
  CALVE_TRY([&]() -> Status {
    std::ofstream(password_path) << password_;
    struct stat info = {};
    if (::stat(folder_.c_str(), &info) != 0 ||
        ::chmod(password_path.c_str(), 0600) != 0 ||
        ::chown(password_path.c_str(), info.st_uid, static_cast<gid_t>(-1)) != 0) {
      return SystemError("write", password_path);
    }
    return {};
  }());
  // Made beside its place and renamed: a half-made folder is never taken for a whole one.
  const std::string unfinished = folder_ + "/data.unfinished";
  fs::remove_all(unfinished, error);
  const std::string log = folder_ + "/initdb.log";
  CALVE_ASSIGN(
      const int code,
      RunAsOwner({Program("initdb"), "--pgdata", unfinished, "--username", "postgres",
                  "--pwfile", password_path, "--auth", "scram-sha-256", "--encoding",
                  "UTF8", "--locale", "C.UTF-8", "--no-sync"},
                 log));
  if (code != 0) {
    return Error{ErrorKind::kUnavailable,
                 fmt::format("initdb failed with {}: {}", code, LastLines(log))};
  }
  fs::rename(unfinished, data_folder(), error);
  return error ? Error{ErrorKind::kUnavailable, "cannot rename " + unfinished} : Status();
}

/// Finds a server that runs on the folder already.
Result<bool> PrivatePostgres::TakeOver() {
  const auto postmaster = ReadPostmaster(data_folder());
  if (!postmaster || postmaster->port == 0) {
    return false;
  }
  port_ = postmaster->port;
  return true;
}

Status PrivatePostgres::StartServer() {
  Status status;
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    // Another program may take the port between this look and the server's.
    const int port = attempt == 0 && port_ != 0 ? port_ : FreePort();
    status = StartOnPort(port);
    if (status || status.error().message.find("in use") == std::string::npos) {
      return status;
    }
  }
  return status;
}

Status PrivatePostgres::StartOnPort(int port) {
  std::string flags = fmt::format(
      "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories='' "
      "-c logging_collector=off -c fsync={}",
      port, options_.fsync ? "on" : "off");
  for (const auto& [name, value] : options_.settings) {
    flags += fmt::format(" -c {}", ShellQuoted(fmt::format("{}={}", name, value)));
  }
  std::error_code ignored;
  fs::remove(log_path_, ignored);
  CALVE_ASSIGN(const int code, RunAsOwner({Program("pg_ctl"), "start", "--pgdata",
                                           data_folder(), "--log", log_path_, "--wait",
                                           "--timeout", "60", "--silent", "-o", flags},
                                          folder_ + "/pg_ctl.log"));
  if (code != 0) {
    return Error{ErrorKind::kUnavailable,
                 fmt::format("the private PostgreSQL in {} does not start: {}", folder_,
                             LastLines(log_path_))};
  }
  port_ = port;
  return {};
}

Status PrivatePostgres::Stop(StopMode mode) {
  if (!ReadPostmaster(data_folder())) {
    return {};
  }
  const std::string log = folder_ + "/pg_ctl.log";
  CALVE_ASSIGN(const int code,
               RunAsOwner({Program("pg_ctl"), "stop", "--pgdata", data_folder(), "--wait",
                           "--timeout", "60", "--silent", "--mode",
                           mode == StopMode::kFast ? "fast" : "immediate"},
                          log));
  if (code != 0 && ReadPostmaster(data_folder())) {
    return Error{ErrorKind::kUnavailable,
                 fmt::format("the private PostgreSQL in {} does not stop: {}", folder_,
                             LastLines(log))};
  }
  return {};
}

Status PrivatePostgres::Restart() {
  return StartServer();
}

Status PrivatePostgres::Crash() {
  const auto postmaster = ReadPostmaster(data_folder());
  if (!postmaster) {
    return Error{ErrorKind::kNotFound, "the private PostgreSQL does not run"};
  }
  // A stopped postmaster starts no further children while they are counted.
  ::kill(postmaster->pid, SIGSTOP);
  const std::vector<pid_t> family = ProcessFamily(postmaster->pid);
  for (const pid_t pid : family) {
    ::kill(pid, SIGKILL);
  }
  const auto deadline = std::chrono::steady_clock::now() + kKillWait;
  while (std::any_of(family.begin(), family.end(), IsRunning)) {
    if (std::chrono::steady_clock::now() > deadline) {
      return Error{ErrorKind::kUnavailable, "the server's processes can't be killed"};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  // Where nobody collects the dead (PID 1 of a container may not), the server would take
  // the postmaster's number for a running one.
  std::error_code ignored;
  fs::remove(data_folder() + "/postmaster.pid", ignored);
  return {};
}

}  // namespace calve::postgres
