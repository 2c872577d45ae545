#include "io/child_process.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

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

}  // namespace

Result<int> RunProgram(const std::vector<std::string>& arguments,
                       const std::string& log_path) {
  CALVE_ASSIGN(const auto program, io::ChildProcess::Start({.arguments = arguments,
                                                            .output_file = log_path}));
  return program->Wait();
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
