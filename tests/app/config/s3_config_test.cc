#include "app/config/s3_config.h"

#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/config/config.h"
#include "support/temp_folder.h"

namespace calve::app {
namespace {

using ::calve::testing::TempFolder;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

Result<Config> ReadS3(const std::string& yaml, Environment environment = {}) {
  return ReadConfig({.file = "calve.yaml",
                     .text = yaml,
                     .assignments = {},
                     .environment = std::move(environment)},
                    "/srv/conf", "/home/me");
}

/// `endpoint region key:secret:token style ca`, what is empty as `-`.
std::string Shown(const S3Config& config) {
  const auto dash = [](const std::string& text) { return text.empty() ? "-" : text; };
  return dash(config.endpoint) + " " + dash(config.region) + " " +
         dash(config.access_key) + ":" + dash(config.secret_key.Reveal()) + ":" +
         dash(config.session_token.Reveal()) + " " +
         (config.path_style ? (*config.path_style ? "path" : "host") : "-") + " " +
         dash(config.ca_file);
}

TEST(S3ConfigTest, EveryKeyArrivesAndTheCatalogFallsBackToLandings) {
  const auto config = ReadS3(
      "landing: {uri: 's3://lake/raw/', prefix: more, endpoint: 'http://h:9000/', "
      "region: r1, access_key: k1, secret_key: s1, session_token: t1, path_style: true, "
      "ca_file: ca.pem}\n"
      "catalog: {uri: 'sqlite:///c.db', warehouse: 's3a://lake/warehouse', "
      "s3: {region: r2, access_key: k2, secret_key: s2}}\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->landing_root, "s3://lake");
  EXPECT_EQ(config->landing_prefix, "raw/more");
  EXPECT_EQ(config->catalog->warehouse, "s3://lake/warehouse");
  EXPECT_EQ(Shown(config->landing_s3), "http://h:9000 r1 k1:s1:t1 path /srv/conf/ca.pem");
  EXPECT_EQ(Shown(config->catalog_s3), "http://h:9000 r2 k2:s2:- path /srv/conf/ca.pem");
  for (const char* secret : {"s1", "t1", "s2"}) {
    EXPECT_THAT(config->PasswordsToMask(), Contains(secret));
  }
  EXPECT_THAT(config->PasswordsToMask(), Not(Contains("")));
}

TEST(S3ConfigTest, VariablesSayWhatKeysDoNot) {
  const Environment variables{{"AWS_ACCESS_KEY_ID", "ek"},
                              {"AWS_SECRET_ACCESS_KEY", "es"},
                              {"AWS_SESSION_TOKEN", "et"},
                              {"AWS_REGION", "er"},
                              {"AWS_ENDPOINT_URL", "http://all"},
                              {"AWS_ENDPOINT_URL_S3", "http://s3"},
                              {"AWS_CA_BUNDLE", "/ca"}};
  const auto bare = ReadS3("landing: {uri: 's3://lake'}\n", variables);
  ASSERT_TRUE(bare) << bare.error().message;
  EXPECT_EQ(bare->landing_prefix, "");
  EXPECT_EQ(Shown(bare->landing_s3), "http://s3 er ek:es:et - /ca");
  EXPECT_EQ(Shown(bare->catalog_s3), "http://s3 er ek:es:et - /ca");
  const auto keyed = ReadS3(
      "landing: {access_key: k, secret_key: s, endpoint: 'https://h'}\n", variables);
  ASSERT_TRUE(keyed) << keyed.error().message;
  EXPECT_EQ(Shown(keyed->landing_s3), "https://h er k:s:- - /ca");
}

TEST(S3ConfigTest, WhatCannotWorkIsNamedWithItsRemedy) {
  const auto error = [](const std::string& yaml, const Environment& environment = {}) {
    const auto config = ReadS3(yaml, environment);
    return config ? "none" : config.error().message;
  };
  EXPECT_EQ(
      error("landing: {access_key: k}\n"),
      "calve.yaml:1: landing.access_key stands without landing.secret_key; set both");
  EXPECT_EQ(error("catalog: {s3: {secret_key: canary}}\n"),
            "calve.yaml:1: catalog.s3.secret_key stands without catalog.s3.access_key; "
            "set both");
  EXPECT_EQ(error("", {{"AWS_ACCESS_KEY_ID", "k"}}),
            "AWS_ACCESS_KEY_ID stands without AWS_SECRET_ACCESS_KEY; set both");
  for (const char* endpoint :
       {"h:9000", "http://", "http://h/path", "ftp://h", "http://u:p@h", "http://h?x"}) {
    EXPECT_EQ(error(std::string("landing: {endpoint: '") + endpoint + "'}\n"),
              "calve.yaml:1: landing.endpoint must be scheme, host and port of the "
              "storage, such as http://127.0.0.1:9000");
  }
  EXPECT_EQ(error("landing: {path_style: perhaps}\n"),
            "calve.yaml:1: landing.path_style must be true or false");
  EXPECT_EQ(error("landing: {uri: 's3://'}\n"),
            "calve.yaml:1: landing.uri must name a bucket, such as s3://lake/raw");
}

TEST(S3ConfigTest, AProfileGivesItsKeysRegionAndEndpoint) {
  const TempFolder home;
  std::filesystem::create_directory(home.path() + "/.aws");
  std::ofstream(home.path() + "/.aws/credentials")
      << "[default]\naws_access_key_id = dk\naws_secret_access_key=ds\n"
         "# [work]\n[work]\naws_access_key_id=wk\naws_secret_access_key = w=s\n"
         "aws_session_token=wt\n[role]\n";
  std::ofstream(home.path() + "/.aws/config")
      << "[default]\nregion=r1\n[profile work]\nregion = r2\nendpoint_url=http://h:1\n"
         "s3 =\n  region = nested\n[profile role]\nrole_arn=arn\nregion=r3\n";
  const auto shown = [&](Environment environment) {
    environment["HOME"] = home.path();
    const auto config = ReadAwsProfile(environment);
    return config ? Shown(*config) : config.error().message;
  };
  EXPECT_EQ(shown({}), "- r1 dk:ds:- - -");
  EXPECT_EQ(shown({{"AWS_PROFILE", "work"}}), "http://h:1 r2 wk:w=s:wt - -");
  EXPECT_EQ(shown({{"AWS_PROFILE", "role"}}), "- r3 -:-:- - -");
  EXPECT_EQ(shown({{"AWS_PROFILE", "none"}}), "- - -:-:- - -");
  EXPECT_EQ(
      shown({{"AWS_SHARED_CREDENTIALS_FILE", "/none"}, {"AWS_CONFIG_FILE", "/none"}}),
      "- - -:-:- - -");
}

}  // namespace
}  // namespace calve::app
