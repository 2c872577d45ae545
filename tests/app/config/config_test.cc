#include "app/config/config.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/config/config_keys.h"

namespace calve::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Result<Config> Read(const std::string& yaml, Environment environment = {},
                    std::vector<std::string> assignments = {}) {
  return ReadConfig({.file = "conf/calve.yaml",
                     .text = yaml,
                     .assignments = std::move(assignments),
                     .environment = std::move(environment)},
                    "/srv/conf", "/home/me");
}

/// The error that reading gives, as `kind: message`, or "none".
std::string ErrorOf(const Result<Config>& config) {
  if (config) {
    return "none";
  }
  const bool unsupported = config.error().kind == ErrorKind::kUnsupported;
  return (unsupported ? "unsupported: " : "") + config.error().message;
}

constexpr const char* kWhole = R"(version: 1
pipeline: ecommerce
source:
  postgres: {dsn: "postgresql://ecom:s3cret@db:5432/shop"}
  audit_log: {table: audit.log}
landing:
  uri: lake
  prefix: /raw/ecommerce/
catalog:
  type: sql
  uri: sqlite:///catalog.db
  name: glacier
  warehouse: lake/warehouse/
models: dbt_dwh
engine: native
schedule: {every: 30s}
limits: {rows_per_file: 250_000, bytes_per_file: 64MiB, batch_bytes: 8MB, max_event_bytes: 1024}
maintenance: {automatic: off, target_file_bytes: 1GiB, files_per_merge: 4, max_snapshots: 9, max_snapshot_age: 2h}
)";

TEST(ConfigTest, EveryKeyArrivesAndPathsAreThoseOfTheFile) {
  const auto config = Read(kWhole);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->pipeline, "ecommerce");
  EXPECT_EQ(config->source_dsn->Reveal(), "postgresql://ecom:s3cret@db:5432/shop");
  EXPECT_EQ(config->audit_table, "audit.log");
  EXPECT_EQ(config->landing_root, "file:///srv/conf/lake");
  EXPECT_EQ(config->landing_prefix, "raw/ecommerce");
  EXPECT_EQ(config->catalog->database_path, "/srv/conf/catalog.db");
  EXPECT_EQ(config->catalog->name, "glacier");
  EXPECT_EQ(config->catalog->warehouse, "file:///srv/conf/lake/warehouse");
  EXPECT_EQ(config->models, "/srv/conf/dbt_dwh");
  EXPECT_EQ(config->every, std::chrono::seconds(30));
  EXPECT_EQ(config->limits.rows_per_file, 250'000);
  EXPECT_EQ(config->limits.bytes_per_file, 64LL * 1024 * 1024);
  EXPECT_EQ(config->limits.batch_bytes, 8'000'000);
  EXPECT_EQ(config->limits.max_event_bytes, 1024);
  const flow::MaintenancePolicy& maintenance = config->maintenance;
  EXPECT_FALSE(maintenance.automatic);
  EXPECT_EQ(maintenance.compaction.target_file_bytes, 1024LL * 1024 * 1024);
  EXPECT_EQ(maintenance.compaction.files_per_merge, 4);
  EXPECT_EQ(maintenance.expiry.max_snapshots, 9);
  EXPECT_EQ(maintenance.expiry.max_snapshot_age_ms, 2LL * 60 * 60 * 1000);
}

TEST(ConfigTest, MaintenanceThatCannotWorkIsRefused) {
  for (const char* text : {"automatic: perhaps", "files_per_merge: 1", "max_snapshots: 0",
                           "target_file_bytes: 0", "max_snapshot_age: old"}) {
    const auto config = Read(std::string("maintenance: {") + text + "}\n");
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().kind, ErrorKind::kInvalidArgument) << text;
  }
}

TEST(ConfigTest, FlagBeatsEnvironmentBeatsFile) {
  const Environment environment{{"CALVE_PIPELINE", "env"},
                                {"CALVE_LIMITS__ROWS_PER_FILE", "2"}};
  const auto config = Read("pipeline: file\nlimits: {rows_per_file: 1, batch_bytes: 5}\n",
                           environment, {"pipeline=first", "pipeline=flag"});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->pipeline, "flag");
  EXPECT_EQ(config->limits.rows_per_file, 2);
  EXPECT_EQ(config->limits.batch_bytes, 5);
}

