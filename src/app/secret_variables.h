#pragma once

/// \file app/secret_variables.h
/// Environment variables that hold secrets, kept from children and from onlookers.

#include <string_view>

namespace calve::app {

/// Whether a variable of this name holds a secret of ours: VAULT_TOKEN,
/// CALVE_SOURCE__POSTGRES__PASSWORD and their like.
bool IsSecretVariable(std::string_view name);

/// Overwrites the values of the process's variables that are secrets, so that
/// /proc/<pid>/environ does not show them, and takes the variables away, so that children
/// don't get them. Call once,
/// after ProcessEnvironment() and before the first thread. What libpq reads by itself
/// (PG*) stays.
void WipeSecretVariables();

}  // namespace calve::app
