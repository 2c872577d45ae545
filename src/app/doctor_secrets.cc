#include "app/doctor_secrets.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/config/secret_settings.h"

namespace calve::app {
namespace {

/// Says where the way out stands: the messages of the vault's errors name it.
Check Failed(const std::string& name, const Error& error) {
  return {name, CheckState::kFailed, error.message,
          error.kind == ErrorKind::kUnavailable ? "start or unseal the vault, then repeat"
                                                : "the message names it"};
}

Check CheckVault(secrets::SecretStore& store) {
  const auto vault = store.Vault();
  if (!vault) {
    return Failed("vault", vault.error());
  }
  const auto state = (*vault)->LookUpToken();
  if (!state) {
    return Failed("vault", state.error());
  }
  const std::string life =
      state->lease.count() == 0
          ? "does not end"
          : fmt::format("ends in {} s{}", state->lease.count(),
                        state->renewable ? " and can be renewed" : "");
  if (std::ranges::find(state->policies, "root") != state->policies.end()) {
    return {"vault", CheckState::kWarning,
            fmt::format("{} is open; our token is a root token", (*vault)->address()),
            "log in by AppRole with a policy that reads these secrets and nothing else"};
  }
  return {"vault", CheckState::kGood,
          fmt::format("{} is open; our token ({}) {}", (*vault)->address(),
                      fmt::join(state->policies, ", "), life),
          ""};
}

/// What a record gives, by its fields' names, those of no use left out.
std::string FieldsOf(const SecretUse& use, const secrets::SecretRecord& record) {
  std::string names;
  const std::string section = use.key.substr(0, use.key.rfind('.'));
  for (const auto& [field, value] : record) {
    const std::string key = KeyOfField(section, field);
    if (std::ranges::find(use.gives, key) != use.gives.end()) {
      names += (names.empty() ? "" : ", ") + field;
    }
  }
  return names;
}

Check CheckUse(const SecretUse& use, secrets::SecretStore& store) {
  const std::string place = use.reference.text();
  if (!use.key.ends_with(".secret")) {
    const auto value = store.Value(use.reference);
    return value ? Check{use.key, CheckState::kGood, place, ""}
                 : Failed(use.key, value.error());
  }
  const auto record = store.Record(use.reference);
  if (!record) {
    return Failed(use.key, record.error());
  }
  const std::string fields = FieldsOf(use, *record);
  if (fields.empty()) {
    return {use.key, CheckState::kWarning,
            fmt::format("{} gives none of {}", place, fmt::join(use.gives, ", ")),
            "see the fields' names in docs/secrets.md, or take the key away"};
  }
  return {use.key, CheckState::kGood, fmt::format("{} gives {}", place, fields), ""};
}

Result<std::vector<SecretUse>> Uses(Session& session) {
  CALVE_ASSIGN(const ConfigLayers layers, session.LoadLayers());
  CALVE_ASSIGN(const Settings settings, GatherSettings(layers));
  CALVE_ASSIGN(auto uses, FindSecretUses(layers.environment, settings));
  CALVE_TRY(UseVaultOf(layers.environment, settings, session.secrets()));
  return uses;
}

}  // namespace

void AddSecretChecks(Session& session, Checks& checks) {
  const auto uses = Uses(session);
  if (!uses) {
    checks.push_back(Failed("secrets", uses.error()));
    return;
  }
  secrets::SecretStore& store = session.secrets();
  store.Forget();
  const bool vault = std::ranges::any_of(*uses, [](const SecretUse& use) {
    return use.reference.place == secrets::SecretPlace::kVault;
  });
  if (vault) {
    checks.push_back(CheckVault(store));
  }
  for (const SecretUse& use : *uses) {
    checks.push_back(CheckUse(use, store));
  }
  session.MaskSecrets({});
}

}  // namespace calve::app
