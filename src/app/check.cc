#include "app/check.h"

namespace calve::app {
namespace {

const char* StateName(CheckState state) {
  switch (state) {
    case CheckState::kGood:
      return "good";
    case CheckState::kWarning:
      return "warning";
    case CheckState::kFailed:
      break;
  }
  return "failed";
}

}  // namespace

Document ChecksDocument(const std::string& name, const Checks& checks,
                        const MessageStream& messages) {
  Document document;
  int64_t failed = 0;
  int64_t warnings = 0;
  for (const Check& check : checks) {
    failed += check.state == CheckState::kFailed ? 1 : 0;
    warnings += check.state == CheckState::kWarning ? 1 : 0;
  }
  Record& record = document.AddRecord(name);
  record.Add("healthy", failed == 0);
  record.Add("failed", failed);
  record.Add("warnings", warnings);
  Table& table =
      document.AddTable({{"check"}, {"state"}, {"detail"}, {"remedy"}}, "checks");
  for (const Check& check : checks) {
    table.Add({check.name, StateName(check.state), messages.Masked(check.detail),
               check.remedy});
  }
  document.found_something = failed > 0;
  return document;
}

}  // namespace calve::app
