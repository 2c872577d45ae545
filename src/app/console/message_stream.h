#pragma once

/// \file app/console/message_stream.h
/// Where messages go (stderr): whole lines, and one status line below them that is
/// redrawn in place.

#include <mutex>
#include <ostream>
#include <string>
#include <vector>

namespace calve::app {

/// Lines and a status line on one stream. Everything is masked by the secrets given to
/// Mask. Thread-safe.
class MessageStream {
 public:
  explicit MessageStream(std::ostream& stream) : stream_(stream) {}
  MessageStream(const MessageStream&) = delete;
  MessageStream& operator=(const MessageStream&) = delete;
  /// Takes the status line away.
  ~MessageStream();

  void Mask(std::vector<std::string> secrets);
  /// The text as it may be shown.
  std::string Masked(std::string text) const;

  /// Prints a line (without its newline); a status line makes room for it.
  void Print(const std::string& line);
  /// Draws the status line anew; only for terminals.
  void DrawStatus(const std::string& text);
  void ClearStatus();

 private:
  void ClearStatusLocked();

  std::ostream& stream_;  // Outlives this.
  mutable std::mutex mutex_;
  std::vector<std::string> secrets_;  // guarded by mutex_
  bool status_drawn_ = false;         // guarded by mutex_
};

}  // namespace calve::app
