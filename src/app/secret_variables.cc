#include "app/secret_variables.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/crypto.h>
#include <unistd.h>

#include "app/config/config_keys.h"

namespace calve::app {
bool IsSecretVariable(std::string_view name) {
  constexpr std::array<std::string_view, 4> kKnown{
      "VAULT_TOKEN", "VAULT_SECRET_ID", "VAULT_WRAPPED_SECRET_ID", "POSTGRES_PASSWORD"};
  if (std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end()) {
    return true;
  }
  if (!name.starts_with("CALVE_")) {
    return false;
  }
  const std::string path = PathOfVariable(name);
  return FindKey(path) != nullptr && (IsSecretKey(path) || path.ends_with(".uri"));
}

void WipeSecretVariables() {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    char* const equals = std::strchr(*entry, '=');
    if (equals == nullptr) {
      continue;
    }
    const std::string_view name(*entry, static_cast<size_t>(equals - *entry));
    if (IsSecretVariable(name)) {
      OPENSSL_cleanse(equals + 1, std::strlen(equals + 1));
      names.emplace_back(name);
    }
  }
  for (const std::string& name : names) {
    ::unsetenv(name.c_str());
  }
}

}  // namespace calve::app
