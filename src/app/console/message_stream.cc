#include "app/console/message_stream.h"

#include <utility>

#include "app/console/redact.h"

namespace calve::app {

MessageStream::~MessageStream() {
  ClearStatus();
}

void MessageStream::Mask(std::vector<std::string> secrets) {
  const std::scoped_lock lock(mutex_);
  secrets_ = std::move(secrets);
}

std::string MessageStream::Masked(std::string text) const {
  const std::scoped_lock lock(mutex_);
  return Redact(std::move(text), secrets_);
}

void MessageStream::Print(const std::string& line) {
  const std::scoped_lock lock(mutex_);
  ClearStatusLocked();
  stream_ << Redact(line, secrets_) << '\n' << std::flush;
}

void MessageStream::DrawStatus(const std::string& text) {
  const std::scoped_lock lock(mutex_);
  stream_ << "\r\x1b[2K" << Redact(text, secrets_) << std::flush;
  status_drawn_ = true;
}

void MessageStream::ClearStatus() {
  const std::scoped_lock lock(mutex_);
  ClearStatusLocked();
}

void MessageStream::ClearStatusLocked() {
  if (status_drawn_) {
    stream_ << "\r\x1b[2K" << std::flush;
    status_drawn_ = false;
  }
}

}  // namespace calve::app
