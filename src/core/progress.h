#pragma once

/// \file core/progress.h
/// How a step tells of its progress. What shows it (bar, lines, JSON) is app's.

#include <cstdint>
#include <string_view>

namespace calve {

/// Receives progress. Steps run one after the other; calls come from one thread.
class Progress {
 public:
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  virtual ~Progress() = default;

  /// A step begins. \param total  how many units it will take; 0 if that is not known
  virtual void Begin(std::string_view step, int64_t total, std::string_view unit) = 0;
  virtual void Advance(int64_t units) = 0;
  /// The step ended well. \param note  its result in a few words
  virtual void End(std::string_view note) = 0;
};

/// Shows nothing.
class NoProgress final : public Progress {
 public:
  void Begin(std::string_view /*step*/, int64_t /*total*/,
             std::string_view /*unit*/) override {}
  void Advance(int64_t /*units*/) override {}
  void End(std::string_view /*note*/) override {}
};

}  // namespace calve
