#include "app/config/config_keys.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>
#include <vector>

namespace calve::app {
namespace {

constexpr std::array kKeys{
    ConfigKey{"version", ValueKind::kInteger, "version of this file's format: 1"},
    ConfigKey{"pipeline", ValueKind::kText, "name of the pipeline"},
    ConfigKey{"source.postgres.dsn", ValueKind::kText,
              "libpq connection string or URI; PG* variables fill what it leaves out"},
    ConfigKey{"source.postgres.host", ValueKind::kText, "server's host or socket folder"},
    ConfigKey{"source.postgres.port", ValueKind::kInteger, "server's port"},
    ConfigKey{"source.postgres.database", ValueKind::kText, "database"},
    ConfigKey{"source.postgres.user", ValueKind::kText, "login"},
    ConfigKey{"source.postgres.password", ValueKind::kText, "its password"},
    ConfigKey{"source.postgres.service", ValueKind::kText,
              "entry of libpq's service file"},
    ConfigKey{"source.postgres.secret", ValueKind::kText,
              "vault://mount/path with host, port, database, user and password"},
    ConfigKey{"source.audit_log.table", ValueKind::kText,
              "the audit table; default public.audit_log_dml"},
    ConfigKey{"landing.uri", ValueKind::kText,
              "folder of the landing files, or s3://bucket/prefix"},
    ConfigKey{"landing.prefix", ValueKind::kText, "what every file's key starts with"},
    ConfigKey{"landing.endpoint", ValueKind::kText,
              "S3's address: http://127.0.0.1:9000; default AWS's own"},
    ConfigKey{"landing.region", ValueKind::kText, "S3's region; default us-east-1"},
    ConfigKey{"landing.access_key", ValueKind::kText,
              "S3's access key; default AWS's own chain"},
    ConfigKey{"landing.secret_key", ValueKind::kText, "its secret key"},
    ConfigKey{"landing.session_token", ValueKind::kText,
              "its session token, where it is temporary"},
    ConfigKey{"landing.path_style", ValueKind::kText,
              "true: the bucket in the path, default with an endpoint; false"},
    ConfigKey{"landing.ca_file", ValueKind::kText,
              "PEM file of the CA that signed S3's certificate"},
    ConfigKey{"landing.secret", ValueKind::kText,
              "vault://mount/path with endpoint, access_key, secret_key, bucket, region"},
    ConfigKey{"catalog.type", ValueKind::kText, "sql"},
    ConfigKey{"catalog.uri", ValueKind::kText,
              "sqlite:///file.db or postgresql://user@host/database"},
    ConfigKey{"catalog.user", ValueKind::kText, "PostgreSQL login, if not in the uri"},
    ConfigKey{"catalog.password", ValueKind::kText, "its password"},
    ConfigKey{"catalog.name", ValueKind::kText, "the catalog's name; default lake"},
    ConfigKey{"catalog.warehouse", ValueKind::kText,
              "folder of the tables, or s3://bucket/prefix"},
    ConfigKey{"catalog.s3.endpoint", ValueKind::kText,
              "S3's address for the tables; these default to landing's"},
    ConfigKey{"catalog.s3.region", ValueKind::kText, "S3's region"},
    ConfigKey{"catalog.s3.access_key", ValueKind::kText, "S3's access key"},
    ConfigKey{"catalog.s3.secret_key", ValueKind::kText, "its secret key"},
    ConfigKey{"catalog.s3.session_token", ValueKind::kText, "its session token"},
    ConfigKey{"catalog.s3.path_style", ValueKind::kText, "true or false"},
    ConfigKey{"catalog.s3.ca_file", ValueKind::kText, "PEM file of the CA"},
    ConfigKey{"catalog.s3.secret", ValueKind::kText,
              "vault://mount/path of the warehouse's S3; default: landing's"},
    ConfigKey{"catalog.secret", ValueKind::kText,
              "vault://mount/path with type, uri, name, warehouse, user and password"},
    ConfigKey{"trino.host", ValueKind::kText, "Trino's host, for engine trino"},
    ConfigKey{"trino.port", ValueKind::kInteger,
              "its port; default 8080, with https 443"},
    ConfigKey{"trino.scheme", ValueKind::kText, "http (default) or https"},
    ConfigKey{"trino.user", ValueKind::kText, "login; default calve"},
    ConfigKey{"trino.password", ValueKind::kText, "its password; needs https"},
    ConfigKey{"trino.catalog", ValueKind::kText,
              "Trino's name for the catalog; default iceberg"},
    ConfigKey{"trino.secret", ValueKind::kText,
              "vault://mount/path with host, port, user, password, catalog and scheme"},
    ConfigKey{"dbt.command", ValueKind::kText,
              "the program dbt; default CALVE_DBT, else dbt in PATH"},
    ConfigKey{"dbt.target", ValueKind::kText,
              "target of profiles.yml; default: the one that it names"},
    ConfigKey{"dbt.profiles", ValueKind::kText,
              "folder of profiles.yml; default: the dbt project's, if it is there"},
    ConfigKey{"vault.address", ValueKind::kText, "the vault's URL; else VAULT_ADDR"},
    ConfigKey{"vault.namespace", ValueKind::kText, "namespace; else VAULT_NAMESPACE"},
    ConfigKey{"vault.ca_file", ValueKind::kText,
              "PEM file of the CA to trust; else VAULT_CACERT"},
    ConfigKey{"vault.token", ValueKind::kText, "token; else VAULT_TOKEN"},
    ConfigKey{"vault.token_file", ValueKind::kText,
              "file with a token; else VAULT_TOKEN_FILE, then ~/.vault-token"},
    ConfigKey{"vault.role_id", ValueKind::kText, "AppRole; else VAULT_ROLE_ID"},
    ConfigKey{"vault.secret_id", ValueKind::kText, "AppRole; else VAULT_SECRET_ID"},
    ConfigKey{"vault.wrapped_secret_id", ValueKind::kText,
              "token that wraps a secret_id; else VAULT_WRAPPED_SECRET_ID"},
    ConfigKey{"vault.approle_mount", ValueKind::kText,
              "where AppRole is mounted; default approle"},
    ConfigKey{"vault.kv_version", ValueKind::kInteger, "1 or 2; default: asked for"},
    ConfigKey{"vault.timeout", ValueKind::kDuration,
              "how long a sealed or silent vault is waited for; default 15s"},
    ConfigKey{"vault.allow_http", ValueKind::kText,
              "on: plain http also to other machines; default off"},
    ConfigKey{"models", ValueKind::kText, "folder of the dbt project"},
    ConfigKey{"engine", ValueKind::kText,
              "what computes the models: native (default), or trino: dbt on Trino"},
    ConfigKey{"schedule.every", ValueKind::kDuration, "pause of `run --follow`: 30s"},
    ConfigKey{"limits.rows_per_file", ValueKind::kInteger, "rows of a landing file"},
    ConfigKey{"limits.bytes_per_file", ValueKind::kBytes, "bytes of a landing file"},
    ConfigKey{"limits.batch_bytes", ValueKind::kBytes, "events held at once"},
    ConfigKey{"limits.max_event_bytes", ValueKind::kBytes,
              "a larger event is quarantined"},
    ConfigKey{"maintenance.automatic", ValueKind::kText,
              "on: runs compact, and `run --follow` expires (default); off"},
    ConfigKey{"maintenance.target_file_bytes", ValueKind::kBytes,
              "size of compacted data files; default 128MiB"},
    ConfigKey{"maintenance.files_per_merge", ValueKind::kInteger,
              "small files of a size that are merged at once; default 8"},
    ConfigKey{"maintenance.max_snapshots", ValueKind::kInteger,
              "snapshots kept per table; default 200"},
    ConfigKey{"maintenance.max_snapshot_age", ValueKind::kDuration,
              "age beyond which snapshots expire; default 5d"},
};

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above + 1, row[j - 1] + 1, change});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string_view LastPart(std::string_view path) {
  return path.substr(path.rfind('.') + 1);
}

