#include "app/config/interpolate.h"

#include <optional>

#include <fmt/format.h>
#include <unistd.h>

namespace calve::app {
namespace {

constexpr int kMaxDepth = 16;  // of defaults in defaults

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         c == '_';
}

/// The end of the `${…}` that starts at `start`: the position of its brace; npos if it
/// has none.
size_t ClosingBrace(std::string_view text, size_t start) {
  int depth = 0;
  for (size_t i = start; i < text.size(); ++i) {
    if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

class Interpolator {
 public:
  explicit Interpolator(const Environment& environment) : environment_(environment) {}

  Result<std::string> Expand(std::string_view text, int depth) const {
    std::string out;
    size_t at = 0;
    while (at < text.size()) {
      const size_t dollar = text.find('$', at);
      out += text.substr(at, dollar - at);
      if (dollar == std::string_view::npos) {
        break;
      }
      const char next = dollar + 1 < text.size() ? text[dollar + 1] : '\0';
      if (next == '$') {
        out += '$';
        at = dollar + 2;
        continue;
      }
      const size_t end = next == '{' ? ClosingBrace(text, dollar) : text.npos;
      if (end == text.npos) {
        return Error{ErrorKind::kInvalidArgument,
                     next == '{' ? "has a ${ without its }; close it, or write $$ for $"
                                 : "has a lone $; write ${NAME}, or $$ for $"};
      }
      CALVE_ASSIGN(const std::string value,
                   Value(text.substr(dollar + 2, end - dollar - 2), depth));
      out += value;
      at = end + 1;
    }
    return out;
  }

 private:
  /// The value of what stands between the braces.
  Result<std::string> Value(std::string_view inside, int depth) const {
    size_t length = 0;
    while (length < inside.size() && IsNameChar(inside[length])) {
      ++length;
    }
    const std::string_view name = inside.substr(0, length);
    const std::string_view rest = inside.substr(length);
    if (name.empty() || depth > kMaxDepth) {
      return Error{ErrorKind::kInvalidArgument,
                   "has a ${…} without a variable's name; write ${NAME}, or $$ for $"};
    }
    const auto found = environment_.find(name);
    const bool set = found != environment_.end();
    if (rest.empty()) {
      return set ? Result<std::string>(found->second) : Unset(name);
    }
    const bool usable = set && !found->second.empty();
    if (rest.starts_with(":-")) {
      return usable ? Result<std::string>(found->second)
                    : Expand(rest.substr(2), depth + 1);
    }
    if (rest.starts_with(":?")) {
      return usable ? Result<std::string>(found->second) : Demanded(name, rest.substr(2));
    }
    return Error{
        ErrorKind::kInvalidArgument,
        fmt::format("has a ${{{0}…}} that is none of ${{{0}}}, ${{{0}:-default}} "
                    "and ${{{0}:?}}",
                    name)};
  }

  static Result<std::string> Unset(std::string_view name) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("uses the variable {0}, which is not set; set it, or write "
                             "${{{0}:-default}}",
                             name)};
  }

  static Result<std::string> Demanded(std::string_view name, std::string_view hint) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("uses the variable {}, which is not set or empty; {}", name,
                             hint.empty() ? std::string_view("set it") : hint)};
  }

  const Environment& environment_;  // Outlives this.
};

}  // namespace

Environment ProcessEnvironment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (const size_t equals = text.find('='); equals != text.npos) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return environment;
}

std::string Lookup(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

Result<std::string> Interpolate(std::string_view text, const Environment& environment) {
  return Interpolator(environment).Expand(text, /*depth=*/0);
}

}  // namespace calve::app
