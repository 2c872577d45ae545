#include "io/s3/s3_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/system.h"

namespace calve::io {
namespace {

using ::testing::EndsWith;

// The examples of AWS's documentation: "Authenticating Requests: Using the Authorization
// Header (AWS Signature Version 4)".
const S3Credentials kCredentials{
    "AKIAIOSFODNN7EXAMPLE", secrets::Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    secrets::Secret()};
constexpr TimestampUs kNow{1'369'353'600'000'000};  // 2013-05-24T00:00:00Z

std::string SignatureOf(SignedRequest request, std::string_view payload) {
  request.host = "examplebucket.s3.amazonaws.com";
  request.payload_sha256 = Sha256Hex(payload);
  return Sign(request, kCredentials, "us-east-1", kNow).at("authorization");
}

TEST(S3SignatureTest, AGetWithARangeIsSignedAsDocumented) {
  EXPECT_THAT(
      SignatureOf({.method = "GET",
                   .host = "",
                   .path = "/test.txt",
                   .query = {},
                   .headers = {{"range", "bytes=0-9"}},
                   .payload_sha256 = ""},
                  ""),
      EndsWith("Signature="
               "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
}

TEST(S3SignatureTest, APutIsSignedAsDocumented) {
  EXPECT_THAT(
      SignatureOf({.method = "PUT",
                   .host = "",
                   .path = "/test%24file.text",
                   .query = {},
                   .headers = {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                               {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                   .payload_sha256 = ""},
                  "Welcome to Amazon S3."),
      EndsWith("Signature="
               "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST(S3SignatureTest, QueriesAreSignedByNameAndEncoded) {
  EXPECT_THAT(
      SignatureOf({.method = "GET",
                   .host = "",
                   .path = "/",
                   .query = {{"prefix", "J"}, {"max-keys", "2"}},
                   .headers = {},
                   .payload_sha256 = ""},
                  ""),
      EndsWith("Signature="
               "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
  EXPECT_EQ(CanonicalQuery({{"uploads", ""}, {"prefix", "a b/ü"}}),
            "prefix=a%20b%2F%C3%BC&uploads=");
}

TEST(S3SignatureTest, ASessionTokenIsSentAndSigned) {
  S3Credentials temporary = kCredentials;
  temporary.session_token = secrets::Secret("token");
  const auto headers = Sign({.method = "GET",
                             .host = "h",
                             .path = "/",
                             .query = {},
                             .headers = {},
                             .payload_sha256 = Sha256Hex("")},
                            temporary, "us-east-1", kNow);
  EXPECT_EQ(headers.at("x-amz-security-token"), "token");
  EXPECT_NE(headers.at("authorization").find("x-amz-security-token"), std::string::npos);
}

}  // namespace
}  // namespace calve::io
