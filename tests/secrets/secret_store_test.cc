#include "secrets/secret_store.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <new>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace calve::secrets {
namespace {

class SecretStoreTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(
        std::filesystem::path(PathOf(name)).parent_path());
    std::ofstream(PathOf(name), std::ios::binary) << text;
  }

  /// The value, or `error: …` with the folder as ~.
  std::string Value(const std::string& text) {
    const auto reference = ParseReference(text);
    EXPECT_TRUE(reference) << text;
    const auto value = store_.Value(*reference);
    if (value) {
      return value->Reveal();
    }
    EXPECT_EQ(value.error().kind, ErrorKind::kInvalidArgument);
    std::string message = value.error().message;
    for (size_t at = message.find(folder_.path()); at != std::string::npos;
         at = message.find(folder_.path())) {
      message.replace(at, folder_.path().size(), "~");
    }
    return "error: " + message;
  }

  std::string PathOf(const std::string& name) { return folder_.path() + "/" + name; }
  std::string File(const std::string& name) { return "file://" + PathOf(name); }

  calve::testing::TempFolder folder_;
  SecretStore store_{{{"RECORD", R"({"user": "u", "password": "canary-1"})"},
                      {"TEXT", "canary-2"},
                      {"EMPTY", ""}}};
};

TEST_F(SecretStoreTest, FilesAndVariablesHoldTextsOrRecords) {
  Write("password", "canary-3\n");
  Write("db.json", R"({"port": 5432, "password": "canary-4"})");
  Write("db/user", "u");
  Write("db/password", "canary-5\r\n");
  Write("db/..data/user", "not this one");
  EXPECT_EQ(Value(File("password")), "canary-3");
  EXPECT_EQ(Value(File("db.json") + "#port"), "5432");
  EXPECT_EQ(Value(File("db") + "#password"), "canary-5");
  EXPECT_EQ(Value("env://TEXT"), "canary-2");
  EXPECT_EQ(Value("env://RECORD#user"), "u");
  const auto record = store_.Record({SecretPlace::kFile, PathOf("db"), ""});
  ASSERT_TRUE(record);
  EXPECT_EQ(record->size(), 2U);
}

TEST_F(SecretStoreTest, WhatIsNotThereIsNamedAndNoValueIsShown) {
  Write("text", "canary-6");
  EXPECT_EQ(Value(File("none")),
            "error: secret_no_file: cannot read the secret in ~/none: No such file or "
            "directory");
  EXPECT_EQ(Value(File("text") + "#key"),
            "error: secret_no_record: file://~/text holds no JSON object");
  EXPECT_EQ(Value("env://RECORD#host"),
            "error: secret_no_key: env://RECORD has no key host");
  EXPECT_EQ(Value("env://EMPTY"),
            "error: secret_no_variable: the variable EMPTY is not set or empty");
  EXPECT_EQ(
      Value("vault://secret/x#y"),
      "error: vault_not_set: a vault:// secret is asked for, and nothing says where "
      "the vault is; set VAULT_ADDR, or vault.address");
}

TEST_F(SecretStoreTest, SensitiveFieldsAreRemembered) {
  EXPECT_EQ(Value("env://RECORD#user"), "u");
  EXPECT_EQ(Value("env://TEXT"), "canary-2");
  std::string all;
  for (const Secret& secret : store_.sensitive()) {
    all += secret.Reveal() + ";";
  }
  EXPECT_EQ(all, "canary-1;canary-2;");
}

TEST(SecretTest, MovedFromAndDestroyedSecretsLeaveNothing) {
  Secret first("short");
  const Secret second(std::move(first));
  EXPECT_EQ(second.Reveal(), "short");
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): it is what is tested
  // The bytes of a short text stand in the object itself.
  alignas(Secret) std::array<char, sizeof(Secret)> place{};
  auto* secret = new (place.data()) Secret("canary-7");
  secret->~Secret();
  EXPECT_EQ(std::string(place.data(), place.size()).find("canary"), std::string::npos);
}

}  // namespace
}  // namespace calve::secrets
