#include "app/console/exit_code.h"

namespace calve::app {

ExitCode ExitCodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
    case ErrorKind::kUnsupported:
      return kUsage;
    case ErrorKind::kContractViolation:
      return kContractBroken;
    case ErrorKind::kConflict:
    case ErrorKind::kCommitUnknown:  // Every step looks at the tables before it repeats.
    case ErrorKind::kUnavailable:
      return kTryAgain;
    case ErrorKind::kCancelled:
      return kInterrupted;
    case ErrorKind::kCorrupt:
    case ErrorKind::kNotFound:
    case ErrorKind::kInternal:
      break;
  }
  return kFailed;
}

std::string_view KindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
      return "invalid_argument";
    case ErrorKind::kContractViolation:
      return "contract_violation";
    case ErrorKind::kCorrupt:
      return "corrupt";
    case ErrorKind::kNotFound:
      return "not_found";
    case ErrorKind::kUnsupported:
      return "unsupported";
    case ErrorKind::kConflict:
      return "conflict";
    case ErrorKind::kCommitUnknown:
      return "commit_unknown";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kCancelled:
      return "cancelled";
    case ErrorKind::kInternal:
      break;
  }
  return "internal";
}

}  // namespace calve::app
