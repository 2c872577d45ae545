#include "app/config/config.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "app/config/config_keys.h"
#include "app/config/config_values.h"
#include "app/config/dsn.h"
#include "app/config/location.h"
#include "io/s3/s3_store.h"

namespace calve::app {
namespace {

constexpr std::string_view kSqliteScheme = "sqlite:///";

/// Turns settings into a Config, one section after the other.
class Reader {
 public:
  Reader(const Settings& settings, const ConfigLayers& layers, std::string base_folder,
         std::string working_folder)
      : settings_(settings),
        layers_(layers),
        base_folder_(std::move(base_folder)),
        working_folder_(std::move(working_folder)) {}

  Result<Config> Read() {
    config_.file = layers_.file;
    CALVE_TRY(ReadHead());
    CALVE_TRY(ReadSource());
    CALVE_TRY(ReadLanding());
    CALVE_TRY(ReadCatalog());
    CALVE_TRY(ReadTrino());
    ReadDbt();
    CALVE_TRY(ReadLimits());
    CALVE_TRY(ReadMaintenance());
    GatherSecrets();
    return std::move(config_);
  }

 private:
  const Setting* Find(std::string_view path) const {
    const auto found = settings_.find(path);
    return found == settings_.end() ? nullptr : &found->second;
  }

  Error Wrong(ErrorKind kind, std::string_view path, std::string_view what) const {
    return {kind, fmt::format("{}: {} {}", Find(path)->origin, path, what)};
  }

  /// Sets `into` if the key is given.
  void ReadText(std::string_view path, std::string& into) const {
    if (const Setting* setting = Find(path)) {
      into = setting->value;
    }
  }

  template <typename T, typename Parse>
  Status ReadParsed(std::string_view path, Parse parse, T& into) const {
    if (const Setting* setting = Find(path)) {
      auto value = parse(setting->value);
      if (!value) {
        return Wrong(value.error().kind, path, value.error().message);
      }
      into = *value;
    }
    return {};
  }

  /// The folder that a setting's relative path starts from.
  const std::string& FolderOf(const Setting& setting) const {
    return setting.layer <= Layer::kFile ? base_folder_ : working_folder_;
  }

  /// Sets `into` to the location if the key is given.
  Status ReadLocation(std::string_view path, std::string& into) const {
    if (const Setting* setting = Find(path)) {
      auto location = LocationOf(setting->value, FolderOf(*setting));
      if (!location) {
        return Wrong(location.error().kind, path, location.error().message);
      }
      into = *location;
    }
    return {};
  }

  /// Refuses every value but the one that this version knows.
  Status ReadOnly(std::string_view path, std::string_view value,
                  std::string_view later) const {
    const Setting* setting = Find(path);
    if (setting == nullptr || setting->value == value) {
      return {};
    }
    if (later.find(setting->value) != later.npos && !setting->value.empty()) {
      return Wrong(
          ErrorKind::kUnsupported, path,
          fmt::format("{} comes in a later version; use {}", setting->value, value));
    }
    return Wrong(ErrorKind::kInvalidArgument, path,
                 fmt::format("must be {}, but is \"{}\"", value, setting->value));
  }

  Status ReadHead() {
    int64_t version = 1;
    CALVE_TRY(ReadParsed("version", ParseInteger, version));
    if (version != 1) {
      return Wrong(ErrorKind::kUnsupported, "version",
                   fmt::format("must be 1, the only one there is, but is {}", version));
    }
    ReadText("pipeline", config_.pipeline);
    CALVE_TRY(ReadEngine());
    if (const Setting* models = Find("models")) {
      config_.models = AbsolutePath(models->value, FolderOf(*models));
    }
    if (Find("schedule.every") != nullptr) {
      std::chrono::milliseconds every{};
      CALVE_TRY(ReadParsed("schedule.every", ParseDuration, every));
      config_.every = every;
    }
    return {};
  }

  Status ReadSource() {
    ReadText("source.audit_log.table", config_.audit_table);
    const Setting* dsn = Find("source.postgres.dsn");
    std::map<std::string, std::string> parts;
    Layer strongest_part = Layer::kFileRecord;
    std::string part_path;
    CALVE_TRY(GatherParts(parts, strongest_part, part_path));
    const bool record_wins = dsn != nullptr && IsRecord(strongest_part) &&
                             dsn->layer < strongest_part && !parts.empty();
    if (record_wins) {
      config_.source_dsn = secrets::Secret(BuildDsn(parts));
      return {};
    }
    if (dsn != nullptr && !parts.empty() && dsn->layer <= strongest_part) {
      return Wrong(ErrorKind::kInvalidArgument, "source.postgres.dsn",
                   fmt::format("stands beside {}; give one or the other", part_path));
    }
    if (dsn != nullptr) {
      config_.source_dsn = secrets::Secret(dsn->value);
    } else if (!parts.empty()) {
      config_.source_dsn = secrets::Secret(BuildDsn(parts));
    } else if (EnvironmentNamesSource()) {
      config_.source_dsn = secrets::Secret();
    }
    return {};
  }

