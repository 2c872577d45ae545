#include "io/child_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/descriptor_internal.h"

namespace calve::io {
namespace {

constexpr size_t kErrorOutputBytes = 8192;

struct Pipe {
  Descriptor read{-1};
  Descriptor write{-1};

  bool Open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      return false;
    }
    read = Descriptor(ends[0]);
    write = Descriptor(ends[1]);
    return true;
  }
};

/// How the program starts: nothing to read, output into pipes, signals as usual.
class SpawnSettings {
 public:
  SpawnSettings(int output, int errors) {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files_, errors, STDERR_FILENO);
    posix_spawnattr_init(&attributes_);
    sigset_t usual;
    sigemptyset(&usual);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM}) {
      sigaddset(&usual, signal);
    }
    posix_spawnattr_setsigdefault(&attributes_, &usual);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }

  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

/// Texts as exec wants them.
class TextArray {
 public:
  explicit TextArray(const std::vector<std::string>& texts) : texts_(texts) {
    for (std::string& text : texts_) {
      pointers_.push_back(text.data());
    }
    pointers_.push_back(nullptr);
  }
  char* const* get() const { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

class SpawnedProcess final : public ChildProcess {
 public:
  SpawnedProcess() = default;
  SpawnedProcess(const SpawnedProcess&) = delete;
  SpawnedProcess& operator=(const SpawnedProcess&) = delete;

  ~SpawnedProcess() override {
    if (!exit_code_) {
      ::kill(-pid_, SIGKILL);
      (void)Wait();
    }
  }

  Status Spawn(const ProgramCall& call) {
    if (!output_.Open() || !errors_.Open()) {
      return Error{
          ErrorKind::kUnavailable,
          fmt::format("cannot start {}: {}", call.arguments[0], std::strerror(errno))};
    }
    const SpawnSettings settings(output_.write.get(), errors_.write.get());
    const TextArray arguments(call.arguments);
    const TextArray environment(call.environment);
    const int error =
        posix_spawnp(&pid_, arguments.get()[0], settings.files(), settings.attributes(),
                     arguments.get(), environment.get());
    if (error != 0) {
      exit_code_ = -1;  // There is nothing to wait for.
      return Error{
          error == ENOENT ? ErrorKind::kNotFound : ErrorKind::kUnavailable,
          fmt::format("cannot start {}: {}", call.arguments[0], std::strerror(error))};
    }
    output_.write.Close();
    errors_.write.Close();
    return {};
  }

  Output Next(std::string& line, std::chrono::milliseconds timeout) override {
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (!TakeLine(line)) {
      if (!output_.read.valid() && !errors_.read.valid()) {
        return Output::kEnd;
      }
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now());
      if (left.count() < 0) {
        return Output::kNothingYet;
      }
      Read(left);
    }
    return Output::kLine;
  }

  const std::string& error_output() const override { return error_output_; }

  int Wait() override {
    int status = 0;
    while (!exit_code_) {
      if (::waitpid(pid_, &status, 0) == pid_) {
        Ended(status);
      } else if (errno != EINTR) {
        exit_code_ = -1;
      }
    }
    return *exit_code_;
  }

  void Stop(std::chrono::milliseconds patience) override {
    for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
      if (exit_code_) {
        break;
      }
      ::kill(-pid_, signal);
      WaitUntil(std::chrono::steady_clock::now() + patience);
    }
    (void)Wait();
  }

 private:
  void Ended(int status) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  /// Waits for its end, and reads on meanwhile: who finds the pipe full does not end.
  void WaitUntil(std::chrono::steady_clock::time_point end) {
    constexpr std::chrono::milliseconds kSlice(20);
    while (!exit_code_ && std::chrono::steady_clock::now() < end) {
      int status = 0;
      if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        Ended(status);
      } else if (output_.read.valid() || errors_.read.valid()) {
        Read(kSlice);
        pending_.clear();
        searched_ = 0;
      } else {
        std::this_thread::sleep_for(kSlice);
      }
    }
  }

  bool TakeLine(std::string& line) {
    const size_t end = pending_.find('\n', searched_);
    if (end == std::string::npos) {
      searched_ = pending_.size();
      if (output_.read.valid() || pending_.empty()) {
        return false;
      }
      line = std::exchange(pending_, {});
      searched_ = 0;
      return true;
    }
    line = pending_.substr(0, end);
    pending_.erase(0, end + 1);
    searched_ = 0;
    return true;
  }

  void Read(std::chrono::milliseconds timeout) {
    std::array<pollfd, 2> waited{pollfd{output_.read.get(), POLLIN, 0},
                                 pollfd{errors_.read.get(), POLLIN, 0}};
    if (::poll(waited.data(), waited.size(), static_cast<int>(timeout.count())) <= 0) {
      return;  // A signal, or nothing yet.
    }
    if (waited[0].revents != 0) {
      Append(output_.read, pending_);
    }
    if (waited[1].revents != 0) {
      Append(errors_.read, error_output_);
      const size_t surplus =
          error_output_.size() - std::min(error_output_.size(), kErrorOutputBytes);
      error_output_.erase(0, surplus);
    }
  }

  static void Append(Descriptor& from, std::string& text) {
    std::array<char, 65536> buffer{};
    const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
    if (count > 0) {
      text.append(buffer.data(), static_cast<size_t>(count));
    } else if (count == 0 || errno != EINTR) {
      from.Close();
    }
  }

  pid_t pid_ = 0;
  std::optional<int> exit_code_;
  Pipe output_;
  Pipe errors_;
  std::string pending_;  // read, not yet given out
  size_t searched_ = 0;  // bytes of it without a line break
  std::string error_output_;
};

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(const ProgramCall& call) {
  auto process = std::make_unique<SpawnedProcess>();
  CALVE_TRY(process->Spawn(call));
  return std::unique_ptr<ChildProcess>(std::move(process));
}

}  // namespace calve::io
