#pragma once

/// \file app/console/log.h
/// Logs on stderr, through spdlog's default logger.

#include <optional>
#include <string>
#include <string_view>

#include "app/console/message_stream.h"

namespace calve::app {

enum class LogFormat { kText, kJson };

struct LogOptions {
  std::string level = "info";  // trace, debug, info, warn, error, off
  LogFormat format = LogFormat::kText;
};

/// Whether spdlog knows this level's name.
bool IsLogLevel(std::string_view name);

/// Sends spdlog's default logger to `messages`, which outlives it (StopLog). JSON lines
/// hold `time`, `level` and `message`.
void StartLog(const LogOptions& options, MessageStream& messages);

/// Takes the logger away from its stream. Idempotent.
void StopLog();

}  // namespace calve::app
