#include "app/vault_init.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "app/config/secret_settings.h"
#include "io/postgres/dsn_parts.h"
#include "io/s3/s3_store.h"

namespace calve::app {
namespace {

/// A field of a record, the key that holds it and the variables that others use for it.
struct FieldSource {
  std::string_view field;
  std::string_view key;
  std::array<std::string_view, 2> variables = {};
};

constexpr std::array kPostgresFields{
    FieldSource{"host", "source.postgres.host", {"PGHOST", "POSTGRES_HOST"}},
    FieldSource{"port", "source.postgres.port", {"PGPORT", "POSTGRES_PORT"}},
    FieldSource{"database", "source.postgres.database", {"PGDATABASE", "POSTGRES_DB"}},
    FieldSource{"user", "source.postgres.user", {"PGUSER", "POSTGRES_USER"}},
    FieldSource{
        "password", "source.postgres.password", {"PGPASSWORD", "POSTGRES_PASSWORD"}}};
constexpr std::array kS3Fields{
    FieldSource{
        "endpoint", "landing.endpoint", {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}},
    FieldSource{"access_key", "landing.access_key", {"AWS_ACCESS_KEY_ID", ""}},
    FieldSource{"secret_key", "landing.secret_key", {"AWS_SECRET_ACCESS_KEY", ""}},
    FieldSource{"region", "landing.region", {"AWS_REGION", "AWS_DEFAULT_REGION"}}};
constexpr std::array kCatalogFields{
    FieldSource{"type", "catalog.type"}, FieldSource{"uri", "catalog.uri"},
    FieldSource{"name", "catalog.name"}, FieldSource{"warehouse", "catalog.warehouse"},
    FieldSource{"user", "catalog.user"}, FieldSource{"password", "catalog.password"}};

constexpr std::array kTrinoFields{
    FieldSource{"host", "trino.host", {"TRINO_HOST", ""}},
    FieldSource{"port", "trino.port", {"TRINO_PORT", ""}},
    FieldSource{"user", "trino.user", {"TRINO_USER", ""}},
    FieldSource{"password", "trino.password", {"TRINO_PASSWORD", ""}},
    FieldSource{"catalog", "trino.catalog", {"TRINO_CATALOG", ""}},
    FieldSource{"scheme", "trino.scheme", {"TRINO_SCHEME", ""}}};

constexpr std::string_view kVaultScheme = "vault://";

std::string ValueAt(const Settings& settings, std::string_view key) {
  const auto found = settings.find(key);
  return found == settings.end() ? "" : found->second.value;
}

template <size_t N>
secrets::SecretRecord Gather(const std::array<FieldSource, N>& fields,
                             const Settings& settings, const Environment& environment) {
  secrets::SecretRecord record;
  for (const FieldSource& source : fields) {
    std::string value = ValueAt(settings, source.key);
    for (const std::string_view variable : source.variables) {
      value = value.empty() ? Lookup(environment, variable) : value;
    }
    if (!value.empty()) {
      record.insert_or_assign(std::string(source.field),
                              secrets::Secret(std::move(value)));
    }
  }
  return record;
}

/// The source's fields: parts of its connection string first.
Result<secrets::SecretRecord> GatherPostgres(const Settings& settings,
                                             const Environment& environment) {
  secrets::SecretRecord record = Gather(kPostgresFields, settings, environment);
  const std::string dsn = ValueAt(settings, "source.postgres.dsn");
  if (dsn.empty()) {
    return record;
  }
  constexpr std::array kKeywords{std::pair{"host", "host"}, std::pair{"port", "port"},
                                 std::pair{"dbname", "database"},
                                 std::pair{"user", "user"},
                                 std::pair{"password", "password"}};
  CALVE_ASSIGN(auto parts, postgres::PartsOfDsn(dsn));
  for (const auto& [keyword, field] : kKeywords) {
    if (!parts[keyword].empty()) {
      record.insert_or_assign(field, secrets::Secret(std::move(parts[keyword])));
    }
  }
  return record;
}

secrets::SecretRecord GatherS3(const Settings& settings, const Environment& environment) {
  secrets::SecretRecord record = Gather(kS3Fields, settings, environment);
  const auto landing = io::ParseS3Location(ValueAt(settings, "landing.uri"));
  if (!record.empty() && landing) {
    record.insert_or_assign("bucket", secrets::Secret(landing->bucket));
  }
  return record;
}

/// The path that a `secret` key names, else the usual one.
std::string PathOf(const Settings& raw, std::string_view key, const std::string& mount,
                   std::string_view usual) {
  const std::string named = ValueAt(raw, key);
  return named.starts_with(kVaultScheme) ? named.substr(kVaultScheme.size())
                                         : fmt::format("{}/{}", mount, usual);
}

/// What the vault's record lacks of `wanted`, and what it has another value for.
struct Difference {
  std::vector<std::string> missing;
  std::vector<std::string> other;
};

Difference Compare(const secrets::SecretRecord& wanted,
                   const secrets::SecretRecord& stored) {
  Difference difference;
  for (const auto& [field, value] : wanted) {
    const auto known = stored.find(field);
    if (known == stored.end()) {
      difference.missing.push_back(field);
    } else if (known->second.Reveal() != value.Reveal()) {
      difference.other.push_back(field);
    }
  }
  return difference;
}

/// What to do, and the record that stands in the vault afterwards.
struct Decision {
  VaultInitResult result;
  secrets::SecretRecord record;
  bool writes = false;
};

Decision Decide(const std::string& path, const secrets::SecretRecord& wanted,
                const secrets::VaultClient::Stored& stored, bool overwrite) {
  Decision decision;
  decision.result.path = path;
  decision.record = stored.record.value_or(secrets::SecretRecord());
  const Difference difference = Compare(wanted, decision.record);
  std::vector<std::string>& fields = decision.result.fields;
  fields = difference.missing;
  decision.result.action = !stored.record   ? VaultInitAction::kCreated
                           : fields.empty() ? VaultInitAction::kUnchanged
                                            : VaultInitAction::kExtended;
  if (!difference.other.empty()) {
    decision.result.action =
        overwrite ? VaultInitAction::kOverwritten : VaultInitAction::kKept;
    if (overwrite) {
      fields.insert(fields.end(), difference.other.begin(), difference.other.end());
    } else {
      fields = difference.other;
    }
  }
  decision.writes = overwrite ? !fields.empty() : !difference.missing.empty();
  for (const auto& [field, value] : wanted) {
    if (overwrite || !decision.record.contains(field)) {
      decision.record.insert_or_assign(field, value);
    }
  }
  return decision;
}

}  // namespace

Result<SecretRecords> RecordsOf(const Settings& raw, const Settings& plain,
                                const Environment& environment,
                                const std::string& mount) {
  SecretRecords records;
  const auto add = [&](std::string_view key, std::string_view usual,
                       secrets::SecretRecord record) {
    if (!record.empty()) {
      records[PathOf(raw, key, mount, usual)].merge(record);
    }
  };
  CALVE_ASSIGN(secrets::SecretRecord postgres, GatherPostgres(plain, environment));
  add("source.postgres.secret", "postgres/ecommerce", std::move(postgres));
  add("landing.secret", "s3/minio", GatherS3(plain, environment));
  if (!ValueAt(plain, "catalog.uri").empty()) {
    add("catalog.secret", "iceberg/catalog", Gather(kCatalogFields, plain, environment));
  }
  add("trino.secret", "trino/iceberg", Gather(kTrinoFields, plain, environment));
  return records;
}

Status AddInput(std::string_view json, SecretRecords& records) {
  const auto outer = secrets::ParseRecord(json);
  const Error wrong{
      ErrorKind::kInvalidArgument,
      "the input must be JSON such as {\"secret/postgres/ecommerce\": {\"host\": …}}"};
  if (!outer) {
    return wrong;
  }
  for (const auto& [path, inner] : *outer) {
    auto record = secrets::ParseRecord(inner.Reveal());
    if (!record || path.find('/') == std::string::npos) {
      return wrong;
    }
    for (auto& [field, value] : *record) {
      records[path].insert_or_assign(field, std::move(value));
    }
  }
  return {};
}

Result<VaultInitResult> InitSecret(secrets::VaultClient& vault, const std::string& path,
                                   const secrets::SecretRecord& wanted,
                                   const VaultInitOptions& options) {
  constexpr int kMostRaces = 5;
  for (int race = 1;; ++race) {
    CALVE_ASSIGN(const auto stored, vault.Look(path));
    Decision decision = Decide(path, wanted, stored, options.overwrite);
    if (options.dry_run || !decision.writes) {
      return std::move(decision.result);
    }
    const Status written = vault.Write(path, decision.record, stored);
    if (written) {
      return std::move(decision.result);
    }
    if (written.error().kind != ErrorKind::kConflict || race == kMostRaces) {
      return written.error();
    }
  }
}

}  // namespace calve::app
