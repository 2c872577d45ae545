#pragma once

/// \file app/config/config.h
/// The configuration of a pipeline, typed and checked; paths absolute. What a command
/// needs beyond the defaults is asked for by app/pipeline_builder.h.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config/s3_config.h"
#include "app/config/secret_settings.h"
#include "app/config/settings.h"
#include "core/result.h"
#include "flow/pipeline.h"
#include "query/trino_endpoint.h"
#include "secrets/secret.h"

namespace calve::app {

/// The SQL catalog in an SQLite file or a PostgreSQL database.
struct CatalogConfig {
  std::string database_path;  // absolute; of SQLite's file; empty: PostgreSQL
  secrets::Secret dsn;        // of the database, as libpq takes it
  std::string user;           // PostgreSQL's login; empty: as the DSN says
  secrets::Secret password;   // likewise
  std::string name = "lake";
  std::string warehouse;  // location, no trailing slash
};

/// What computes the models.
enum class Engine { kNative, kTrino };

/// `native`, `trino`; nullopt for another word.
std::optional<Engine> ParseEngine(std::string_view name);

/// How dbt is started.
struct DbtConfig {
  std::string command = "dbt";
  std::string target;    // empty: as the profile says
  std::string profiles;  // absolute folder of profiles.yml; empty: where dbt looks
};

struct Config {
  std::string file;  // as given; empty: there is none
  std::string pipeline = "calve";
  /// Where the source is; nullopt if the configuration does not say and no variable of
  /// libpq does. May be empty: libpq's variables say it all.
  std::optional<secrets::Secret> source_dsn;
  std::string audit_table = "public.audit_log_dml";
  std::string landing_root;  // location, no trailing slash, s3://bucket; empty: not set
  std::string landing_prefix;
  S3Config landing_s3;  // keys and AWS_* variables
  S3Config catalog_s3;  // likewise; what it does not say, landing_s3 does
  std::optional<CatalogConfig> catalog;
  std::string models;  // folder of the dbt project; empty: not set
  Engine engine = Engine::kNative;
  std::optional<query::TrinoEndpoint> trino;
  DbtConfig dbt;
  std::optional<std::chrono::milliseconds> every;
  flow::Limits limits;
  flow::MaintenancePolicy maintenance;
  /// Values that are secrets themselves, beside the source's connection string.
  std::vector<secrets::Secret> secrets;

  /// What must be masked in every message.
  std::vector<std::string> PasswordsToMask() const;

  /// Sets landing_root and landing_prefix. Keys are relative to a bucket on S3, and to
  /// the folder itself on a local disk. \param location  of LocationOf; empty: none
  void SetLanding(const std::string& location);
};

/// What ReadConfig may do about secrets.
struct SecretSource {
  secrets::SecretStore* store = nullptr;  // null: the configuration may name none
  SecretNeeds needs = {};
};

/// Reads the layers into a configuration.
///
/// \param layers  where the values stand
/// \param base_folder  absolute; relative paths of the *file* are relative to the file's
///     folder, which this is; those of flags and environment are relative to
///     `working_folder`
/// \param secrets  where secrets come from, and which are needed
/// \return the configuration; the errors of GatherSettings and ResolveSettings;
///         kInvalidArgument for a value of the wrong type; kUnsupported for what a later
///         version can do (REST catalogs)
Result<Config> ReadConfig(const ConfigLayers& layers, const std::string& base_folder,
                          const std::string& working_folder,
                          const SecretSource& secrets = {});

}  // namespace calve::app
