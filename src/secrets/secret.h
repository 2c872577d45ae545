#pragma once

/// \file secrets/secret.h
/// A text that must not be shown: a password, or a connection string that holds one.

#include <string>
#include <utility>

namespace calve::secrets {

/// Holds a secret. It has no formatter and no stream operator, so that printing or
/// logging one does not compile; whoever needs the text says so with Reveal().
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

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
