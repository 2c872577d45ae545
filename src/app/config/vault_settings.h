#pragma once

/// \file app/config/vault_settings.h
/// Where the vault is and how to log in: the keys of `vault`, else the variables that
/// the vault's own tools read.

#include "app/config/interpolate.h"
#include "app/config/settings.h"
#include "core/result.h"
#include "secrets/vault_options.h"

namespace calve::app {

/// Reads the keys of `vault`, whose values are plain by now, and the environment:
/// VAULT_ADDR, VAULT_NAMESPACE, VAULT_CACERT, VAULT_TOKEN, VAULT_TOKEN_FILE,
/// VAULT_ROLE_ID, VAULT_SECRET_ID, VAULT_WRAPPED_SECRET_ID, the last three also with
/// `_FILE`. Without any login, `~/.vault-token` if it is there.
///
/// \return kInvalidArgument for a value of the wrong type or a file that can't be read
Result<secrets::VaultOptions> ReadVaultSettings(const Settings& settings,
                                                const Environment& environment);

}  // namespace calve::app
