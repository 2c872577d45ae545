#include "secrets/secret_reference.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "secrets/refused_internal.h"

namespace calve::secrets {
namespace {

constexpr std::string_view kVaultScheme = "vault://";
constexpr std::array kSchemes{
    std::pair{SecretPlace::kVault, kVaultScheme},
    std::pair{SecretPlace::kFile, std::string_view("file://")},
    std::pair{SecretPlace::kEnvironment, std::string_view("env://")}};

/// Steps of the path would lead elsewhere on the server.
bool HasOddSegment(std::string_view path) {
  while (true) {
    const size_t end = path.find('/');
    const std::string_view segment = path.substr(0, end);
    if (segment.empty() || segment == "." || segment == "..") {
      return true;
    }
    if (end == std::string_view::npos) {
      return false;
    }
    path.remove_prefix(end + 1);
  }
}

Status CheckPath(const SecretReference& reference) {
  const std::string& path = reference.path;
  switch (reference.place) {
    case SecretPlace::kVault:
      if (path.find('/') == std::string::npos || HasOddSegment(path)) {
        return Refused(
            "must name a mount and a path, such as "
            "vault://secret/postgres/ecommerce#password");
      }
      return {};
    case SecretPlace::kFile:
      return path.starts_with('/')
                 ? Status()
                 : Refused("must name an absolute path, such as file:///run/secrets/db");
    case SecretPlace::kEnvironment:
      return path.empty() ? Refused("must name a variable, such as env://DB_PASSWORD")
                          : Status();
  }
  return {};
}

}  // namespace

std::string SecretReference::text() const {
  std::string text;
  for (const auto& [of, scheme] : kSchemes) {
    text += of == place ? scheme : "";
  }
  return text + path + (key.empty() ? "" : "#" + key);
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

bool LooksLikeReference(std::string_view text) {
  return std::any_of(kSchemes.begin(), kSchemes.end(),
                     [&](const auto& scheme) { return text.starts_with(scheme.second); });
}

Result<SecretReference> ParseReference(std::string_view text) {
  SecretReference reference;
  bool known = false;
  for (const auto& [place, scheme] : kSchemes) {
    if (text.starts_with(scheme)) {
      reference.place = place;
      text.remove_prefix(scheme.size());
      known = true;
      break;
    }
  }
  if (!known) {
    return Refused(
        "must be a secret's place: vault://mount/path, file:///path or "
        "env://NAME");
  }
  if (HasControl(text)) {
    return Refused("has a control character in a secret's place");
  }
  const size_t hash = text.rfind('#');
  reference.path = text.substr(0, hash);
  if (hash != std::string_view::npos) {
    reference.key = text.substr(hash + 1);
    if (reference.key.empty()) {
      return Refused("ends with #; name the key behind it, or take it away");
    }
  }
  CALVE_TRY(CheckPath(reference));
  return reference;
}

}  // namespace calve::secrets
