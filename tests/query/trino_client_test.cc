#include "query/trino_client.h"

#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/loopback_server.h"

namespace calve::query {
namespace {

using ::calve::testing::Answer;
using ::calve::testing::LoopbackServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// A Trino that says what a test wants; the real one is asked by tests/interop.
class TrinoClientTest : public ::testing::Test {
 protected:
  Result<std::string> Version(const std::string& user = "calve",
                              const std::string& password = "") {
    return Client(user, password).Version();
  }
  Result<std::vector<TrinoRow>> Rows() { return Client("calve", "").Rows("select 1"); }

  TrinoClient Client(const std::string& user, const std::string& password) {
    return {{.host = "127.0.0.1",
             .port = server_.port(),
             .user = user,
             .password = secrets::Secret(password)},
            *http_};
  }
  std::string Url() const { return server_.url(); }

  std::function<Answer(const std::string&)> answer_;
  std::string request_;  // the last
  LoopbackServer server_{[this](const std::string& request) {
    request_ = request;
    return answer_(request);
  }};
  std::unique_ptr<io::HttpClient> http_ = io::MakeHttpClient({});
};

TEST_F(TrinoClientTest, RowsComeFromAllPages) {
  answer_ = [this](const std::string& request) {
    if (request.starts_with("POST /v1/statement")) {
      return Answer::Whole(R"({"id": "q", "stats": {}, "nextUri": ")" + Url() +
                           R"(/v1/next/1"})");
    }
    if (request.starts_with("GET /v1/next/1")) {
      return Answer::Whole(R"({"stats": {}, "data": [["a", 1]], "nextUri": ")" + Url() +
                           R"(/v1/next/2"})");
    }
    return Answer::Whole(R"({"stats": {}, "data": [[null, true]]})");
  };
  const auto rows = Rows();
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_THAT(*rows,
              ElementsAre(ElementsAre("a", "1"), ElementsAre(std::nullopt, "true")));
}

TEST_F(TrinoClientTest, ALoginGoesAlongAndNowhereElse) {
  answer_ = [](const std::string&) {
    return Answer::Whole(R"({"nodeVersion": {"version": "476"}, "starting": false})");
  };
  const auto version = Version("ann", "canary");
  ASSERT_TRUE(version) << version.error().message;
  EXPECT_EQ(*version, "476");
  EXPECT_THAT(request_, HasSubstr("Authorization: Basic YW5uOmNhbmFyeQ=="));
  answer_ = [](const std::string&) {
    return Answer::Whole(R"({"stats": {}, "nextUri": "http://elsewhere:80/v1/next"})");
  };
  const auto rows = Rows();
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(rows.error().message, HasSubstr("sends its clients to another address"));
}

TEST_F(TrinoClientTest, WhatIsWrongIsNamed) {
  answer_ = [](const std::string&) { return Answer::Whole("", "401 Unauthorized"); };
  EXPECT_EQ(Version().error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(
      Version("ann", "canary").error().message,
      ::testing::AllOf(HasSubstr("refuses the login of ann"), Not(HasSubstr("canary"))));
  answer_ = [](const std::string&) { return Answer::Whole("", "503 Busy"); };
  EXPECT_EQ(Version().error().kind, ErrorKind::kUnavailable);
  answer_ = [](const std::string&) { return Answer::Whole("<html>"); };
  EXPECT_THAT(Version().error().message, HasSubstr("is no Trino"));
  EXPECT_THAT(Rows().error().message, HasSubstr("is no Trino"));
  answer_ = [](const std::string&) {
    return Answer::Whole(R"({"nodeVersion": {"version": "476"}, "starting": true})");
  };
  EXPECT_EQ(Version().error().kind, ErrorKind::kUnavailable);
}

TEST_F(TrinoClientTest, AStatementsErrorIsTrinosOwn) {
  answer_ = [](const std::string&) {
    return Answer::Whole(R"({"stats": {}, "error": {"errorName": "TABLE_NOT_FOUND",
        "errorType": "USER_ERROR", "message": "line 1:1: no such table"}})");
  };
  const auto wrong = Rows();
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_EQ(wrong.error().message,
            "Trino at " + Url() + " says TABLE_NOT_FOUND: line 1:1: no such table");
  answer_ = [](const std::string&) {
    return Answer::Whole(R"({"stats": {}, "error": {"errorName": "QUERY_QUEUE_FULL",
        "errorType": "INSUFFICIENT_RESOURCES", "message": "later"}})");
  };
  EXPECT_EQ(Rows().error().kind, ErrorKind::kUnavailable);
}

TEST(TrinoNamesTest, NamesAndTextsAreQuoted) {
  EXPECT_EQ(QuoteName("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(QuoteText("it's"), "'it''s'");
}

}  // namespace
}  // namespace calve::query
