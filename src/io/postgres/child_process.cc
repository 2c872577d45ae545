#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/postgres/child_process_internal.h"

namespace calve::postgres {
namespace {

/// State and parent of a process, as /proc tells them.
struct ProcessState {
  char state = ' ';
  pid_t parent = 0;
};

std::optional<ProcessState> StateOf(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::stringstream text;
  text << file.rdbuf();
  // The second part is the program's name in parentheses, which may hold anything.
  const std::string all = text.str();
  const size_t name_end = all.rfind(')');
  if (!file.is_open() || name_end == std::string::npos) {
    return std::nullopt;
  }
  std::istringstream rest(all.substr(name_end + 1));
  ProcessState out;
  rest >> out.state >> out.parent;
  return out;
}

/// Owns the file actions of a spawn: output to a file, nothing to read.
class SpawnFiles {
 public:
  explicit SpawnFiles(const std::string& log_path) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, log_path.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
  }
  SpawnFiles(const SpawnFiles&) = delete;
  SpawnFiles& operator=(const SpawnFiles&) = delete;
  ~SpawnFiles() { posix_spawn_file_actions_destroy(&actions_); }

  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

Result<int> RunProgram(const std::vector<std::string>& arguments,
                       const std::string& log_path) {
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers;
  pointers.reserve(copies.size() + 1);
  for (std::string& argument : copies) {
    pointers.push_back(argument.data());
  }
  pointers.push_back(nullptr);
  const SpawnFiles files(log_path);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, pointers[0], files.get(), /*attrp=*/nullptr,
                                 pointers.data(), environ);
  if (error != 0) {
    return Error{error == ENOENT ? ErrorKind::kNotFound : ErrorKind::kUnavailable,
                 fmt::format("cannot start {}: {}", arguments[0], std::strerror(error))};
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) {
      return Error{ErrorKind::kInternal, "cannot wait for " + arguments[0]};
    }
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::vector<pid_t> ProcessFamily(pid_t parent) {
  std::vector<pid_t> family;
  if (!StateOf(parent)) {
    return family;
  }
  family.push_back(parent);
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [end, error] =
        std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || end != name.data() + name.size()) {
      continue;
    }
    if (const auto state = StateOf(pid); state && state->parent == parent) {
      family.push_back(pid);
    }
  }
  return family;
}

bool IsRunning(pid_t pid) {
  const auto state = StateOf(pid);
  return state && state->state != 'Z' && state->state != 'X';
}

}  // namespace calve::postgres