TEST(ConfigTest, PathsOfEnvironmentAndFlagsAreThoseOfTheWorkingFolder) {
  const auto config =
      Read("", {{"CALVE_LANDING__URI", "lake"}},
           {"catalog.uri=sqlite:///../c.db", "catalog.warehouse=file:///w/"});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->landing_root, "file:///home/me/lake");
  EXPECT_EQ(config->catalog->database_path, "/home/c.db");
  EXPECT_EQ(config->catalog->warehouse, "file:///w");
}

TEST(ConfigTest, FourSlashesNameAnAbsoluteDatabase) {
  const auto config = Read("catalog: {uri: 'sqlite:////var/c.db', warehouse: /w}\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->catalog->database_path, "/var/c.db");
  EXPECT_EQ(config->catalog->name, "lake");
}

TEST(ConfigTest, PartsOfTheSourceMakeAConnectionString) {
  const auto config = Read(
      "source: {postgres: {host: /run/pg, port: 5433, database: shop, user: o'neil, "
      "password: 'a\\b c'}}\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(
      config->source_dsn->Reveal(),
      R"(dbname='shop' host='/run/pg' password='a\\b c' port='5433' user='o\'neil')");
  EXPECT_THAT(config->PasswordsToMask(), ElementsAre("a\\b c"));
}

TEST(ConfigTest, DsnOfAStrongerLayerReplacesTheFilesParts) {
  const auto config = Read("source: {postgres: {host: db}}\n",
                           {{"CALVE_SOURCE__POSTGRES__DSN", "service=shop"}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->source_dsn->Reveal(), "service=shop");
  EXPECT_EQ(ErrorOf(Read("source:\n  postgres:\n    dsn: service=x\n    host: db\n")),
            "conf/calve.yaml:3: source.postgres.dsn stands beside source.postgres.host; "
            "give one or the other");
}

TEST(ConfigTest, VariablesOfLibpqAreASourceToo) {
  EXPECT_TRUE(Read("", {{"PGSERVICE", "shop"}})->source_dsn.has_value());
  EXPECT_FALSE(Read("")->source_dsn.has_value());
}

TEST(ConfigTest, UnknownKeyNamesFileLineAndTheNearestKey) {
  EXPECT_EQ(ErrorOf(Read("source:\n  postgres:\n    dns: x\n")),
            "conf/calve.yaml:3: unknown key source.postgres.dns; did you mean "
            "source.postgres.dsn?");
  EXPECT_EQ(ErrorOf(Read("\nlandin: {uri: x}\n")),
            "conf/calve.yaml:2: unknown key landin; did you mean landing?");
  EXPECT_EQ(ErrorOf(Read("warehouse: x\n")),
            "conf/calve.yaml:1: unknown key warehouse; did you mean catalog.warehouse?");
  EXPECT_EQ(ErrorOf(Read("", {}, {"limits.row_per_file=1"})),
            "--set: unknown key limits.row_per_file; did you mean limits.rows_per_file?");
  EXPECT_EQ(ErrorOf(Read("", {{"CALVE_CATALOG__URL", "x"}})),
            "environment variable CALVE_CATALOG__URL names no key; did you mean "
            "CALVE_CATALOG__URI?");
}

TEST(ConfigTest, VariablesThatNameNoSectionAreLeftAlone) {
  EXPECT_EQ(ErrorOf(Read("", {{"CALVE_HOME", "/x"}, {"CALVE_LANDING__URI", ""}})),
            "none");
}

TEST(ConfigTest, WrongTypeNamesFileLineAndKey) {
  EXPECT_EQ(ErrorOf(Read("limits:\n  rows_per_file: many\n")),
            "conf/calve.yaml:2: limits.rows_per_file must be a whole number, but is "
            "\"many\"");
  EXPECT_EQ(ErrorOf(Read("limits: {batch_bytes: 5 parsecs}\n")),
            "conf/calve.yaml:1: limits.batch_bytes must be a size such as 64MiB, but is "
            "\"5 parsecs\"");
  EXPECT_EQ(ErrorOf(Read("schedule: {every: soon}\n")),
            "conf/calve.yaml:1: schedule.every must be a span of time such as 30s or 5m, "
            "but is \"soon\"");
  EXPECT_EQ(ErrorOf(Read("limits: {rows_per_file: 0}\n")),
            "conf/calve.yaml:1: limits.rows_per_file must be more than 0");
  EXPECT_EQ(ErrorOf(Read("pipeline: [a, b]\n")),
            "conf/calve.yaml:1: pipeline must be a single value, but is a list");
  EXPECT_EQ(
      ErrorOf(Read("pipeline:\n")),
      "conf/calve.yaml:1: pipeline has no value; give it one, or take the line out");
  EXPECT_EQ(
      ErrorOf(Read("landing: lake\n")),
      "conf/calve.yaml:1: landing must be a mapping with the keys uri, prefix, "
      "endpoint, region, access_key, secret_key, session_token, path_style, ca_file, "
      "secret");
  EXPECT_EQ(ErrorOf(Read("pipeline: a\npipeline: b\n")),
            "conf/calve.yaml:2: pipeline is given a second time; keep one of them");
  EXPECT_EQ(ErrorOf(Read("- a\n")),
            "conf/calve.yaml:1: the file must be a mapping of keys such as landing");
  EXPECT_THAT(ErrorOf(Read("a: [\nb: {\n")), HasSubstr("no valid YAML"));
}

TEST(ConfigTest, UnsetVariableNamesFileLineAndKey) {
  EXPECT_EQ(
      ErrorOf(Read("landing:\n  uri: ${LAKE}/raw\n")),
      "conf/calve.yaml:2: landing.uri uses the variable LAKE, which is not set; set "
      "it, or write ${LAKE:-default}");
}

TEST(ConfigTest, TrinoAndDbtHaveDefaultsAndTheirOwnErrors) {
  const auto plain = Read("engine: trino\ntrino: {host: trino}\n");
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->engine, Engine::kTrino);
  EXPECT_EQ(plain->trino->url(), "http://trino:8080");
  EXPECT_EQ(plain->trino->user, "calve");
  EXPECT_EQ(plain->trino->catalog, "iceberg");
  EXPECT_EQ(plain->dbt.command, "dbt");
  const auto whole = Read(
      "trino: {host: '::1', scheme: https, user: ann, password: pw, catalog: lake}\n"
      "dbt: {command: bin/dbt, target: prod, profiles: etc}\n");
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->trino->url(), "https://[::1]:443");
  EXPECT_THAT(whole->PasswordsToMask(), ElementsAre("pw"));
  EXPECT_EQ(whole->dbt.command, "/srv/conf/bin/dbt");
  EXPECT_EQ(whole->dbt.profiles, "/srv/conf/etc");
  EXPECT_EQ(Read("", {{"CALVE_DBT", "/opt/dbt"}})->dbt.command, "/opt/dbt");
  EXPECT_FALSE(Read("trino: {user: ann}\n")->trino);
  EXPECT_EQ(ErrorOf(Read("engine: spark\n")),
            "conf/calve.yaml:1: engine must be native or trino, but is \"spark\"");
  EXPECT_EQ(ErrorOf(Read("trino: {host: t, port: 70000}\n")),
            "conf/calve.yaml:1: trino.port must be from 1 to 65535, but is 70000");
  EXPECT_EQ(ErrorOf(Read("trino: {host: t, scheme: ftp}\n")),
            "conf/calve.yaml:1: trino.scheme must be http or https, but is \"ftp\"");
  EXPECT_EQ(ErrorOf(Read("trino: {host: t, password: pw}\n")),
            "conf/calve.yaml:1: trino.password would go over plain http, which Trino "
            "refuses: set trino.scheme to https");
}

