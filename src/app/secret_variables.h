#pragma once

/// \file app/secret_variables.h
/// Environment variables that hold secrets, kept from children and from onlookers.

namespace calve::app {

/// Overwrites the values of the process's variables that are secrets (VAULT_TOKEN,
/// CALVE_SOURCE__POSTGRES__PASSWORD and their like), so that /proc/<pid>/environ does not
/// show them, and takes the variables away, so that children don't get them. Call once,
/// after ProcessEnvironment() and before the first thread. What libpq reads by itself
/// (PG*) stays.
void WipeSecretVariables();

}  // namespace calve::app
