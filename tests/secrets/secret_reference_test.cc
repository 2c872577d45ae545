#include "secrets/secret_reference.h"

#include <string>

#include <gtest/gtest.h>

namespace calve::secrets {
namespace {

/// The reference as `place|path|key`, or the error.
std::string Parse(const std::string& text) {
  const auto reference = ParseReference(text);
  if (!reference) {
    return reference.error().message;
  }
  EXPECT_EQ(reference->text(), text);
  return std::to_string(static_cast<int>(reference->place)) + "|" + reference->path +
         "|" + reference->key;
}

TEST(SecretReferenceTest, EachPlaceHasItsScheme) {
  EXPECT_EQ(Parse("vault://secret/postgres/ecommerce"), "0|secret/postgres/ecommerce|");
  EXPECT_EQ(Parse("vault://team/kv/x#pass.word"), "0|team/kv/x|pass.word");
  EXPECT_EQ(Parse("file:///run/secrets/db.json#user"), "1|/run/secrets/db.json|user");
  EXPECT_EQ(Parse("file:///run/secrets/password"), "1|/run/secrets/password|");
  EXPECT_EQ(Parse("env://DB_SECRET#host"), "2|DB_SECRET|host");
}

TEST(SecretReferenceTest, PathsThatLeadElsewhereAreRefused) {
  for (const char* text :
       {"vault://secret", "vault://secret/", "vault:///x#y", "vault://secret//x",
        "vault://secret/../sys/seal#x", "vault://secret/./x", "vault://"}) {
    EXPECT_EQ(Parse(text),
              "must name a mount and a path, such as "
              "vault://secret/postgres/ecommerce#password")
        << text;
  }
  EXPECT_EQ(Parse("file://relative"),
            "must name an absolute path, such as file:///run/secrets/db");
  EXPECT_EQ(Parse("env://"), "must name a variable, such as env://DB_PASSWORD");
  EXPECT_EQ(Parse("vault://a/b#"),
            "ends with #; name the key behind it, or take it away");
  EXPECT_EQ(Parse("vault://a/b\r\nX-Vault-Token: x#k"),
            "has a control character in a secret's place");
  EXPECT_EQ(Parse("secret/postgres"),
            "must be a secret's place: vault://mount/path, file:///path or env://NAME");
}

}  // namespace
}  // namespace calve::secrets
