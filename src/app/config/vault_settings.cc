#include "app/config/vault_settings.h"

#include <filesystem>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "app/config/config_values.h"
#include "secrets/secret_store.h"

namespace calve::app {
namespace {

class VaultReader {
 public:
  VaultReader(const Settings& settings, const Environment& environment)
      : settings_(settings), environment_(environment) {}

  Result<secrets::VaultOptions> Read() const {
    secrets::VaultOptions options;
    options.address = Either("vault.address", "VAULT_ADDR");
    options.name_space = Either("vault.namespace", "VAULT_NAMESPACE");
    options.ca_file = Either("vault.ca_file", "VAULT_CACERT");
    CALVE_TRY(ReadNumbers(options));
    CALVE_ASSIGN(options.allow_http, ReadSwitch("vault.allow_http"));
    CALVE_TRY(ReadLogin(options.login));
    return options;
  }

 private:
  const Setting* Find(std::string_view path) const {
    const auto found = settings_.find(path);
    return found == settings_.end() ? nullptr : &found->second;
  }

  static Error Wrong(const Setting& setting, std::string_view path,
                     std::string_view what) {
    return {ErrorKind::kInvalidArgument,
            fmt::format("{}: {} {}", setting.origin, path, what)};
  }

  std::string Either(std::string_view path, std::string_view variable) const {
    const Setting* setting = Find(path);
    return setting != nullptr ? setting->value : Lookup(environment_, variable);
  }

  /// The key, the variable, or the text of the file that `<variable>_FILE` names.
  Result<secrets::Secret> EitherOrFile(std::string_view path,
                                       const std::string& variable) const {
    const std::string value = Either(path, variable);
    const std::string file = Lookup(environment_, variable + "_FILE");
    if (!value.empty() || file.empty()) {
      return secrets::Secret(value);
    }
    std::error_code ignored;
    return secrets::SecretStore({}).Value(
        {secrets::SecretPlace::kFile, std::filesystem::absolute(file, ignored), ""});
  }

  Status ReadNumbers(secrets::VaultOptions& options) const {
    if (const Setting* version = Find("vault.kv_version")) {
      if (version->value != "1" && version->value != "2") {
        return Wrong(*version, "vault.kv_version", "must be 1 or 2");
      }
      options.kv_version = version->value == "1" ? 1 : 2;
    }
    if (const Setting* timeout = Find("vault.timeout")) {
      const auto patience = ParseDuration(timeout->value);
      if (!patience) {
        return Wrong(*timeout, "vault.timeout", patience.error().message);
      }
      options.patience = *patience;
    }
    return {};
  }

  Result<bool> ReadSwitch(std::string_view path) const {
    const Setting* setting = Find(path);
    if (setting == nullptr || setting->value == "off" || setting->value == "false") {
      return false;
    }
    if (setting->value == "on" || setting->value == "true") {
      return true;
    }
    return Wrong(*setting, path, "must be on or off");
  }

  Status ReadLogin(secrets::VaultLogin& login) const {
    login.token = secrets::Secret(Either("vault.token", "VAULT_TOKEN"));
    CALVE_ASSIGN(const secrets::Secret role,
                 EitherOrFile("vault.role_id", "VAULT_ROLE_ID"));
    login.role_id = role.Reveal();
    CALVE_ASSIGN(login.secret_id, EitherOrFile("vault.secret_id", "VAULT_SECRET_ID"));
    CALVE_ASSIGN(login.wrapped_secret_id,
                 EitherOrFile("vault.wrapped_secret_id", "VAULT_WRAPPED_SECRET_ID"));
    if (const Setting* mount = Find("vault.approle_mount")) {
      login.approle_mount = mount->value;
    }
    login.token_file = Either("vault.token_file", "VAULT_TOKEN_FILE");
    const std::string home = Lookup(environment_, "HOME");
    std::error_code ignored;
    if (login.token_file.empty() && !home.empty() &&
        std::filesystem::exists(home + "/.vault-token", ignored)) {
      login.token_file = home + "/.vault-token";
    }
    return {};
  }

  const Settings& settings_;  // Both outlive this.
  const Environment& environment_;
};

}  // namespace

Result<secrets::VaultOptions> ReadVaultSettings(const Settings& settings,
                                                const Environment& environment) {
  return VaultReader(settings, environment).Read();
}

}  // namespace calve::app
