#include "query/trino_client.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

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

  TrinoClient Client(const std::string& user, const std::string& password,
                     TrinoPatience patience = {}) {
    return {{.host = "127.0.0.1",
             .port = server_.port(),
             .user = user,
             .password = secrets::Secret(password)},
            *http_,
            std::move(patience)};
  }
  /// Answers the first request of a statement so, and all that follow by `next`.
  void AnswerPages(const std::string& first, std::function<Answer()> next) {
    answer_ = [first, next = std::move(next)](const std::string& request) {
      return request.starts_with("GET ") ? next() : Answer::Whole(first);
    };
  }
  std::string Page(const std::string& members) const {
    return R"({"stats": {}, "nextUri": ")" + Url() + R"(/v1/next")" + members + "}";
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

TEST_F(TrinoClientTest, AnErrorMayLackWordsOrHaveTooManyOrSuchAsMoveACursor) {
  const auto says = [this](const std::string& error) {
    answer_ = [error](const std::string&) {
      return Answer::Whole(R"({"stats": {}, "error": )" + error + "}");
    };
    const auto rows = Rows();
    EXPECT_FALSE(rows);
    EXPECT_EQ(rows.error().kind, ErrorKind::kInvalidArgument);
    const std::string start = "Trino at " + Url() + " says ";
    EXPECT_TRUE(rows.error().message.starts_with(start)) << rows.error().message;
    return rows.error().message.substr(start.size());
  };
  // As Trino writes a failure whose exception has no message.
  EXPECT_EQ(says(R"({"errorName": "GENERIC_INTERNAL_ERROR", "message": null})"),
            "GENERIC_INTERNAL_ERROR");
  EXPECT_EQ(says(R"({"errorName": 7, "errorType": [], "message": {}})"), "an error");
  EXPECT_EQ(says("\"no\""), "an error");
  EXPECT_EQ(says(R"({"errorName": "E", "message": "one\n\u001b[2Jtwo"})"),
            "E: one [2Jtwo");
  EXPECT_LT(says(R"({"message": ")" + std::string(100'000, 'x') + "\"}").size(), 700U);
}

TEST_F(TrinoClientTest, WhatIsNoPageOfRowsIsNoTrino) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  for (const std::string& reply :
       {std::string(R"({"stats": {}, "nextUri": 7})"), std::string(R"({"stats": 1})"),
        std::string(R"({"stats": {}, "data": 7})"),
        std::string(R"({"stats": {}, "data": [7]})"),
        std::string(R"({"stats": {}, "data": [[]]})"),
        R"({"stats": {}, "data": [[)" + deep + "]]}", std::string("\xff\xfe"),
        std::string("[]"), std::string()}) {
    answer_ = [&reply](const std::string&) { return Answer::Whole(reply); };
    const auto rows = Rows();
    ASSERT_FALSE(rows) << reply.substr(0, 100);
    EXPECT_EQ(rows.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(rows.error().message, HasSubstr("is no Trino"));
  }
  for (const char* reply :
       {R"({"nodeVersion": {"version": 476}})", R"({"nodeVersion": 1})",
        R"({"nodeVersion": {}, "starting": true})"}) {
    answer_ = [&reply](const std::string&) { return Answer::Whole(reply); };
    EXPECT_THAT(Version().error().message, HasSubstr("is no Trino")) << reply;
  }
}

TEST_F(TrinoClientTest, ARedirectIsNotFollowed) {
  answer_ = [this](const std::string&) {
    return Answer::Whole("", "302 Found", "Location: " + Url() + "/v1/info\r\n");
  };
  EXPECT_THAT(Version().error().message, HasSubstr("is no Trino (HTTP 302)"));
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(TrinoClientTest, AReplyBeyondTheClientsBoundIsRefused) {
  http_ = io::MakeHttpClient({.max_body_bytes = 1000});
  answer_ = [](const std::string&) { return Answer::Whole(std::string(1001, ' ')); };
  const auto rows = Rows();
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().kind, ErrorKind::kUnsupported);
}

TEST_F(TrinoClientTest, AStatementThatNeverEndsIsCancelled) {
  AnswerPages(Page(""), [this] { return Answer::Whole(Page("")); });
  const auto rows =
      Client("calve", "", {.longest = std::chrono::milliseconds(100)}).Rows("select 1");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(rows.error().message, HasSubstr("has not finished a statement"));
  EXPECT_TRUE(server_.requests().back().starts_with("DELETE /v1/next "));
}

TEST_F(TrinoClientTest, AnInterruptCancelsTheStatement) {
  int pages = 0;
  AnswerPages(Page(""), [this, &pages] {
    ++pages;
    return Answer::Whole(Page(""));
  });
  const auto rows = Client("calve", "", {.interrupted = [&pages] { return pages == 2; }})
                        .Rows("select 1");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().kind, ErrorKind::kCancelled);
  EXPECT_TRUE(server_.requests().back().starts_with("DELETE /v1/next "));
}

TEST_F(TrinoClientTest, RowsWithoutEndAreRefused) {
  AnswerPages(Page(R"(, "data": [[1]])"),
              [this] { return Answer::Whole(Page(R"(, "data": [[1], [2]])")); });
  const auto rows = Client("calve", "", {.most_rows = 10}).Rows("select 1");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(rows.error().message, HasSubstr("more than 10 rows"));
}

TEST(TrinoNamesTest, NamesAndTextsAreQuoted) {
  EXPECT_EQ(QuoteName("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(QuoteText("it's"), "'it''s'");
}

}  // namespace
}  // namespace calve::query