  /// Whether a layer is that of a record, which is complete in itself.
  static bool IsRecord(Layer layer) {
    return layer == Layer::kFileRecord || layer == Layer::kEnvironmentRecord ||
           layer == Layer::kFlagRecord;
  }

  Status GatherParts(std::map<std::string, std::string>& parts, Layer& strongest,
                     std::string& path_of_one) const {
    constexpr std::array kParts{
        std::pair{"host", "host"},         std::pair{"port", "port"},
        std::pair{"database", "dbname"},   std::pair{"user", "user"},
        std::pair{"password", "password"}, std::pair{"service", "service"}};
    for (const auto& [name, keyword] : kParts) {
      const std::string path = std::string("source.postgres.") + name;
      if (const Setting* setting = Find(path)) {
        parts[keyword] = setting->value;
        strongest = std::max(strongest, setting->layer);
        path_of_one = path;
      }
    }
    int64_t port = 0;
    CALVE_TRY(ReadParsed("source.postgres.port", ParseInteger, port));
    if (port > std::numeric_limits<uint16_t>::max()) {
      return Wrong(ErrorKind::kInvalidArgument, "source.postgres.port",
                   fmt::format("must be at most 65535, but is {}", port));
    }
    return {};
  }

  /// Whether libpq's own variables say where the source is.
  bool EnvironmentNamesSource() const {
    constexpr std::array kVariables{"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE",
                                    "PGDATABASE"};
    for (const char* name : kVariables) {
      if (!Lookup(layers_.environment, name).empty()) {
        return true;
      }
    }
    return false;
  }

  Status ReadLanding() {
    std::string location;
    CALVE_TRY(ReadLocation("landing.uri", location));
    config_.SetLanding(location);
    if (const Setting* prefix = Find("landing.prefix")) {
      std::string& whole = config_.landing_prefix;
      const std::string rest = TrimSlashes(prefix->value);
      whole += whole.empty() || rest.empty() ? rest : "/" + rest;
    }
    return ReadStorage();
  }

  Status ReadStorage() {
    CALVE_ASSIGN(const S3Config variables, ReadS3Variables(layers_.environment));
    CALVE_ASSIGN(config_.landing_s3, ReadS3Keys(settings_, "landing."));
    CALVE_ASSIGN(config_.catalog_s3, ReadS3Keys(settings_, "catalog.s3."));
    for (auto& [path, s3] : {std::pair{"landing.ca_file", &config_.landing_s3},
                             std::pair{"catalog.s3.ca_file", &config_.catalog_s3}}) {
      if (const Setting* file = Find(path)) {
        s3->ca_file = AbsolutePath(file->value, FolderOf(*file));
      }
    }
    config_.catalog_s3.FillFrom(config_.landing_s3);
    config_.landing_s3.FillFrom(variables);
    config_.catalog_s3.FillFrom(variables);
    return {};
  }

  Status ReadCatalog() {
    CALVE_TRY(ReadOnly("catalog.type", "sql", "rest"));
    const Setting* uri = Find("catalog.uri");
    const Setting* warehouse = Find("catalog.warehouse");
    if (uri == nullptr && warehouse == nullptr) {
      return {};
    }
    if (uri == nullptr) {
      return Wrong(ErrorKind::kInvalidArgument, "catalog.warehouse",
                   "stands without catalog.uri; set it, to sqlite:///catalog.db perhaps");
    }
    if (warehouse == nullptr) {
      return Wrong(ErrorKind::kInvalidArgument, "catalog.uri",
                   "stands without catalog.warehouse; set it to a folder for the tables");
    }
    CatalogConfig catalog;
    ReadText("catalog.name", catalog.name);
    CALVE_TRY(ReadCatalogUri(*uri, catalog));
    CALVE_TRY(ReadLocation("catalog.warehouse", catalog.warehouse));
    config_.catalog = std::move(catalog);
    return {};
  }

