#include "app/config/secret_settings.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "app/config/config_keys.h"
#include "app/config/vault_settings.h"
#include "io/s3/s3_store.h"

namespace calve::app {
namespace {

constexpr std::string_view kRecordKey = ".secret";
constexpr std::string_view kVaultPrefix = "vault.";
constexpr std::string_view kBucketField = "bucket";

Error WrongSetting(const Setting& setting, std::string_view path, const Error& error) {
  return {error.kind, fmt::format("{}: {} {}", setting.origin, path, error.message)};
}

bool IsRecordKey(std::string_view path) {
  return path.ends_with(kRecordKey);
}

/// `source.postgres` of `source.postgres.secret`.
std::string_view SectionOf(std::string_view record_key) {
  return record_key.substr(0, record_key.size() - kRecordKey.size());
}

/// The parts that secrets belong to, with what their keys start with.
struct Part {
  std::string_view prefix;
  bool SecretNeeds::*needed;
};
constexpr std::array kParts{Part{"source.postgres.", &SecretNeeds::source},
                            Part{"landing.", &SecretNeeds::landing},
                            Part{"catalog.", &SecretNeeds::catalog},
                            Part{"trino.", &SecretNeeds::trino}};

/// Reads the values of settings, each by the rules of its layer and key.
class ValueReader {
 public:
  ValueReader(const Environment& environment, SecretResolver secrets)
      : environment_(environment), secrets_(std::move(secrets)) {}

  Result<std::string> Value(std::string_view path, const Setting& setting) const {
    if (IsSecretKey(path) && secrets::LooksLikeReference(setting.value)) {
      CALVE_ASSIGN(const secrets::SecretReference reference, Reference(setting));
      if (!secrets_) {
        return Error{ErrorKind::kInvalidArgument, "may hold no secret"};
      }
      const auto secret = secrets_(reference);
      if (!secret) {
        return Error{secret.error().kind, "can't be resolved: " + secret.error().message};
      }
      return secret->Reveal();
    }
    return Interpolate(setting.value,
                       {.variables = VariablesOf(setting), .secrets = secrets_});
  }

  /// The value as a reference; variables are replaced in it.
  Result<secrets::SecretReference> Reference(const Setting& setting) const {
    const size_t scheme = setting.value.find("://");
    const std::string_view value = setting.value;
    if (scheme == std::string::npos) {
      return secrets::ParseReference(value);
    }
    CALVE_ASSIGN(const std::string rest,
                 Interpolate(value.substr(scheme), {.variables = VariablesOf(setting)}));
    return secrets::ParseReference(setting.value.substr(0, scheme) + rest);
  }

  /// What a `secret` key names.
  Result<secrets::SecretReference> RecordReference(const Setting& setting) const {
    CALVE_ASSIGN(secrets::SecretReference reference, Reference(setting));
    if (!reference.key.empty()) {
      return Error{ErrorKind::kInvalidArgument,
                   "names one key of a secret, but takes all of them; take #" +
                       reference.key + " away"};
    }
    return reference;
  }

 private:
  const Environment* VariablesOf(const Setting& setting) const {
    return setting.layer == Layer::kFile ? &environment_ : nullptr;
  }

