#include "io/http/http_client.h"

#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/loopback_server.h"

namespace calve::io {
namespace {

using ::calve::testing::Answer;
using ::calve::testing::LoopbackServer;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::unique_ptr<HttpClient> QuickClient(size_t max_body_bytes = 1U << 20U) {
  return MakeHttpClient({.ca_file = "",
                         .connect_timeout = std::chrono::milliseconds(2'000),
                         .stall_timeout = std::chrono::seconds(1),
                         .max_body_bytes = max_body_bytes});
}

TEST(HttpClientTest, ARequestArrivesAsItWasGivenAndTheReplyAsItWasSent) {
  LoopbackServer server([](const std::string&) {
    return Answer::Whole(std::string("nul\0inside", 10), "418 Teapot",
                         "X-Thing:  padded \r\n");
  });
  const auto client = QuickClient();
  const auto reply = client->Send({.method = "PUT",
                                   .url = server.url() + "/a%20b/../c?x=1%2F2",
                                   .headers = {{"x-empty", ""},
                                               {"content-type", "application/json"},
                                               {"x-name", "value"}},
                                   .body = std::string_view("by\0tes", 6)});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 418);
  EXPECT_EQ(reply->body, std::string("nul\0inside", 10));
  EXPECT_EQ(reply->Header("x-thing"), "padded");
  EXPECT_EQ(reply->Header("x-none"), "");
  const std::string request = server.requests().at(0);
  EXPECT_THAT(request, StartsWith("PUT /a%20b/../c?x=1%2F2 HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nx-name: value\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nx-empty:\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\ncontent-type: application/json\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("Expect")));
  EXPECT_TRUE(request.ends_with(std::string("\r\n\r\nby\0tes", 10)));
}

TEST(HttpClientTest, AnEmptyBodyIsSentAsOne) {
  LoopbackServer server([](const std::string&) { return Answer::Whole(""); });
  const auto client = QuickClient();
  ASSERT_TRUE(client->Send({.method = "PUT", .url = server.url() + "/x"}));
  EXPECT_THAT(server.requests().at(0), HasSubstr("Content-Length: 0\r\n"));
}

TEST(HttpClientTest, AHeadHasHeadersAndNoBody) {
  LoopbackServer server([](const std::string&) {
    return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"};
  });
  const auto client = QuickClient();
  const auto reply = client->Send({.method = "HEAD", .url = server.url() + "/x"});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->Header("content-length"), "1000");
  EXPECT_EQ(reply->body, "");
}

TEST(HttpClientTest, HeadersOfAnInterimReplyAreNotTheReplys) {
  LoopbackServer server([](const std::string&) {
    Answer answer = Answer::Whole("body");
    answer.bytes = "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + answer.bytes;
    return answer;
  });
  const auto reply = QuickClient()->Send({.method = "GET", .url = server.url()});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->Header("x-early"), "");
}

TEST(HttpClientTest, ABodyThatIsCutShortIsNoReply) {
  for (const char* head : {"Content-Length: 10\r\n\r\nhalf",
                           "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"}) {
    LoopbackServer server([&](const std::string&) {
      return Answer{std::string("HTTP/1.1 200 OK\r\n") + head, Answer::Then::kClose};
    });
    const auto reply = QuickClient()->Send({.method = "GET", .url = server.url() + "/x"});
    ASSERT_FALSE(reply) << head;
    EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable);
  }
}

TEST(HttpClientTest, AServerThatStallsIsGivenUp) {
  LoopbackServer server([](const std::string&) {
    return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
                  Answer::Then::kStall};
  });
  const auto reply = QuickClient()->Send({.method = "GET", .url = server.url() + "/x"});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable);
}

TEST(HttpClientTest, AServerThatIsNotThereIsNamedWithoutWhatTheUrlHides) {
  std::string url;
  {
    LoopbackServer gone([](const std::string&) { return Answer(); });
    url = gone.url();
  }
  const auto reply = QuickClient()->Send(
      {.method = "GET",
       .url = "http://user:canary1@" + url.substr(7) + "/canary2?token=canary3"});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(reply.error().message, StartsWith(url + ": "));
  EXPECT_THAT(reply.error().message, Not(HasSubstr("canary")));
}