  Status ReadCatalogUri(const Setting& uri, CatalogConfig& catalog) const {
    const std::string scheme = uri.value.substr(0, uri.value.find(':'));
    if (const auto dsn = PostgresUri(uri.value)) {
      catalog.dsn = secrets::Secret(*dsn);
      ReadText("catalog.user", catalog.user);
      if (const Setting* password = Find("catalog.password")) {
        catalog.password = secrets::Secret(password->value);
      }
      return {};
    }
    if (scheme == "jdbc") {
      return Wrong(ErrorKind::kInvalidArgument, "catalog.uri",
                   "is a URL of Java's; write postgresql://user@host:5432/database");
    }
    for (const char* key : {"catalog.user", "catalog.password"}) {
      if (Find(key) != nullptr) {
        return Wrong(ErrorKind::kInvalidArgument, key,
                     "is for a catalog.uri of postgresql://, not for a file");
      }
    }
    return ReadDatabasePath(uri, catalog.database_path);
  }

  /// `sqlite:///relative.db` and `sqlite:////absolute.db`, as SQLAlchemy reads them.
  Status ReadDatabasePath(const Setting& uri, std::string& path) const {
    if (!uri.value.starts_with(kSqliteScheme)) {
      return Wrong(ErrorKind::kInvalidArgument, "catalog.uri",
                   "must name a file, such as sqlite:///catalog.db (relative) or "
                   "sqlite:////srv/catalog.db, or a database: "
                   "postgresql://user@host/database");
    }
    const std::string file = uri.value.substr(kSqliteScheme.size());
    if (file.empty() || file == ":memory:") {
      return Wrong(ErrorKind::kInvalidArgument, "catalog.uri",
                   "must name a file, such as sqlite:///catalog.db");
    }
    path = AbsolutePath(file, FolderOf(uri));
    return {};
  }

  Status ReadEngine() {
    const Setting* engine = Find("engine");
    if (engine == nullptr) {
      return {};
    }
    const auto known = ParseEngine(engine->value);
    if (!known) {
      return Wrong(ErrorKind::kInvalidArgument, "engine",
                   fmt::format("must be native or trino, but is \"{}\"", engine->value));
    }
    config_.engine = *known;
    return {};
  }

  Status ReadTrino() {
    constexpr uint16_t kHttpsPort = 443;
    if (Find("trino.host") == nullptr) {
      return {};
    }
    query::TrinoEndpoint trino;
    ReadText("trino.host", trino.host);
    ReadText("trino.user", trino.user);
    ReadText("trino.catalog", trino.catalog);
    std::string scheme = "http";
    ReadText("trino.scheme", scheme);
    trino.https = scheme == "https";
    if (scheme != "http" && scheme != "https") {
      return Wrong(ErrorKind::kInvalidArgument, "trino.scheme",
                   fmt::format("must be http or https, but is \"{}\"", scheme));
    }
    int64_t port = trino.https ? kHttpsPort : trino.port;
    CALVE_TRY(ReadParsed("trino.port", ParseInteger, port));
    if (port < 1 || port > std::numeric_limits<uint16_t>::max()) {
      return Wrong(ErrorKind::kInvalidArgument, "trino.port",
                   fmt::format("must be from 1 to 65535, but is {}", port));
    }
    trino.port = static_cast<uint16_t>(port);
    if (const Setting* password = Find("trino.password")) {
      if (!trino.https && !password->value.empty()) {
        return Wrong(ErrorKind::kInvalidArgument, "trino.password",
                     "would go over plain http, which Trino refuses: set trino.scheme "
                     "to https");
      }
      trino.password = secrets::Secret(password->value);
    }
    config_.trino = std::move(trino);
    return {};
  }

  void ReadDbt() {
    if (const std::string command = Lookup(layers_.environment, "CALVE_DBT");
        !command.empty()) {
      config_.dbt.command = command;
    }
    ReadText("dbt.command", config_.dbt.command);
    ReadText("dbt.target", config_.dbt.target);
    if (const Setting* profiles = Find("dbt.profiles")) {
      config_.dbt.profiles = AbsolutePath(profiles->value, FolderOf(*profiles));
    }
    // A path is relative as all others are; a bare name is looked up in PATH.
    if (const Setting* command = Find("dbt.command");
        command != nullptr && command->value.find('/') != std::string::npos) {
      config_.dbt.command = AbsolutePath(command->value, FolderOf(*command));
    }
  }

