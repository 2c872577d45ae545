#include "secrets/vault_reply.h"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "secrets/secret_record.h"

namespace calve::secrets {
namespace {

/// Fields as `name=value;`, in order.
std::string Text(const SecretRecord& record) {
  std::string text;
  for (const auto& [field, value] : record) {
    text += field + "=" + value.Reveal() + ";";
  }
  return text;
}

constexpr const char* kVersion2 = R"({"lease_duration": 0, "data": {
  "data": {"host": "h", "port": 5432, "ssl": true, "none": null, "more": {"a": [1]}},
  "metadata": {"version": 7}}})";

TEST(VaultReplyTest, FieldsOfASecretBecomeText) {
  const auto secret = ParseSecret(kVersion2, 2);
  ASSERT_TRUE(secret) << secret.error().message;
  EXPECT_EQ(Text(secret->record), R"(host=h;more={"a":[1]};port=5432;ssl=true;)");
  EXPECT_EQ(secret->version, 7);
  EXPECT_EQ(secret->lease.count(), 0);
}

TEST(VaultReplyTest, SecretsOfVersionOneStandFlatAndHaveALease) {
  const auto secret = ParseSecret(R"({"lease_duration": 30, "data": {"a": "b"}})", 1);
  ASSERT_TRUE(secret) << secret.error().message;
  EXPECT_EQ(Text(secret->record), "a=b;");
  EXPECT_EQ(secret->lease.count(), 30);
}

TEST(VaultReplyTest, ADeletedSecretTellsItsVersion) {
  EXPECT_EQ(DeletedVersion(R"({"data": {"data": null, "metadata": {"version": 3}}})"), 3);
  EXPECT_EQ(DeletedVersion(R"({"errors": []})"), 0);
}

TEST(VaultReplyTest, MountsTellTheirVersion) {
  const auto two = ParseMount(
      R"({"data": {"path": "team/kv/", "type": "kv", "options": {"version": "2"}}})");
  ASSERT_TRUE(two);
  EXPECT_EQ(two->path + two->type, "team/kv/kv");
  EXPECT_EQ(two->kv_version, 2);
  const auto one =
      ParseMount(R"({"data": {"path": "kv/", "type": "kv", "options": null}})");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->kv_version, 1);
}

TEST(VaultReplyTest, ErrorsAreOneShortLine) {
  EXPECT_EQ(ErrorsOf(R"({"errors": ["1 error occurred:\n\t* permission denied\n\n"]})"),
            "1 error occurred: * permission denied");
  EXPECT_EQ(ErrorsOf(R"({"errors": ["a", 5, "b."]})"), "a; b");
  EXPECT_EQ(ErrorsOf("<html>"), "");
  std::string umlauts;
  for (int i = 0; i < 200; ++i) {
    umlauts += "\xC3\xA4";
  }
  EXPECT_EQ(ErrorsOf("{\"errors\": [\"x" + umlauts + "\"]}"),
            "x" + umlauts.substr(0, 296) + "…");
}

TEST(VaultReplyTest, AnotherReplyIsCorruptAndNothingOfItIsShown) {
  for (const char* body :
       {"", "null", "[]", "{}", R"({"data": "canary"})",
        R"({"data": {"data": ["canary"]}})", R"({"auth": "canary"})"}) {
    for (const Error& error :
         {ParseSecret(body, 2).error(), ParseMount(body).error(), ParseAuth(body).error(),
          ParseWrapPath(body).error(), ParseSecretId(body).error()}) {
      EXPECT_EQ(error.kind, ErrorKind::kCorrupt) << body;
      EXPECT_EQ(error.message.find("canary"), std::string::npos) << body;
    }
  }
}

TEST(VaultReplyTest, AFieldNestedBeyondAnyUseIsRefused) {
  const std::string deep =
      std::string(1'000'000, '[') + "\"canary\"" + std::string(1'000'000, ']');
  const auto secret = ParseSecret(R"({"data": {"field": )" + deep + "}}", 1);
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().kind, ErrorKind::kCorrupt);
  EXPECT_FALSE(ParseRecord(R"({"field": )" + deep + "}"));
}

TEST(VaultReplyTest, EndlessLeasesAreNone) {
  const auto token = ParseAuth(
      R"({"auth": {"client_token": "t", "lease_duration": 18446744073709551615}})");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->lease.count(), 0);
}

TEST(VaultReplyTest, NoBytesBreakTheReaders) {
  EXPECT_TRUE(rc::check("any bytes", [](const std::string& body) {
    (void)ParseSecret(body, 1);
    (void)ParseTokenState(body);
    RC_ASSERT(ErrorsOf(body).size() <= 300U);
  }));
}

}  // namespace
}  // namespace calve::secrets
