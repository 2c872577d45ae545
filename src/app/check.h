#pragma once

/// \file app/check.h
/// What `doctor` and its like find: one line a check, with the remedy.

#include <string>
#include <vector>

#include "app/console/document.h"
#include "app/console/message_stream.h"

namespace calve::app {

enum class CheckState { kGood, kWarning, kFailed };

struct Check {
  std::string name;
  CheckState state = CheckState::kGood;
  std::string detail;
  std::string remedy;  // empty if good
};

using Checks = std::vector<Check>;

/// The checks as a table, below a record `name` that sums them up. The document has found
/// something if one failed.
/// \param messages  masks what must not be shown
Document ChecksDocument(const std::string& name, const Checks& checks,
                        const MessageStream& messages);

}  // namespace calve::app
