#pragma once

/// \file secrets/secret.h
/// A text that must not be shown: a password, or a connection string that holds one.

#include <string>
#include <utility>

#include <openssl/crypto.h>

namespace calve::secrets {

/// Overwrites what a text holds, its spare room too, and empties it.
inline void Wipe(std::string& text) {
  // Moved from, it still has the bytes of a short text.
  // NOLINTNEXTLINE(clang-analyzer-cplusplus.Move): which are what is to be wiped.
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

/// Holds a secret. It has no formatter and no stream operator, so that printing or
/// logging one does not compile; whoever needs the text says so with Reveal(). Memory
/// that held it is overwritten when it is given up.
class Secret {
 public:
  Secret() = default;
  /// Takes the text over and wipes what it was moved from.
  explicit Secret(std::string&& text) : text_(std::move(text)) { Wipe(text); }
  explicit Secret(const std::string& text) : text_(text) {}
  explicit Secret(const char* text) : text_(text) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { Wipe(other.text_); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      Wipe(text_);
      text_ = other.text_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      Wipe(text_);
      text_ = std::move(other.text_);
      Wipe(other.text_);
    }
    return *this;
  }
  ~Secret() { Wipe(text_); }

  /// The text itself. Pass it on to what needs it; never into a message.
  const std::string& Reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

/// Deleted, so that the mistake is named where it is made.
template <typename Stream>
Stream& operator<<(Stream& stream, const Secret& secret) = delete;

}  // namespace calve::secrets