TEST(HttpClientTest, WhatIsNoUrlIsRefused) {
  const auto client = QuickClient();
  for (const char* url :
       {"http://", "file:///etc/passwd", "127.0.0.1:1/canary", "http://a b/"}) {
    const auto reply = client->Send({.method = "GET", .url = url});
    ASSERT_FALSE(reply) << url;
    EXPECT_NE(reply.error().kind, ErrorKind::kNotFound) << reply.error().message;
    EXPECT_THAT(reply.error().message, Not(HasSubstr("canary")));
  }
}

TEST(HttpClientTest, ALineBreakInAHeaderIsRefusedAndNothingIsSent) {
  LoopbackServer server([](const std::string&) { return Answer::Whole(""); });
  const auto client = QuickClient();
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"x", "1\r\nx-injected: canary"},
           {"x", "1\n2"},
           {"x\r\ny", "1"},
           {"", "1"},
           {"x", std::string("1\0canary", 8)}}) {
    const auto reply = client->Send(
        {.method = "GET", .url = server.url() + "/x", .headers = {{name, value}}});
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(reply.error().message, Not(HasSubstr("canary")));
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpClientTest, ABodyAboveTheLimitIsRefused) {
  LoopbackServer server(
      [](const std::string&) { return Answer::Whole(std::string(101, 'x')); });
  const auto refused = QuickClient(100)->Send({.method = "GET", .url = server.url()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  EXPECT_TRUE(QuickClient(101)->Send({.method = "GET", .url = server.url()}));
}

TEST(HttpClientTest, ARedirectIsAReply) {
  LoopbackServer server([](const std::string&) {
    return Answer::Whole("", "301 Moved", "Location: /elsewhere\r\n");
  });
  const auto reply = QuickClient()->Send({.method = "GET", .url = server.url()});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 301);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpClientTest, AConnectionServesManyRequests) {
  LoopbackServer server([](const std::string&) { return Answer::Whole("x"); });
  const auto client = QuickClient();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(
        client->Send({.method = "GET", .url = server.url() + "/x", .may_repeat = true}));
  }
  EXPECT_EQ(server.connections(), 1U);
}

/// The server reads a request over a kept connection and dies: nobody else may send it a
/// second time than who knows what that does.
TEST(HttpClientTest, ARequestThatMustNotRepeatReachesTheServerOnce) {
  for (const bool may_repeat : {false, true}) {
    LoopbackServer server([](const std::string& request) {
      return request.starts_with("PUT") ? Answer{"", Answer::Then::kClose}
                                        : Answer::Whole("x");
    });
    const auto client = QuickClient();
    ASSERT_TRUE(
        client->Send({.method = "GET", .url = server.url() + "/x", .may_repeat = true}));
    const auto reply = client->Send({.method = "PUT",
                                     .url = server.url() + "/x",
                                     .body = "bytes",
                                     .may_repeat = may_repeat});
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(server.requests().size(), may_repeat ? 3U : 2U);
  }
}

TEST(HttpClientTest, ThreadsShareAClient) {
  LoopbackServer server([](const std::string& request) {
    return Answer::Whole(request.substr(request.find("\r\n\r\n") + 4));
  });
  const auto client = QuickClient();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 20; ++j) {
        const std::string body(static_cast<size_t>(1 + i * 20 + j), 'x');
        const auto reply =
            client->Send({.method = "POST", .url = server.url() + "/echo", .body = body});
        ASSERT_TRUE(reply) << reply.error().message;
        EXPECT_EQ(reply->body, body);
      }
    });
  }
}

TEST(PercentEncodeTest, KeepsWhatUrlsKeep) {
  EXPECT_EQ(PercentEncode("aZ09-._~/ü +", /*keep_slashes=*/true),
            "aZ09-._~/%C3%BC%20%2B");
  EXPECT_EQ(PercentEncode("a/b", /*keep_slashes=*/false), "a%2Fb");
}

}  // namespace
}  // namespace calve::io
