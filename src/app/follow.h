#pragma once

/// \file app/follow.h
/// `run --follow`: rounds, one after the other, until a signal comes.

#include <chrono>
#include <string>

#include "app/console/document.h"
#include "app/transformer.h"
#include "core/result.h"
#include "flow/pipeline.h"

namespace calve::app {

struct FollowOptions {
  std::string select;  // models to transform; empty: all
  std::chrono::milliseconds pause{10'000};
};

/// Runs rounds, with the care of the tables after each that committed, until a signal
/// comes, which is the good end.
///
/// What passes by itself (the source or the catalog can't be reached, other writers are
/// faster) is said once, then waited for with growing pauses, up to a minute. A failing
/// maintenance never ends it.
/// \return the totals; an Error that no later round can mend
Result<Document> Follow(const flow::Pipeline& pipeline, const Transformer& transform,
                        const FollowOptions& options);

}  // namespace calve::app
