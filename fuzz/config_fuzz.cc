// Fuzzes the configuration: any file is a configuration or one error, and no error tells
// what a variable holds.

#include <optional>
#include <string>
#include <string_view>

#include "app/config/config.h"
#include "app/config/config_values.h"
#include "fuzz_input.h"

namespace {

using calve::fuzz::Require;

constexpr std::string_view kCanary = "canary-7f3a";

calve::app::Environment EnvironmentWithCanary() {
  return {{"SECRET", std::string(kCanary)}, {"EMPTY", ""}, {"HOME", "/home/x"}};
}

void CheckFile(const std::string& text) {
  const calve::app::ConfigLayers layers = {.file = "calve.yaml",
                                           .text = text,
                                           .assignments = {},
                                           .environment = EnvironmentWithCanary()};
  const auto config = calve::app::ReadConfig(layers, "/base", "/work");
  if (!config) {
    Require(config.error().kind == calve::ErrorKind::kInvalidArgument ||
                config.error().kind == calve::ErrorKind::kUnsupported,
            "a configuration is wrong or unsupported, nothing else");
    Require(config.error().message.starts_with("calve.yaml:"),
            "an error starts with the file's name");
    return;
  }
  Require(config->catalog == std::nullopt || !config->catalog->warehouse.empty(),
          "a catalog has a warehouse");
  (void)config->PasswordsToMask();
}

void CheckInterpolation(std::string_view text) {
  const auto value = calve::app::Interpolate(text, EnvironmentWithCanary());
  const bool shown = !value && value.error().message.find(kCanary) != std::string::npos &&
                     text.find(kCanary) == std::string_view::npos;
  Require(!shown, "an error holds no variable's value");
}

void CheckValues(std::string_view text) {
  const auto integer = calve::app::ParseInteger(text);
  Require(!integer || *integer >= 0, "numbers are 0 or more");
  const auto bytes = calve::app::ParseBytes(text);
  Require(!bytes || *bytes >= 0, "sizes are 0 or more");
  const auto duration = calve::app::ParseDuration(text);
  Require(!duration || duration->count() >= 0, "durations are 0 or more");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = calve::fuzz::TextOf(data, size);
  CheckFile(std::string(text));
  CheckInterpolation(text);
  CheckValues(text);
  return 0;
}