  const Environment& environment_;  // Outlives this.
  SecretResolver secrets_;
};

/// The layer of a record that a key of this layer names.
Layer RecordLayer(Layer layer) {
  return static_cast<Layer>(static_cast<int>(layer) - 1);
}

/// Whether a record named by a setting may give a key.
bool MayGive(const Settings& settings, const Setting& by, const std::string& key,
             std::string_view field) {
  const auto known = settings.find(key);
  if (known == settings.end()) {
    return true;
  }
  // A bucket alone is less than any location.
  return field != kBucketField && known->second.layer < RecordLayer(by.layer);
}

Status AddRecord(const std::string& path, const Setting& setting,
                 const ValueReader& reader, secrets::SecretStore* store,
                 Settings& settings) {
  const auto reference = reader.RecordReference(setting);
  if (!reference) {
    return WrongSetting(setting, path, reference.error());
  }
  if (store == nullptr) {
    return WrongSetting(setting, path,
                        {ErrorKind::kInvalidArgument, "may hold no secret"});
  }
  const auto record = store->Record(*reference);
  if (!record) {
    return WrongSetting(
        setting, path,
        {record.error().kind, "can't be resolved: " + record.error().message});
  }
  const Settings before = settings;
  for (const auto& [field, value] : *record) {
    const std::string key = KeyOfField(SectionOf(path), field);
    if (!key.empty() && MayGive(before, setting, key, field)) {
      settings[key] = {(field == kBucketField ? "s3://" : "") + value.Reveal(),
                       reference->text() + "#" + field, RecordLayer(setting.layer)};
    }
  }
  return {};
}

Result<std::vector<SecretUse>> UsesOf(const std::string& path, const Setting& setting,
                                      const Environment& environment,
                                      const Settings& settings) {
  std::vector<SecretUse> uses;
  const auto note = [&](const secrets::SecretReference& reference) {
    uses.push_back(
        {.key = path, .origin = setting.origin, .reference = reference, .gives = {}});
    return Result<secrets::Secret>(secrets::Secret());
  };
  const ValueReader reader(environment, note);
  if (!IsRecordKey(path)) {
    const auto value = reader.Value(path, setting);
    return value ? Result<std::vector<SecretUse>>(std::move(uses))
                 : WrongSetting(setting, path, value.error());
  }
  const auto reference = reader.RecordReference(setting);
  if (!reference) {
    return WrongSetting(setting, path, reference.error());
  }
  (void)note(*reference);
  const std::string section(SectionOf(path));
  for (const ConfigKey& key : ConfigKeys()) {
    const bool below = key.path.starts_with(section + ".") && key.path != path &&
                       key.path.find('.', section.size() + 1) == key.path.npos;
    if (below && MayGive(settings, setting, std::string(key.path), key.path)) {
      uses.back().gives.emplace_back(key.path);
    }
  }
  return uses;
}

/// The keys of `vault` themselves: they may name files and variables.
Status ResolveVaultKeys(const Environment& environment, secrets::SecretStore* store,
                        Settings& settings) {
  const SecretResolver plain =
      [store](const secrets::SecretReference& reference) -> Result<secrets::Secret> {
    if (store == nullptr || reference.place == secrets::SecretPlace::kVault) {
      return Error{ErrorKind::kInvalidArgument,
                   "vault_not_set: the way to the vault can't stand in the vault"};
    }
    return store->Value(reference);
  };
  const ValueReader reader(environment, plain);
  for (auto& [path, setting] : settings) {
    if (path.starts_with(kVaultPrefix)) {
      auto value = reader.Value(path, setting);
      if (!value) {
        return WrongSetting(setting, path, value.error());
      }
      setting.value = *std::move(value);
    }
  }
  return {};
}

/// Whether the tables are, or may be, on the S3 that the landing place's keys tell of.
bool WarehouseSharesS3(const Settings& settings) {
  for (const char* own : {"catalog.s3.secret", "catalog.s3.access_key"}) {
    if (settings.contains(std::string_view(own))) {
      return false;
    }
  }
  const auto warehouse = settings.find("catalog.warehouse");
  if (warehouse == settings.end()) {
    return settings.contains(std::string_view("catalog.secret"));
  }
  const std::string& raw = warehouse->second.value;
  return io::IsS3Location(raw) || raw.find('$') != std::string::npos ||
         raw.find("vault://") != std::string::npos;
}

/// Whether the engine is, or may be, dbt on Trino.
bool EngineNeedsTrino(const Settings& settings) {
  const auto engine = settings.find("engine");
  return engine != settings.end() && engine->second.value != "native";
}

void DropWhatIsNotNeeded(const std::vector<SecretUse>& uses, SecretNeeds needs,
                         Settings& settings) {
  needs.trino = needs.trino || (needs.engine && EngineNeedsTrino(settings));
  needs.landing = needs.landing || (needs.catalog && WarehouseSharesS3(settings));
  for (const Part& part : kParts) {
    const bool secret = std::any_of(uses.begin(), uses.end(), [&](const SecretUse& use) {
      return use.key.starts_with(part.prefix);
    });
    if (secret && !(needs.*part.needed)) {
      std::erase_if(settings, [&](const auto& setting) {
        return setting.first.starts_with(part.prefix);
      });
    }
  }
}

}  // namespace

std::string KeyOfField(std::string_view section, std::string_view field) {
  constexpr std::array kOthers{
      std::pair{"source.postgres#dbname", "source.postgres.database"},
      std::pair{"source.postgres#username", "source.postgres.user"},
      std::pair{"landing#bucket", "landing.uri"},
      std::pair{"catalog#username", "catalog.user"},
      std::pair{"trino#username", "trino.user"},
      std::pair{"trino#http_scheme", "trino.scheme"}};
  std::string key = fmt::format("{}.{}", section, field);
  for (const auto& [from, to] : kOthers) {
    if (fmt::format("{}#{}", section, field) == from) {
      key = to;
    }
  }
  return FindKey(key) != nullptr && !IsRecordKey(key) ? key : "";
}

Result<std::vector<SecretUse>> FindSecretUses(const Environment& environment,
                                              const Settings& settings) {
  std::vector<SecretUse> all;
  for (const auto& [path, setting] : settings) {
    CALVE_ASSIGN(std::vector<SecretUse> uses,
                 UsesOf(path, setting, environment, settings));
    std::move(uses.begin(), uses.end(), std::back_inserter(all));
  }
  return all;
}

Status UseVaultOf(const Environment& environment, const Settings& settings,
                  secrets::SecretStore& store) {
  Settings plain = settings;
  CALVE_TRY(ResolveVaultKeys(environment, &store, plain));
  CALVE_ASSIGN(secrets::VaultOptions options, ReadVaultSettings(plain, environment));
  store.UseVault(std::move(options));
  return {};
}

Status ResolveSettings(const Environment& environment, const SecretNeeds& needs,
                       secrets::SecretStore* store, Settings& settings) {
  CALVE_ASSIGN(const std::vector<SecretUse> uses, FindSecretUses(environment, settings));
  const bool vault = std::any_of(uses.begin(), uses.end(), [](const SecretUse& use) {
    return use.reference.place == secrets::SecretPlace::kVault;
  });
  if (store != nullptr && vault) {
    CALVE_TRY(UseVaultOf(environment, settings, *store));
  }
  DropWhatIsNotNeeded(uses, needs, settings);
  SecretResolver resolver;
  if (store != nullptr) {
    resolver = [store](const auto& reference) { return store->Value(reference); };
  }
  const ValueReader reader(environment, resolver);
  const Settings raw = settings;
  settings.clear();
  for (const auto& [path, setting] : raw) {
    if (IsRecordKey(path) || path.starts_with(kVaultPrefix)) {
      continue;
    }
    auto value = reader.Value(path, setting);
    if (!value) {
      return WrongSetting(setting, path, value.error());
    }
    settings[path] = {*std::move(value), setting.origin, setting.layer};
  }
  for (const auto& [path, setting] : raw) {
    if (IsRecordKey(path)) {
      CALVE_TRY(AddRecord(path, setting, reader, store, settings));
    }
  }
  return {};
}

}  // namespace calve::app
