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
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/descriptor_internal.h"

namespace calve::io {
namespace {

constexpr size_t kErrorOutputBytes = 8192;
constexpr size_t kLongestLine = size_t{16} * 1024 * 1024;
constexpr std::chrono::milliseconds kLookForEnd(100);
constexpr int kFirstFreeDescriptor = 3;
constexpr int kCannotRun = 127;  // as a shell says it

struct Pipe {
  Descriptor read{-1};
  Descriptor write{-1};

  bool Open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
      return false;
    }
    read = Descriptor(ends[0]);
    const Descriptor lowest(ends[1]);
    // Where our own output is closed, it would have the number that it is to be put at.
    write = Descriptor(::fcntl(lowest.get(), F_DUPFD_CLOEXEC, kFirstFreeDescriptor));
    return write.valid();
  }
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

/// A program that is about to start.
struct Launch {
  char* const* arguments;
  char* const* environment;
  int output;
  int errors;
  int failure;  // takes the errno of a start that fails
  pid_t parent;
};

/// Lets the program take the place of this process, which has been forked for it: only
/// calls that are safe then.
[[noreturn]] void Become(const Launch& launch) {
  ::setpgid(0, 0);
  // Whoever is killed can't stop it any more. Python ends by this one whatever it does.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != launch.parent) {
    ::_exit(kCannotRun);  // Killed before this was asked for.
  }
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM}) {
    std::signal(signal, SIG_DFL);
  }
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing >= 0 && ::dup2(nothing, STDIN_FILENO) >= 0 &&
      ::dup2(launch.output, STDOUT_FILENO) >= 0 &&
      ::dup2(launch.errors, STDERR_FILENO) >= 0) {
    ::execvpe(launch.arguments[0], launch.arguments, launch.environment);
  }
  const int error = errno;
  (void)!::write(launch.failure, &error, sizeof error);
  ::_exit(kCannotRun);
}

class SpawnedProcess final : public ChildProcess {
 public:
  SpawnedProcess() = default;
  SpawnedProcess(const SpawnedProcess&) = delete;
  SpawnedProcess& operator=(const SpawnedProcess&) = delete;

  ~SpawnedProcess() override {
    if (pid_ > 0 && !exit_code_) {
      ::kill(-pid_, SIGKILL);
      (void)Wait();
    }
  }

  Status Spawn(const ProgramCall& call) {
    Pipe failure;
    if (!OpenOutputs(call) || !failure.Open()) {
      return Error{ErrorKind::kUnavailable,
                   fmt::format("cannot open the output of {}: {}", call.arguments[0],
                               std::strerror(errno))};
    }
    const TextArray arguments(call.arguments);
    const TextArray environment(call.environment.value_or(std::vector<std::string>()));
    const Launch launch{.arguments = arguments.get(),
                        .environment = call.environment ? environment.get() : environ,
                        .output = output_.write.get(),
                        .errors = errors_.write.get(),
                        .failure = failure.write.get(),
                        .parent = ::getpid()};
    const pid_t pid = ::_Fork();  // No library's handlers: they may take locks.
    if (pid == 0) {
      Become(launch);
    }
    if (pid < 0) {
      return NotStarted(call, errno);
    }
    pid_ = pid;
    output_.write.Close();
    errors_.write.Close();
    failure.write.Close();
    return CheckStart(call, failure.read);
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
      // Asked before the read: what it wrote until its end is there by then.
      const bool ended = HasEnded();
      const auto wait =
          ended ? std::chrono::milliseconds(0) : std::min(left, kLookForEnd);
      if (!Read(wait) && ended) {
        output_.read.Close();  // Children of its own may hold the other ends for long.
        errors_.read.Close();
      }
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
  static Error NotStarted(const ProgramCall& call, int error) {
    return {error == ENOENT ? ErrorKind::kNotFound : ErrorKind::kUnavailable,
            fmt::format("cannot start {}: {}", call.arguments[0], std::strerror(error))};
  }

  bool OpenOutputs(const ProgramCall& call) {
    if (call.output_file.empty()) {
      return output_.Open() && errors_.Open();
    }
    constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    constexpr mode_t kOwnerOnly = 0600;
    const Descriptor file(::open(call.output_file.c_str(), kFlags, kOwnerOnly));
    if (!file.valid()) {
      return false;
    }
    for (Pipe* pipe : {&output_, &errors_}) {
      pipe->write =
          Descriptor(::fcntl(file.get(), F_DUPFD_CLOEXEC, kFirstFreeDescriptor));
    }
    return output_.write.valid() && errors_.write.valid();
  }

  /// Reads the end of a pipe that the program's start closes.
  Status CheckStart(const ProgramCall& call, const Descriptor& failure) {
    int error = 0;
    ssize_t count = 0;
    do {
      count = ::read(failure.get(), &error, sizeof error);
    } while (count < 0 && errno == EINTR);
    if (count <= 0) {
      return {};
    }
    (void)Wait();
    return NotStarted(call, error);
  }

  void Ended(int status) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  bool HasEnded() {
    int status = 0;
    if (!exit_code_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
      Ended(status);
    }
    return exit_code_.has_value();
  }

  /// Waits for its end, and reads on meanwhile: who finds the pipe full does not end.
  void WaitUntil(std::chrono::steady_clock::time_point end) {
    constexpr std::chrono::milliseconds kSlice(20);
    while (!HasEnded() && std::chrono::steady_clock::now() < end) {
      if (output_.read.valid() || errors_.read.valid()) {
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
      const bool whole = !output_.read.valid() || pending_.size() >= kLongestLine;
      if (!whole || pending_.empty()) {
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

  /// Reads what is there, or comes in time. \return whether anything was, or an end
  bool Read(std::chrono::milliseconds timeout) {
    std::array<pollfd, 2> waited{pollfd{output_.read.get(), POLLIN, 0},
                                 pollfd{errors_.read.get(), POLLIN, 0}};
    if (::poll(waited.data(), waited.size(), static_cast<int>(timeout.count())) <= 0) {
      return false;  // A signal, or nothing yet.
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
    return true;
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
