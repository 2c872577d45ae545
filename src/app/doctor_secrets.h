#pragma once

/// \file app/doctor_secrets.h
/// Whether the secrets that the configuration names can be read.

#include "app/check.h"
#include "app/session.h"

namespace calve::app {

/// Adds a check of the vault, if the configuration uses one, and one for each secret,
/// read anew. Values stand nowhere.
void AddSecretChecks(Session& session, Checks& checks);

}  // namespace calve::app