TEST(ConfigTest, WhatALaterVersionCanIsSaidSo) {
  EXPECT_EQ(ErrorOf(Read("landing: {uri: 'gs://lake/raw'}\n")),
            "unsupported: conf/calve.yaml:1: landing.uri is on gs://, which Calve does "
            "not know; use s3:// or a local folder");
  EXPECT_EQ(ErrorOf(Read("catalog: {type: rest}\n")),
            "unsupported: conf/calve.yaml:1: catalog.type rest comes in a later version; "
            "use sql");
  EXPECT_EQ(
      ErrorOf(Read("version: 2\n")),
      "unsupported: conf/calve.yaml:1: version must be 1, the only one there is, but "
      "is 2");
}

TEST(ConfigTest, UnknownChoicesAreWrongUse) {
  EXPECT_EQ(
      ErrorOf(Read("catalog: {uri: 'sqlite://', warehouse: /w}\n")),
      "conf/calve.yaml:1: catalog.uri must name a file, such as sqlite:///catalog.db "
      "(relative) or sqlite:////srv/catalog.db, or a database: "
      "postgresql://user@host/database");
  EXPECT_EQ(ErrorOf(Read("catalog: {uri: 'jdbc:postgresql://h/d', warehouse: /w}\n")),
            "conf/calve.yaml:1: catalog.uri is a URL of Java's; write "
            "postgresql://user@host:5432/database");
  EXPECT_EQ(
      ErrorOf(
          Read("catalog: {uri: 'sqlite:///c.db', warehouse: /w, password: hunter2}\n")),
      "conf/calve.yaml:1: catalog.password is for a catalog.uri of postgresql://, not "
      "for a file");
  EXPECT_EQ(
      ErrorOf(Read("catalog: {uri: 'sqlite:///:memory:', warehouse: /w}\n")),
      "conf/calve.yaml:1: catalog.uri must name a file, such as sqlite:///catalog.db");
  EXPECT_EQ(ErrorOf(Read("catalog: {warehouse: /w}\n")),
            "conf/calve.yaml:1: catalog.warehouse stands without catalog.uri; set it, to "
            "sqlite:///catalog.db perhaps");
}