/// Small for a typo anywhere in the path, and for a good name in the wrong section.
size_t Unlikeness(std::string_view written, std::string_view candidate) {
  return std::min(EditDistance(written, candidate),
                  EditDistance(LastPart(written), LastPart(candidate)) + 2);
}

std::vector<std::string_view> KeysAndSections() {
  std::vector<std::string_view> paths;
  for (const ConfigKey& key : kKeys) {
    paths.push_back(key.path);
    for (size_t dot = key.path.find('.'); dot != std::string_view::npos;
         dot = key.path.find('.', dot + 1)) {
      paths.push_back(key.path.substr(0, dot));
    }
  }
  return paths;
}

constexpr std::string_view kVariablePrefix = "CALVE_";

}  // namespace

std::span<const ConfigKey> ConfigKeys() {
  return kKeys;
}

const ConfigKey* FindKey(std::string_view path) {
  const auto* found = std::find_if(
      kKeys.begin(), kKeys.end(), [&](const ConfigKey& key) { return key.path == path; });
  return found == kKeys.end() ? nullptr : found;
}

bool IsSection(std::string_view path) {
  const std::string below = std::string(path) + ".";
  return std::any_of(kKeys.begin(), kKeys.end(),
                     [&](const ConfigKey& key) { return key.path.starts_with(below); });
}

bool IsSecretKey(std::string_view path) {
  constexpr std::array<std::string_view, 9> kNames{
      "dsn",        "password",   "token",         "role_id",          "secret_id",
      "access_key", "secret_key", "session_token", "wrapped_secret_id"};
  return std::find(kNames.begin(), kNames.end(), LastPart(path)) != kNames.end();
}

std::string NamesBelow(std::string_view section) {
  const std::string below = std::string(section) + ".";
  std::string names;
  std::string_view last;
  for (const ConfigKey& key : kKeys) {
    if (!key.path.starts_with(below)) {
      continue;
    }
    std::string_view name = key.path.substr(below.size());
    name = name.substr(0, name.find('.'));
    if (name != last) {
      names += (names.empty() ? "" : ", ") + std::string(name);
      last = name;
    }
  }
  return names;
}

std::string NearestKey(std::string_view path) {
  const std::vector<std::string_view> candidates = KeysAndSections();
  return std::string(*std::min_element(candidates.begin(), candidates.end(),
                                       [&](std::string_view a, std::string_view b) {
                                         return Unlikeness(path, a) < Unlikeness(path, b);
                                       }));
}

std::string VariableOf(std::string_view path) {
  std::string name(kVariablePrefix);
  for (const char c : path) {
    if (c == '.') {
      name += "__";
    } else {
      name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  return name;
}

std::string PathOfVariable(std::string_view variable) {
  std::string path;
  std::string_view rest = variable.substr(kVariablePrefix.size());
  while (!rest.empty()) {
    if (rest.starts_with("__")) {
      path += '.';
      rest.remove_prefix(2);
    } else {
      path += static_cast<char>(std::tolower(static_cast<unsigned char>(rest.front())));
      rest.remove_prefix(1);
    }
  }
  return path;
}

}  // namespace calve::app
