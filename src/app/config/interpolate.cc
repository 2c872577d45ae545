#include "app/config/interpolate.h"

#include <algorithm>

#include <fmt/format.h>
#include <unistd.h>

#include "io/http/http_client.h"

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

constexpr std::string_view kBareReference = "vault://";

/// The end of the `vault://…#key` that starts at `start`; npos if it has no key.
size_t ReferenceEnd(std::string_view text, size_t start) {
  constexpr std::string_view kPathMarks = "-./~+";
  bool in_key = false;
  size_t key = 0;
  size_t at = start + kBareReference.size();
  while (at < text.size()) {
    if (text.substr(at, 2) == "${") {
      const size_t brace = ClosingBrace(text, at);
      if (brace == text.npos) {
        return brace;
      }
      at = brace + 1;
    } else if (text[at] == '#' && !in_key) {
      in_key = true;
      key = ++at;
    } else if (IsNameChar(text[at]) || text[at] == '-' ||
               (!in_key && kPathMarks.find(text[at]) != kPathMarks.npos)) {
      ++at;
    } else {
      break;
    }
  }
  return in_key && at > key ? at : text.npos;
}

/// Whether `text`, the rest of a URI's authority and more, begins within its user part.
bool UserPartGoesOn(std::string_view text) {
  size_t at = 0;
  while (at < text.size() && text[at] != '@') {
    size_t end = at + 1;
    if (text.substr(at).starts_with(kBareReference)) {
      end = ReferenceEnd(text, at);
    } else if (text.substr(at, 2) == "${") {
      end = ClosingBrace(text, at);
    } else if (text[at] == '/' || text[at] == '?' || text[at] == '#') {
      return false;
    }
    if (end == text.npos) {
      return false;
    }
    at = end;
  }
  return at < text.size();
}

/// Whether what stands between `before` and `after` is in a URI's user part or query.
bool NeedsEncoding(std::string_view before, std::string_view after) {
  const size_t scheme = before.find("://");
  if (scheme == before.npos) {
    return false;
  }
  const std::string_view head = before.substr(scheme + 3);
  if (head.find('?') != head.npos) {
    return true;
  }
  return head.find('/') == head.npos && UserPartGoesOn(after);
}

class Interpolator {
 public:
  explicit Interpolator(const Replacements& from) : from_(from) {}

  Result<std::string> Expand(std::string_view text, int depth) const {
    if (depth > kMaxDepth + 1) {
      return Error{ErrorKind::kInvalidArgument, "is nested too deeply; take braces away"};
    }
    std::string out;
    size_t at = 0;
    while (at < text.size()) {
      const size_t next = NextMark(text, at);
      out += text.substr(at, next - at);
      if (next == std::string_view::npos) {
        break;
      }
      CALVE_ASSIGN(at, text[next] == '$' ? ExpandDollar(text, next, depth, out)
                                         : ExpandReference(text, next, depth, out));
    }
    return out;
  }

 private:
  /// Where the next `$` or reference stands.
  size_t NextMark(std::string_view text, size_t at) const {
    const size_t reference = text.find(kBareReference, at);
    return from_.variables == nullptr ? reference
                                      : std::min(reference, text.find('$', at));
  }

  /// Appends what the `$…` at `dollar` stands for. \return where it ends
  Result<size_t> ExpandDollar(std::string_view text, size_t dollar, int depth,
                              std::string& out) const {
    const char next = dollar + 1 < text.size() ? text[dollar + 1] : '\0';
    if (next == '$') {
      out += '$';
      return dollar + 2;
    }
    const size_t end = next == '{' ? ClosingBrace(text, dollar) : text.npos;
    if (end == text.npos) {
      return Error{ErrorKind::kInvalidArgument,
                   next == '{' ? "has a ${ without its }; close it, or write $$ for $"
                               : "has a lone $; write ${NAME}, or $$ for $"};
    }
    const std::string_view inside = text.substr(dollar + 2, end - dollar - 2);
    if (secrets::LooksLikeReference(inside)) {
      CALVE_ASSIGN(const std::string reference, ExpandVariables(inside, depth));
      CALVE_TRY(AddSecret(reference, text.substr(end + 1), out));
    } else {
      CALVE_ASSIGN(const std::string value, Value(inside, depth));
      out += value;
    }
    return end + 1;
  }

  /// The same for the `vault://…` at `start`.
  Result<size_t> ExpandReference(std::string_view text, size_t start, int depth,
                                 std::string& out) const {
    const size_t end = ReferenceEnd(text, start);
    if (end == text.npos) {
      return Error{ErrorKind::kInvalidArgument,
                   "has a vault:// without a #key; name one, as in "
                   "vault://secret/postgres/ecommerce#password"};
    }
    CALVE_ASSIGN(const std::string reference,
                 ExpandVariables(text.substr(start, end - start), depth));
    CALVE_TRY(AddSecret(reference, text.substr(end), out));
    return end;
  }

  /// A reference's text: variables alone are replaced in it.
  Result<std::string> ExpandVariables(std::string_view text, int depth) const {
    if (from_.variables == nullptr) {
      return std::string(text);
    }
    const std::string_view scheme = text.substr(0, text.find("://") + 3);
    CALVE_ASSIGN(const std::string rest, Expand(text.substr(scheme.size()), depth + 1));
    return std::string(scheme) + rest;
  }

  Status AddSecret(const std::string& reference, std::string_view after,
                   std::string& out) const {
    CALVE_ASSIGN(const auto parsed, secrets::ParseReference(reference));
    if (!from_.secrets) {
      return Error{ErrorKind::kInvalidArgument, "may hold no secret"};
    }
    const auto secret = from_.secrets(parsed);
    if (!secret) {
      return Error{secret.error().kind, "can't be resolved: " + secret.error().message};
    }
    out += NeedsEncoding(out, after)
               ? io::PercentEncode(secret->Reveal(), /*keep_slashes=*/false)
               : secret->Reveal();
    return {};
  }

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
    const auto found = from_.variables->find(name);
    const bool set = found != from_.variables->end();
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

  const Replacements& from_;  // Outlives this.
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

Result<std::string> Interpolate(std::string_view text, const Replacements& from) {
  return Interpolator(from).Expand(text, /*depth=*/0);
}

Result<std::string> Interpolate(std::string_view text, const Environment& environment) {
  return Interpolate(text, Replacements{.variables = &environment});
}

}  // namespace calve::app
