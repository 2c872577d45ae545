// What a store makes of replies that are lost, wrong or unkind, from a server that says
// what a test wants. Real servers: s3_contract_test.cc.

#include "io/s3/s3_store.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/s3/s3_digest.h"
#include "io/system.h"
#include "support/loopback_server.h"

namespace calve::io {
namespace {

using ::calve::testing::Answer;
using ::calve::testing::LoopbackServer;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Answers the n-th request by the n-th answer, and every further one by the last.
class Scripted {
 public:
  explicit Scripted(std::vector<Answer> answers)
      : answers_(std::move(answers)), server_([this](const std::string&) {
          const size_t at = std::min(next_++, answers_.size() - 1);
          return answers_[at];
        }) {
    const S3Credentials credentials{"key", secrets::Secret("secret"), secrets::Secret()};
    store_ = MakeS3Store(
        {.endpoint = server_.url(),
         .path_style = true,
         .backoff = {.attempts = 4,
                     .first = std::chrono::milliseconds(1),
                     .longest = std::chrono::milliseconds(1)}},
        [credentials] { return credentials; }, *http_, clock_, uuids_);
  }

  ObjectStore& store() { return *store_; }
  std::vector<std::string> requests() const { return server_.requests(); }

 private:
  std::vector<Answer> answers_;
  size_t next_ = 0;  // Guarded by the server, which calls one at a time.
  LoopbackServer server_;
  std::unique_ptr<HttpClient> http_ = MakeHttpClient({});
  SystemClock clock_;
  SystemUuids uuids_;
  std::unique_ptr<ObjectStore> store_;
};

const Answer kLost{"", Answer::Then::kClose};

Answer Failure(const std::string& status, const std::string& code) {
  return Answer::Whole("<Error><Code>" + code + "</Code><Message>why</Message></Error>",
                       status);
}

/// The reply to a read of a whole object.
Answer Object(const std::string& body, const std::string& headers = "") {
  const std::string last = std::to_string(body.size() - 1);
  return Answer::Whole(body, "206 Partial Content",
                       "Content-Range: bytes 0-" + last + "/" +
                           std::to_string(body.size()) + "\r\n" + headers);
}

Answer OwnObject(const std::string& body, const std::string& written) {
  return Object(body, "x-amz-meta-calve-sha256: " + Sha256Hex(written) + "\r\n");
}

TEST(S3StoreTest, ALostReplyIsNoConflictWhereTheBytesAreOurs) {
  Scripted s3({kLost, Failure("412 Precondition Failed", "PreconditionFailed"),
               OwnObject("mine", "mine")});
  const Status put = s3.store().PutIfAbsent("s3://b/k", "mine");
  EXPECT_TRUE(put) << put.error().message;
}

TEST(S3StoreTest, ALostReplyIsAConflictWhereTheBytesAreAnothers) {
  Scripted s3({kLost, Failure("412 Precondition Failed", "PreconditionFailed"),
               OwnObject("theirs", "theirs")});
  EXPECT_EQ(s3.store().PutIfAbsent("s3://b/k", "mine").error().kind,
            ErrorKind::kConflict);
}

/// Two of us may write the same bytes: one of them has lost.
TEST(S3StoreTest, ARefusalAtTheFirstAttemptIsAConflictWhateverTheBytes) {
  Scripted s3({Failure("412 Precondition Failed", "PreconditionFailed"),
               OwnObject("mine", "mine")});
  EXPECT_EQ(s3.store().PutIfAbsent("s3://b/k", "mine").error().kind,
            ErrorKind::kConflict);
}

TEST(S3StoreTest, WhatPassesIsTriedAgain) {
  Scripted s3({Failure("503 Slow Down", "SlowDown"),
               Failure("409 Conflict", "ConditionalRequestConflict"),
               Failure("400 Bad Request", "XAmzContentSHA256Mismatch"),
               Answer::Whole("")});
  const Status put = s3.store().PutIfAbsent("s3://b/k", "mine");
  EXPECT_TRUE(put) << put.error().message;
  EXPECT_EQ(s3.requests().size(), 4U);
}

TEST(S3StoreTest, WhatDoesNotPassIsGivenUpByName) {
  Scripted s3({Failure("500 Internal", "InternalError")});
  const auto opened = s3.store().Open("s3://b/k");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(opened.error().message,
            "GET s3://b/k: status 500 InternalError: why; gave up after 4 attempts");
}

TEST(S3StoreTest, ARefusalNamesTheRemedyAndIsNotRepeated) {
  const std::vector<std::pair<Answer, std::string>> refusals{
      {Failure("403 Forbidden", "InvalidAccessKeyId"), "check the access key"},
      {Failure("403 Forbidden", "AccessDenied"), "permission"},
      {Failure("404 Not Found", "NoSuchBucket"), "make the bucket"},
      {Failure("301 Moved", "PermanentRedirect"), "set the region"},
      {Failure("403 Forbidden", "RequestTimeTooSkewed"), "clock"},
      {Failure("400 Bad Request", "ExpiredToken"), "renew the session token"},
      {Failure("501 Not Implemented", "NotImplemented"), "If-None-Match"}};
  for (const auto& [refusal, remedy] : refusals) {
    Scripted s3({refusal});
    const Status put = s3.store().PutIfAbsent("s3://b/k", "x");
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(put.error().message, HasSubstr(remedy));
    EXPECT_EQ(s3.requests().size(), 1U);
  }
}

TEST(S3StoreTest, AFlippedBitOnTheWayIsReadAgain) {
  Scripted s3({OwnObject("bxtes", "bytes"), OwnObject("bytes", "bytes")});
  EXPECT_EQ(*ReadObject(s3.store(), "s3://b/k"), "bytes");
}

TEST(S3StoreTest, BytesThatStayWrongAreNeverGivenOut) {
  Scripted s3({OwnObject("bxtes", "bytes")});
  EXPECT_EQ(ReadObject(s3.store(), "s3://b/k").error().kind, ErrorKind::kCorrupt);
}

TEST(S3StoreTest, ACutBodyIsReadAgain) {
  Answer cut = OwnObject("bytes", "bytes");
  cut.bytes.resize(cut.bytes.size() - 2);
  cut.then = Answer::Then::kClose;
  Scripted s3({cut, OwnObject("bytes", "bytes")});
  EXPECT_EQ(*ReadObject(s3.store(), "s3://b/k"), "bytes");
}

TEST(S3StoreTest, ForeignObjectsAreHeldAgainstTheirETag) {
  const std::string etag = "ETag: \"" + Md5Hex("bytes") + "\"\r\n";
  Scripted s3({Object("bxtes", etag), Object("bytes", etag)});
  EXPECT_EQ(*ReadObject(s3.store(), "s3://b/k"), "bytes");
  EXPECT_EQ(s3.requests().size(), 2U);
}

TEST(S3StoreTest, AnETagThatIsNoHashIsFoundOut) {
  Scripted s3({Object("bytes", "ETag: \"" + Md5Hex("other") + "\"\r\n")});
  EXPECT_EQ(*ReadObject(s3.store(), "s3://b/k"), "bytes");
  EXPECT_EQ(s3.requests().size(), 2U);
}

/// Answers the requests of one upload in two parts.
std::vector<Answer> UploadOf(std::vector<Answer> completion) {
  std::vector<Answer> answers{
      Answer::Whole("<InitiateMultipartUploadResult><UploadId>u1</UploadId>"
                    "</InitiateMultipartUploadResult>"),
      Answer::Whole("", "200 OK", "ETag: \"e1\"\r\n"),
      Answer::Whole("", "200 OK", "ETag: \"e2\"\r\n")};
  answers.insert(answers.end(), completion.begin(), completion.end());
  return answers;
}

const Answer kCompleted = Answer::Whole("<CompleteMultipartUploadResult/>");
const std::string kLarge(size_t{9} << 20U, 'x');

TEST(S3StoreTest, AnUploadThatFailedBehindStatus200IsCompletedAgain) {
  Scripted s3(
      UploadOf({Answer::Whole("<Error><Code>InternalError</Code></Error>"), kCompleted}));
  const Status written = WriteObject(s3.store(), "s3://b/k", kLarge);
  EXPECT_TRUE(written) << written.error().message;
}

TEST(S3StoreTest, AnUploadThatNeverCompletesIsAnErrorAndAborted) {
  Scripted s3(UploadOf({Answer::Whole("<Error><Code>InternalError</Code></Error>")}));
  const Status written = WriteObject(s3.store(), "s3://b/k", kLarge);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(s3.requests().back(), StartsWith("DELETE /b/k?uploadId=u1 "));
}

TEST(S3StoreTest, AnUploadWhoseReplyWasLostIsDoneIfTheObjectIsThere) {
  const std::string first = Sha256Hex(kLarge.substr(0, size_t{8} << 20U));
  for (const std::string& hash : {first, Sha256Hex("another")}) {
    Answer head =
        Answer::Whole("", "200 OK", "x-amz-meta-calve-sha256: " + hash + "\r\n");
    head.bytes.replace(head.bytes.find("Content-Length: 0"), 17,
                       "Content-Length: " + std::to_string(kLarge.size()));
    Scripted s3(UploadOf({kLost, Failure("404 Not Found", "NoSuchUpload"), head,
                          Answer::Whole("", "204 No Content")}));
    const Status written = WriteObject(s3.store(), "s3://b/k", kLarge);
    EXPECT_EQ(written.has_value(), hash == first);
  }
}

TEST(S3StoreTest, AListGoesOnWhereAPageEnds) {
  const auto page = [](const std::string& key, const std::string& rest) {
    return Answer::Whole(
        "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>" + key +
        "</Key><Size>1</Size><LastModified>2026-01-02T03:04:05.678Z</LastModified>"
        "</Contents>" +
        rest + "</ListBucketResult>");
  };
  Scripted s3({page("f/b%2Bc+d",
                    "<IsTruncated>true</IsTruncated>"
                    "<NextContinuationToken>t/1</NextContinuationToken>"),
               page("f/a", "<IsTruncated>false</IsTruncated>")});
  const auto listed = s3.store().List("s3a://b/f");
  ASSERT_TRUE(listed) << listed.error().message;
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ((*listed)[0].location, "s3a://b/f/a");
  EXPECT_EQ((*listed)[1].location, "s3a://b/f/b+c d");
  EXPECT_EQ((*listed)[1].modified_ms, 1'767'323'045'678);
  EXPECT_THAT(s3.requests()[1], HasSubstr("continuation-token=t%2F1"));
}

TEST(S3StoreTest, WhatIsNoListIsCorrupt) {
  for (const char* body :
       {"", "<ListBucketResult", "<Error/>",
        "<ListBucketResult><Contents><Key>k</Key><Size>x</Size></Contents>"
        "</ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}) {
    Scripted s3({Answer::Whole(body)});
    EXPECT_EQ(s3.store().List("s3://b/f").error().kind, ErrorKind::kCorrupt) << body;
  }
}

TEST(S3StoreTest, LocationsNameABucketAndAKey) {
  EXPECT_EQ(ParseS3Location("s3://b/k/l")->key, "k/l");
  EXPECT_EQ(ParseS3Location("s3a://b/k")->text(), "s3://b/k");
  EXPECT_EQ(ParseS3Location("s3n://b")->key, "");
  for (const char* none : {"file:///x", "s3:/b/k", "s3:///k", "S3://b/k", "b/k"}) {
    EXPECT_EQ(ParseS3Location(none).error().kind, ErrorKind::kInvalidArgument) << none;
  }
  Scripted s3({kLost});
  EXPECT_EQ(s3.store().Open("s3://b").error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(s3.store().Delete("s3://b/k/").error().kind, ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace calve::io
