#include "app/command_options.h"

#include <CLI/CLI.hpp>

namespace calve::app {

CommandOptions& CommandOptions::Text(const std::string& names, std::string& into,
                                     const std::string& help) {
  last_ = parser_->add_option(names, into, help);
  return *this;
}

CommandOptions& CommandOptions::Choice(const std::string& names, std::string& into,
                                       const std::vector<std::string>& choices,
                                       const std::string& help) {
  last_ = parser_->add_option(names, into, help)->check(CLI::IsMember(choices));
  return *this;
}

CommandOptions& CommandOptions::Texts(const std::string& names,
                                      std::vector<std::string>& into,
                                      const std::string& help) {
  last_ = parser_->add_option(names, into, help);
  return *this;
}

CommandOptions& CommandOptions::CommaTexts(const std::string& names,
                                           std::vector<std::string>& into,
                                           const std::string& help) {
  last_ = parser_->add_option(names, into, help)->delimiter(',');
  return *this;
}

CommandOptions& CommandOptions::Count(const std::string& names, int64_t& into,
                                      const std::string& help) {
  last_ =
      parser_->add_option(names, into, help)
          ->check(CLI::Validator(
              // The parser's own check quotes the largest double, all 309 digits of it.
              [](const std::string& text) {
                const bool positive =
                    !text.starts_with('-') &&
                    text.find_first_of("123456789") != std::string::npos;
                return positive ? std::string()
                                : "'" + text + "' is not a whole number from 1 on";
              },
              "INT:POSITIVE"));
  return *this;
}

CommandOptions& CommandOptions::UpTo(const std::string& names, int& into, int most,
                                     const std::string& help) {
  last_ = parser_->add_option(names, into, help)->check(CLI::Range(0, most));
  return *this;
}

CommandOptions& CommandOptions::Seed(const std::string& names, uint64_t& into,
                                     const std::string& help) {
  last_ = parser_->add_option(names, into, help);
  return *this;
}

CommandOptions& CommandOptions::Flag(const std::string& names, bool& into,
                                     const std::string& help) {
  last_ = parser_->add_flag(names, into, help);
  return *this;
}

CommandOptions& CommandOptions::Required() {
  last_->required();
  return *this;
}

CommandOptions& CommandOptions::Excludes(const std::string& name) {
  last_->excludes(parser_->get_option(name));
  return *this;
}

}  // namespace calve::app
