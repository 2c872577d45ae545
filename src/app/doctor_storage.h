#pragma once

/// \file app/doctor_storage.h
/// Whether places and the catalog do what every commit relies on. Each check cleans up.

#include <string>

#include "app/check.h"
#include "flow/pipeline.h"

namespace calve::app {

/// Puts, gets, lists and deletes an object below `root`, and sees that it can be created
/// only once.
Check CheckPlace(const flow::Pipeline& pipeline, const std::string& name,
                 const std::string& root);

/// Commits a table of its own, sees that a stale commit is refused, and drops it.
Check CheckCatalog(const flow::Pipeline& pipeline);

}  // namespace calve::app
