#include "app/console/redact.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace calve::app {
namespace {

bool IsWordChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Whether text[at, end) is no part of a longer word: the password `ecom` must not turn
/// `ecommerce` into `***merce`.
bool StandsAlone(std::string_view text, size_t at, size_t end) {
  const bool before = at > 0 && IsWordChar(text[at]) && IsWordChar(text[at - 1]);
  const bool after =
      end < text.size() && IsWordChar(text[end - 1]) && IsWordChar(text[end]);
  return !before && !after;
}

void ReplaceAll(std::string& text, std::string_view what) {
  constexpr std::string_view kMask = "***";
  size_t at = text.find(what);
  while (at != text.npos) {
    if (StandsAlone(text, at, at + what.size())) {
      text.replace(at, what.size(), kMask);
      at = text.find(what, at + kMask.size());
    } else {
      at = text.find(what, at + 1);
    }
  }
}

}  // namespace

std::string Redact(std::string text, const std::vector<std::string>& secrets) {
  std::vector<std::string> longest_first = secrets;
  std::sort(
      longest_first.begin(), longest_first.end(),
      [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  for (const std::string& secret : longest_first) {
    if (!secret.empty()) {
      ReplaceAll(text, secret);
    }
  }
  return text;
}

}  // namespace calve::app
