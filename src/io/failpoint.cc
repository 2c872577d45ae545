#include "io/failpoint.h"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace calve::io {
namespace {

using Action = FailpointPlan::Action;

std::string Environment(const char* name) {
  const char* value =
      std::getenv(name);  // NOLINT(concurrency-mt-unsafe): never set here.
  return value == nullptr ? "" : value;
}

/// What the environment asks for, read once.
struct Wish {
  FailpointPlan plan;
  std::string log;
  bool any = false;
};

Wish ReadWish() {
  Wish wish;
  wish.log = Environment("CALVE_FAILPOINT_LOG");
  const std::string text = Environment("CALVE_FAILPOINT");
  if (!text.empty()) {
    const auto plan = ParseFailpoint(text);
    if (!plan) {
      fmt::print(stderr, "calve: {}\n", plan.error().message);
      std::_Exit(2);
    }
    wish.plan = *plan;
  }
  wish.any = !wish.log.empty() || wish.plan.action != Action::kNone;
  return wish;
}

/// One write of one line, so that processes may share the file.
void Log(const std::string& file, std::string_view name, std::string_view detail) {
  const std::string line = fmt::format("{} {}\n", name, detail);
  // NOLINTNEXTLINE(*-vararg): the system's own signature.
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd >= 0) {
    (void)!::write(fd, line.data(), line.size());
    ::close(fd);
  }
}

Status Act(Action action, std::string_view name) {
  switch (action) {
    case Action::kKill:
      ::kill(::getpid(), SIGKILL);
      break;
    case Action::kStop:
      ::kill(::getpid(), SIGSTOP);
      break;
    case Action::kError:
      return Error{ErrorKind::kUnavailable, fmt::format("failpoint {}", name)};
    case Action::kNone:
      break;
  }
  return {};
}

}  // namespace

Result<FailpointPlan> ParseFailpoint(std::string_view text) {
  const size_t at = text.find('@');
  const std::string_view action = text.substr(0, at);
  FailpointPlan plan;
  plan.action = action == "kill"    ? Action::kKill
                : action == "stop"  ? Action::kStop
                : action == "error" ? Action::kError
                                    : Action::kNone;
  if (at != std::string_view::npos && plan.action != Action::kNone) {
    const char* end = text.data() + text.size();
    const auto [rest, code] = std::from_chars(text.data() + at + 1, end, plan.at);
    if (code == std::errc() && rest == end && plan.at > 0) {
      return plan;
    }
  }
  return Error{ErrorKind::kInvalidArgument,
               fmt::format("CALVE_FAILPOINT is kill@N, stop@N or error@N with N from 1, "
                           "not '{}'",
                           text)};
}

Status Failpoint(std::string_view name, std::string_view detail) {
  static const Wish wish = ReadWish();
  static std::atomic<long long> passed = 0;
  if (!wish.any) {
    return {};
  }
  if (!wish.log.empty()) {
    Log(wish.log, name, detail);
  }
  return ++passed == wish.plan.at ? Act(wish.plan.action, name) : Status{};
}

}  // namespace calve::io