TEST(ConfigTest, APostgresqlCatalogIsReadInLibpqsAndSqlalchemysSpelling) {
  for (const char* scheme :
       {"postgresql", "postgres", "postgresql+psycopg2", "postgresql+psycopg"}) {
    const auto config =
        Read(std::string("catalog:\n  uri: ") + scheme +
             "://u:hunter2@h:5433/d?sslmode=verify-full&sslrootcert=/ca.pem\n"
             "  warehouse: /w\n  user: loader\n  password: hunter3\n");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->catalog->database_path, "");
    EXPECT_EQ(config->catalog->dsn.Reveal(),
              "postgresql://u:hunter2@h:5433/d?sslmode=verify-full&sslrootcert=/ca.pem");
    EXPECT_EQ(config->catalog->user, "loader");
    EXPECT_EQ(config->catalog->password.Reveal(), "hunter3");
    EXPECT_THAT(config->PasswordsToMask(), ::testing::ElementsAre("hunter2", "hunter3"));
  }
}

TEST(ConfigTest, PasswordNeverStandsInAnError) {
  const std::string dsn = "postgresql://ecom:hunter2@db/shop";
  EXPECT_THAT(ErrorOf(Read("source: {postgres: {dsn: '" + dsn + "', port: x}}\n")),
              Not(HasSubstr("hunter2")));
  EXPECT_THAT(ErrorOf(Read("source: {postgres: '" + dsn + "'}\n")),
              Not(HasSubstr("hunter2")));
  EXPECT_THAT(ErrorOf(Read("catalog: {uri: '" + dsn + "'}\n")),
              Not(HasSubstr("hunter2")));
  EXPECT_THAT(ErrorOf(Read("catalog: {uri: 'jdbc:" + dsn + "', warehouse: /w}\n")),
              Not(HasSubstr("hunter2")));
}

TEST(ConfigTest, WithoutAStoreSecretsAreRefused) {
  EXPECT_EQ(ErrorOf(Read("source: {postgres: {secret: 'vault://secret/x'}}\n")),
            "conf/calve.yaml:1: source.postgres.secret may hold no secret");
  EXPECT_EQ(ErrorOf(Read("pipeline: vault://secret/x#name\n")),
            "conf/calve.yaml:1: pipeline may hold no secret");
}

TEST(ConfigKeysTest, VariablesAndPathsAreEachOthersInverse) {
  for (const ConfigKey& key : ConfigKeys()) {
    EXPECT_EQ(PathOfVariable(VariableOf(key.path)), key.path);
  }
  EXPECT_EQ(VariableOf("source.postgres.dsn"), "CALVE_SOURCE__POSTGRES__DSN");
}

}  // namespace
}  // namespace calve::app
