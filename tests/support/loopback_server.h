#pragma once

/// \file tests/support/loopback_server.h
/// A little HTTP server on a free loopback port, which answers as a test says, byte for
/// byte.

#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace calve::testing {

/// What a server does with a request.
struct Answer {
  enum class Then { kKeepOpen, kClose, kStall };
  std::string bytes;
  Then then = Then::kKeepOpen;

  /// A whole reply.
  static Answer Whole(const std::string& body, const std::string& status = "200 OK",
                      const std::string& headers = "") {
    return {"HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n" + headers + "\r\n" + body,
            Then::kKeepOpen};
  }
};

/// Serves until it is destroyed, each connection by a thread.
class LoopbackServer {
 public:
  /// \param answer  from a request as it came (head and body) to what is sent; called by
  ///     one thread at a time
  explicit LoopbackServer(std::function<Answer(const std::string&)> answer)
      : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::jthread([this] { Accept(); });
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  ~LoopbackServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int connection : connections_) {
        ::shutdown(connection, SHUT_RDWR);
      }
    }
    threads_.clear();  // Joins.
    for (const int connection : connections_) {
      ::close(connection);
    }
    ::close(listener_);
  }

  uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// What came so far, whole requests.
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  size_t connections() const {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }

 private:
  void Accept() {
    while (true) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) {
        return;
      }
      const std::lock_guard lock(mutex_);
      connections_.push_back(connection);
      threads_.emplace_back([this, connection] { Serve(connection); });
    }
  }

  void Serve(int connection) {
    std::string pending;
    std::string request;
    while (TakeRequest(connection, pending, request)) {
      Answer answer;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        answer = answer_(request);
      }
      (void)::send(connection, answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL);
      if (answer.then == Answer::Then::kClose) {
        ::shutdown(connection, SHUT_RDWR);
        return;
      }
      if (answer.then == Answer::Then::kStall) {
        char byte = 0;
        (void)::recv(connection, &byte, 1, 0);  // Until the other side gives up.
        return;
      }
    }
  }

  static bool TakeRequest(int connection, std::string& pending, std::string& request) {
    while (true) {
      const size_t head = pending.find("\r\n\r\n");
      if (head != pending.npos) {
        const size_t size = head + 4 + BodySize(pending.substr(0, head + 2));
        if (pending.size() >= size) {
          request = pending.substr(0, size);
          pending.erase(0, size);
          return true;
        }
      }
      char buffer[65536];
      const ssize_t n = ::recv(connection, buffer, sizeof buffer, 0);
      if (n <= 0) {
        return false;
      }
      pending.append(buffer, static_cast<size_t>(n));
    }
  }

  static size_t BodySize(std::string head) {
    for (char& c : head) {
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    constexpr std::string_view kName = "\r\ncontent-length:";
    const size_t at = head.find(kName);
    return at == head.npos ? 0
                           : std::strtoull(head.c_str() + at + kName.size(), nullptr, 10);
  }

  std::function<Answer(const std::string&)> answer_;
  int listener_;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;  // Guards what follows but for the acceptor.
  std::vector<std::string> requests_;
  std::vector<int> connections_;
  std::vector<std::jthread> threads_;
  std::jthread acceptor_;
};

}  // namespace calve::testing
