#include "app/config/secret_settings.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "app/config/config.h"

namespace calve::app {
namespace {

const std::string kRecord =
    R"({"host": "db", "port": 5432, "database": "shop", "user": "ecom", "password": "pw"})";

/// The environment of a test: secrets stand in variables.
Environment With(Environment more) {
  more["DB"] = kRecord;
  more["PW"] = "canary";
  return more;
}

ConfigLayers Layers(const std::string& yaml, const Environment& environment,
                    std::vector<std::string> assignments = {}) {
  return {.file = "calve.yaml",
          .text = yaml,
          .assignments = std::move(assignments),
          .environment = environment};
}

/// The source's connection string, or the error.
std::string Dsn(const std::string& yaml, const Environment& more = {},
                std::vector<std::string> assignments = {}) {
  const Environment environment = With(more);
  secrets::SecretStore store(environment);
  const auto config = ReadConfig(Layers(yaml, environment, std::move(assignments)),
                                 "/base", "/work", {.store = &store});
  if (!config) {
    return config.error().message;
  }
  return config->source_dsn ? config->source_dsn->Reveal() : "none";
}

constexpr const char* kWholeDsn =
    "dbname='shop' host='db' password='pw' port='5432' user='ecom'";

TEST(SecretSettingsTest, ARecordGivesTheKeysOfItsPart) {
  EXPECT_EQ(Dsn("source: {postgres: {secret: env://DB}}\n"), kWholeDsn);
}

TEST(SecretSettingsTest, KeysOfTheSameLayerWinOverTheRecord) {
  EXPECT_EQ(Dsn("source: {postgres: {secret: env://DB, host: other}}\n"),
            "dbname='shop' host='other' password='pw' port='5432' user='ecom'");
  EXPECT_EQ(Dsn("source: {postgres: {secret: env://DB, dsn: service=x}}\n"), "service=x");
}

TEST(SecretSettingsTest, ARecordOfAStrongerLayerWinsOverKeysOfAWeakerOne) {
  const Environment path{{"VAULT_SECRET_PATH_PSQL_SOURCE_DB", "env://DB"}};
  EXPECT_EQ(Dsn("source: {postgres: {host: other}}\n", path), kWholeDsn);
  EXPECT_EQ(Dsn("source: {postgres: {dsn: service=x}}\n", path), kWholeDsn);
  EXPECT_EQ(Dsn("", path, {"source.postgres.dsn=service=y"}), "service=y");
}

TEST(SecretSettingsTest, OneValueMayBeASecretByItself) {
  EXPECT_EQ(Dsn("source: {postgres: {host: h, password: env://PW}}\n"),
            "host='h' password='canary'");
  EXPECT_EQ(Dsn("source: {postgres: {dsn: 'postgresql://u:${env://PW}@h/d'}}\n"),
            "postgresql://u:canary@h/d");
  EXPECT_EQ(Dsn("", {{"CALVE_SOURCE__POSTGRES__DSN", "env://PW"}}), "canary");
  // A value that a variable brings is not looked at again.
  EXPECT_EQ(Dsn("source: {postgres: {dsn: '${X}'}}\n", {{"X", "env://PW"}}), "env://PW");
}

TEST(SecretSettingsTest, WhatIsWrongIsNamedWithFileAndLine) {
  EXPECT_EQ(Dsn("source:\n  postgres:\n    secret: env://NONE\n"),
            "calve.yaml:3: source.postgres.secret can't be resolved: secret_no_variable: "
            "the variable NONE is not set or empty");
  EXPECT_EQ(
      Dsn("source: {postgres: {secret: env://DB#host}}\n"),
      "calve.yaml:1: source.postgres.secret names one key of a secret, but takes all "
      "of them; take #host away");
  EXPECT_EQ(Dsn("source: {postgres: {secret: secret/db}}\n"),
            "calve.yaml:1: source.postgres.secret must be a secret's place: "
            "vault://mount/path, file:///path or env://NAME");
  EXPECT_EQ(Dsn("vault: {token: 'vault://a/b#c'}\npipeline: vault://a/b#c\n"),
            "calve.yaml:1: vault.token can't be resolved: vault_not_set: the way to the "
            "vault can't stand in the vault");
}

TEST(SecretSettingsTest, SecretsOfPartsThatAreNotNeededAreNotRead) {
  const Environment environment = With({});
  const ConfigLayers layers = Layers(
      "source: {postgres: {secret: env://NONE}}\nlanding: {uri: /lake}\n", environment);
  secrets::SecretStore store(environment);
  const auto config =
      ReadConfig(layers, "/base", "/work", {.store = &store, .needs = {.source = false}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_FALSE(config->source_dsn);
  EXPECT_EQ(config->landing_root, "file:///lake");
}

TEST(SecretSettingsTest, TheLandingPlacesS3IsReadForAWarehouseThatSharesIt) {
  const auto resolves = [](const std::string& catalog) {
    const Environment environment = With({});
    const auto settings = GatherSettings(
        Layers("landing: {secret: env://NONE}\ncatalog: {uri: x, " + catalog + "}\n",
               environment));
    Settings resolved = *settings;
    secrets::SecretStore store(environment);
    return ResolveSettings(environment,
                           {.source = false, .landing = false, .catalog = true}, &store,
                           resolved)
        .has_value();
  };
  EXPECT_FALSE(resolves("warehouse: 's3://lake/w'"));
  EXPECT_FALSE(resolves("warehouse: 's3a://lake/w'"));
  EXPECT_FALSE(resolves("warehouse: '${DB:-s3}://lake/w'"));
  EXPECT_TRUE(resolves("warehouse: w"));
  EXPECT_TRUE(resolves("warehouse: 's3://lake/w', s3: {secret: env://DB}"));
}

TEST(SecretSettingsTest, UsesNameKeyPlaceAndWhatARecordMayGive) {
  const Environment environment = With({});
  const auto settings =
      GatherSettings(Layers("source: {postgres: {secret: vault://secret/db, host: h}}\n"
                            "pipeline: a-${vault://secret/x#y}\n",
                            environment));
  ASSERT_TRUE(settings);
  const auto uses = FindSecretUses(environment, *settings);
  ASSERT_TRUE(uses) << uses.error().message;
  std::string text;
  for (const SecretUse& use : *uses) {
    text += use.key + " " + use.reference.text() + " " + use.origin + "\n";
  }
  EXPECT_EQ(text,
            "pipeline vault://secret/x#y calve.yaml:2\n"
            "source.postgres.secret vault://secret/db calve.yaml:1\n");
  const std::vector<std::string>& gives = uses->back().gives;
  EXPECT_EQ(std::count(gives.begin(), gives.end(), "source.postgres.host"), 0);
  EXPECT_EQ(std::count(gives.begin(), gives.end(), "source.postgres.password"), 1);
}

TEST(SecretSettingsTest, SecretsAreMasked) {
  const Environment environment = With({});
  secrets::SecretStore store(environment);
  const auto config = ReadConfig(
      Layers("source: {postgres: {secret: env://DB}}\nvault: {token: env://PW}\n"
             "catalog: {uri: 'sqlite:///c.db', warehouse: w, password: env://PW}\n",
             environment),
      "/base", "/work", {.store = &store});
  const std::vector<std::string> sensitive = [&] {
    std::vector<std::string> all;
    for (const secrets::Secret& secret : store.sensitive()) {
      all.push_back(secret.Reveal());
    }
    return all;
  }();
  EXPECT_EQ(std::count(sensitive.begin(), sensitive.end(), "canary"), 1);
}

TEST(SecretSettingsTest, TrinosRecordIsReadOnlyForWhoeverNeedsIt) {
  const auto read = [](const std::string& engine, SecretNeeds needs) {
    const Environment environment{{"TRINO", R"({"host": "t", "port": 8081, "user": "ann",
                                              "catalog": "lake"})"},
                                  {"VAULT_SECRET_PATH_TRINO_CONN", "env://TRINO"}};
    secrets::SecretStore store(environment);
    return ReadConfig(Layers("engine: " + engine + "\n", environment), "/base", "/work",
                      {.store = &store, .needs = needs});
  };
  const SecretNeeds by_engine{.trino = false, .engine = true};
  ASSERT_TRUE(read("trino", by_engine)->trino);
  EXPECT_EQ(read("trino", by_engine)->trino->url(), "http://t:8081");
  EXPECT_EQ(read("trino", by_engine)->trino->catalog, "lake");
  EXPECT_FALSE(read("native", by_engine)->trino);
  EXPECT_TRUE(read("native", {.trino = true})->trino);
}

}  // namespace
}  // namespace calve::app
