#include "app/console/log.h"

#include <array>
#include <chrono>
#include <memory>
#include <mutex>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include "core/timestamp.h"

namespace calve::app {
namespace {

class MessageSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  MessageSink(MessageStream& messages, LogFormat format)
      : messages_(messages), format_(format) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const auto level = spdlog::level::to_string_view(message.level);
    const std::string_view level_name(level.data(), level.size());
    const std::string_view text(message.payload.data(), message.payload.size());
    const auto time = std::chrono::duration_cast<std::chrono::microseconds>(
        message.time.time_since_epoch());
    const std::string moment = FormatIsoTimestamp({time.count()});
    if (format_ == LogFormat::kJson) {
      const nlohmann::ordered_json line{
          {"time", moment}, {"level", level_name}, {"message", text}};
      messages_.Print(line.dump(-1, ' ', /*ensure_ascii=*/false,
                                nlohmann::ordered_json::error_handler_t::replace));
    } else {
      messages_.Print(fmt::format("{} {}: {}", moment, level_name, text));
    }
  }

  void flush_() override {}

 private:
  MessageStream& messages_;  // Outlives this, by StopLog.
  LogFormat format_;
};

}  // namespace

bool IsLogLevel(std::string_view name) {
  constexpr std::array kLevels{"trace", "debug", "info", "warn", "error", "off"};
  for (const std::string_view level : kLevels) {
    if (level == name) {
      return true;
    }
  }
  return false;
}

void StartLog(const LogOptions& options, MessageStream& messages) {
  auto logger = std::make_shared<spdlog::logger>(
      "calve", std::make_shared<MessageSink>(messages, options.format));
  logger->set_level(spdlog::level::from_str(options.level));
  spdlog::set_default_logger(std::move(logger));
}

void StopLog() {
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "calve", std::make_shared<spdlog::sinks::null_sink_mt>()));
}

}  // namespace calve::app
