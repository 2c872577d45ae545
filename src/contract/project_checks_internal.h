#pragma once

/// \file contract/project_checks_internal.h
/// What a run relies on, beyond each model by itself.

#include "contract/contract.h"
#include "contract/problems_internal.h"

namespace calve::contract {

/// Holds the models against each other and each against what its kind needs: names used
/// once, `from` of the right kind, keys that exist, columns with their types, no cycle.
void CheckProject(const Project& project, Problems& problems);

}  // namespace calve::contract
