#include "secrets/vault_address.h"

#include <string>

#include <gtest/gtest.h>

namespace calve::secrets {
namespace {

/// The address, or the name that its error starts with.
std::string Check(const std::string& address, bool allow_http = false) {
  const auto checked = CheckVaultAddress(address, allow_http);
  return checked ? *checked
                 : checked.error().message.substr(0, checked.error().message.find(':'));
}

TEST(VaultAddressTest, PlainHttpIsForLoopbackAlone) {
  for (const char* address : {"http://127.0.0.1:8200", "http://127.9.9.9",
                              "http://localhost:8200", "http://[::1]:8200"}) {
    EXPECT_EQ(Check(address), address);
  }
  for (const char* address :
       {"http://vault:8200", "http://10.0.0.1:8200", "http://127.0.0.1.evil.example",
        "http://localhost.evil.example", "http://[::2]:8200", "http://0.0.0.0:8200",
        "http://2130706433:8200"}) {
    EXPECT_EQ(Check(address), "vault_insecure") << address;
    EXPECT_EQ(Check(address, /*allow_http=*/true), address);
  }
}

TEST(VaultAddressTest, WhatCouldHideAnotherHostIsRefused) {
  for (const char* address :
       {"", "vault:8200", "ftp://vault", "https://", "https:///x",
        "http://127.0.0.1@evil.example", "https://u:p@vault", "https://vault?x=1",
        "https://vault#x", "https://vault\\@evil", "https://va ult", "https://va\rult"}) {
    EXPECT_EQ(Check(address), "vault_address") << address;
  }
}

TEST(VaultAddressTest, SlashesAtTheEndGo) {
  EXPECT_EQ(Check("https://vault.example:8200///"), "https://vault.example:8200");
  EXPECT_EQ(Check("https://proxy.example/vault/"), "https://proxy.example/vault");
}

TEST(VaultAddressTest, ALoginInTheAddressIsNotShown) {
  const auto checked = CheckVaultAddress("https://u:canary@vault", false);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message.find("canary"), std::string::npos);
}

}  // namespace
}  // namespace calve::secrets
