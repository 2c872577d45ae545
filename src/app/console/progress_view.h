#pragma once

/// \file app/console/progress_view.h
/// Shows progress: a bar on a terminal, plain lines, JSON lines, or nothing.

#include <memory>
#include <optional>
#include <string_view>

#include "app/console/message_stream.h"
#include "core/clock.h"
#include "core/progress.h"

namespace calve::app {

enum class ProgressMode { kAuto, kBar, kPlain, kJson, kNone };

/// `auto`, `bar`, `plain`, `json`, `none`; nullopt for another word.
std::optional<ProgressMode> ParseProgressMode(std::string_view name);

struct ProgressOptions {
  ProgressMode mode = ProgressMode::kAuto;
  bool terminal = false;  // what kAuto goes by: a bar on a terminal, else plain lines
  bool color = false;
};

/// Makes a view. The bar is redrawn at most ten times a second; plain lines come every
/// five seconds and at the end of each step; JSON lines once a second and at begin and
/// end:
/// `{"step": …, "state": "begin|running|end", "done": n, "total": n|null, "unit": …,
/// "seconds": s, "note": …}`. `messages` and `clock` outlive the view.
std::unique_ptr<Progress> MakeProgress(const ProgressOptions& options,
                                       MessageStream& messages, Clock& clock);

}  // namespace calve::app
