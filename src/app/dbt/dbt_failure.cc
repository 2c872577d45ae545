#include "app/dbt/dbt_failure.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <sstream>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/foreign_text.h"

namespace calve::app {
namespace {

constexpr size_t kLongestSentence = 600;  // bytes
constexpr const char* kQuoting =
    "a value does not fit what the model's SQL does with it; `dbt run` shows Trino's "
    "words, which may quote it";

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  const size_t end = text.find_last_not_of(" \t\r\n");
  return begin == text.npos ? "" : text.substr(begin, end - begin + 1);
}

/// `Compilation Error in model orders (models/orders.sql)`, `Database Error`.
bool IsHeading(const std::string& line) {
  const size_t error = line.find(" Error");
  return error != line.npos && line.find(':') == line.npos &&
         (error + 6 == line.size() || line.compare(error, 10, " Error in ") == 0);
}

bool IsPlace(const std::string& line) {
  return line.starts_with("compiled code at ") || line.starts_with("> in macro ") ||
         line.starts_with("> called by ");
}

/// What stands in `name=…` of `TrinoUserError(type=…, name=…, message="…", query_id=…)`.
std::string Between(const std::string& text, std::string_view begin,
                    std::string_view end) {
  const size_t from = text.find(begin);
  const size_t until = from == text.npos ? from : text.find(end, from + begin.size());
  return until == text.npos
             ? ""
             : text.substr(from + begin.size(), until - from - begin.size());
}

/// Whether the sentence begins with a name, as a halt's does: `rows_vanished: …`.
bool BeginsWithName(const std::string& sentence) {
  const std::string_view name = std::string_view(sentence).substr(0, sentence.find(": "));
  return !name.empty() && name.size() < sentence.size() &&
         std::ranges::all_of(name, [](char c) {
           return c == '_' || std::islower(static_cast<unsigned char>(c)) != 0;
         });
}

bool ContainsOneOf(const std::string& text,
                   std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(
      parts, [&](std::string_view part) { return text.find(part) != text.npos; });
}

/// The kind of what passes by itself; nullopt for what does not.
std::optional<ErrorKind> PassingKind(const std::string& message,
                                     const std::string& sentence) {
  if (sentence.starts_with("conflict: ") ||
      // The last: the snapshot that a MERGE began on was expired meanwhile.
      ContainsOneOf(message, {"name=ICEBERG_COMMIT_ERROR", "name=TRANSACTION_CONFLICT",
                              " is not an ancestor of "})) {
    return ErrorKind::kConflict;
  }
  if (ContainsOneOf(message,
                    {"Max retries exceeded", "NewConnectionError", "Connection refused",
                     "Connection reset", "RemoteDisconnected", "Read timed out",
                     "error 502", "error 503", "error 504", "type=INSUFFICIENT_RESOURCES",
                     "name=SERVER_STARTING_UP", "name=SERVER_SHUTTING_DOWN"})) {
    return ErrorKind::kUnavailable;
  }
  return std::nullopt;
}

bool IsContractBroken(const std::string& sentence) {
  constexpr std::array<std::string_view, 3> kHalts{
      "new_field:", "contract_changed:", "violation:"};
  return std::ranges::any_of(
             kHalts, [&](std::string_view halt) { return sentence.starts_with(halt); }) ||
         sentence.starts_with("This model has an enforced contract that failed");
}

/// Whether Trino's words for the error `name` may quote a value out of a row.
bool MayQuote(const std::string& name) {
  constexpr std::array<std::string_view, 5> kQuotingErrors{
      "INVALID_CAST_ARGUMENT", "INVALID_FUNCTION_ARGUMENT", "NUMERIC_VALUE_OUT_OF_RANGE",
      "JSON_INPUT_CONVERSION_ERROR", "JSON_OUTPUT_CONVERSION_ERROR"};
  return std::ranges::find(kQuotingErrors, name) != kQuotingErrors.end();
}

}  // namespace

std::string DbtSentence(const std::string& message) {
  std::string sentence;
  std::istringstream lines(message);
  for (std::string line; std::getline(lines, line);) {
    line = Trimmed(line);
    if (!line.empty() && !IsPlace(line) && !(sentence.empty() && IsHeading(line))) {
      sentence += (sentence.empty() ? "" : " ") + line;
    }
  }
  const std::string own = Between(sentence, "message=\"", "\", query_id=");
  if (!own.empty()) {
    const std::string name = Between(sentence, "name=", ",");
    sentence =
        BeginsWithName(own) ? own : name + ": " + (MayQuote(name) ? kQuoting : own);
  }
  sentence = InOneLine(sentence, kLongestSentence);
  return sentence.empty() ? "dbt does not say why" : sentence;
}

Error ModelFailure(const std::string& model, const std::string& message) {
  const std::string sentence = DbtSentence(message);
  const std::string named = BeginsWithName(sentence)
                                ? sentence
                                : fmt::format("dbt model {}: {}", model, sentence);
  if (const auto kind = PassingKind(message, sentence)) {
    return {*kind, named + "; try again"};
  }
  if (IsContractBroken(sentence)) {
    return {ErrorKind::kContractViolation,
            (BeginsWithName(sentence) ? "" : "contract_changed: ") + named};
  }
  return {ErrorKind::kCorrupt, named};
}

Error ProjectFailure(const std::string& project_folder, const std::string& message) {
  const std::string sentence = DbtSentence(message);
  if (const auto kind = PassingKind(message, sentence)) {
    return {*kind, fmt::format("dbt can't reach Trino: {}; try again once it answers "
                               "(`calve doctor` looks at it)",
                               sentence)};
  }
  return {ErrorKind::kInvalidArgument,
          fmt::format("dbt refuses the project {}: {}", project_folder, sentence)};
}

Error OtherFailure(const std::vector<std::string>& errors) {
  std::string sentence;
  for (const std::string& error : errors) {
    sentence += (sentence.empty() ? "" : ": ") + DbtSentence(error);
  }
  if (const auto kind =
          PassingKind(fmt::format("{}", fmt::join(errors, " ")), sentence)) {
    return {*kind, fmt::format("dbt: {}; try again", sentence)};
  }
  return {ErrorKind::kCorrupt, "dbt: " + sentence};
}

bool LacksPackages(const std::string& message) {
  return message.find("dbt deps") != message.npos;
}

}  // namespace calve::app