  Status ReadLimits() {
    flow::Limits& limits = config_.limits;
    CALVE_TRY(ReadLimit("limits.rows_per_file", ParseInteger, limits.rows_per_file));
    CALVE_TRY(ReadLimit("limits.bytes_per_file", ParseBytes, limits.bytes_per_file));
    CALVE_TRY(ReadLimit("limits.batch_bytes", ParseBytes, limits.batch_bytes));
    return ReadLimit("limits.max_event_bytes", ParseBytes, limits.max_event_bytes);
  }

  Status ReadMaintenance() {
    flow::MaintenancePolicy& policy = config_.maintenance;
    if (const Setting* automatic = Find("maintenance.automatic")) {
      // YAML readers take `off` for a boolean, people write one or the other.
      const std::string& value = automatic->value;
      policy.automatic = value == "on" || value == "true";
      if (!policy.automatic && value != "off" && value != "false") {
        return Wrong(ErrorKind::kInvalidArgument, "maintenance.automatic",
                     fmt::format("must be on or off, but is \"{}\"", value));
      }
    }
    CALVE_TRY(ReadLimit("maintenance.target_file_bytes", ParseBytes,
                        policy.compaction.target_file_bytes));
    CALVE_TRY(ReadLimit("maintenance.files_per_merge", ParseInteger,
                        policy.compaction.files_per_merge));
    if (policy.compaction.files_per_merge < 2) {
      return Wrong(ErrorKind::kInvalidArgument, "maintenance.files_per_merge",
                   "must be 2 or more");
    }
    CALVE_TRY(ReadLimit("maintenance.max_snapshots", ParseInteger,
                        policy.expiry.max_snapshots));
    std::chrono::milliseconds age(policy.expiry.max_snapshot_age_ms);
    CALVE_TRY(ReadParsed("maintenance.max_snapshot_age", ParseDuration, age));
    policy.expiry.max_snapshot_age_ms = age.count();
    return {};
  }

  /// Connection strings are looked through for passwords, others are secret as a whole.
  void GatherSecrets() {
    for (const auto& [path, setting] : settings_) {
      if (IsSecretKey(path) && !path.ends_with(".dsn")) {
        config_.secrets.emplace_back(setting.value);
      } else if (path.ends_with(".uri")) {
        for (std::string& password : PasswordsIn(setting.value)) {
          config_.secrets.emplace_back(std::move(password));
        }
      }
    }
  }

  template <typename Parse>
  Status ReadLimit(std::string_view path, Parse parse, int64_t& into) const {
    CALVE_TRY(ReadParsed(path, parse, into));
    if (into <= 0) {
      return Wrong(ErrorKind::kInvalidArgument, path, "must be more than 0");
    }
    return {};
  }

  const Settings& settings_;  // Both outlive this.
  const ConfigLayers& layers_;
  std::string base_folder_;
  std::string working_folder_;
  Config config_;
};

}  // namespace

std::optional<Engine> ParseEngine(std::string_view name) {
  if (name == "native") {
    return Engine::kNative;
  }
  return name == "trino" ? std::optional(Engine::kTrino) : std::nullopt;
}

std::vector<std::string> Config::PasswordsToMask() const {
  auto passwords =
      source_dsn ? PasswordsIn(source_dsn->Reveal()) : std::vector<std::string>();
  for (const secrets::Secret& secret : secrets) {
    passwords.push_back(secret.Reveal());
  }
  for (const S3Config* s3 : {&landing_s3, &catalog_s3}) {
    for (const secrets::Secret* secret : {&s3->secret_key, &s3->session_token}) {
      if (!secret->empty()) {
        passwords.push_back(secret->Reveal());
      }
    }
  }
  std::sort(passwords.begin(), passwords.end());
  passwords.erase(std::unique(passwords.begin(), passwords.end()), passwords.end());
  return passwords;
}

void Config::SetLanding(const std::string& location) {
  landing_root = location;
  landing_prefix.clear();
  if (const auto object = io::ParseS3Location(location)) {
    landing_root = io::S3Object{object->bucket, ""}.text();
    landing_prefix = TrimSlashes(object->key);
  }
}

Result<Config> ReadConfig(const ConfigLayers& layers, const std::string& base_folder,
                          const std::string& working_folder,
                          const SecretSource& secrets) {
  CALVE_ASSIGN(Settings settings, GatherSettings(layers));
  CALVE_TRY(ResolveSettings(layers.environment, secrets.needs, secrets.store, settings));
  auto config = Reader(settings, layers, base_folder, working_folder).Read();
  for (auto& [path, setting] : settings) {
    secrets::Wipe(setting.value);
  }
  return config;
}

}  // namespace calve::app
