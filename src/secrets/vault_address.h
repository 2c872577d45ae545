#pragma once

/// \file secrets/vault_address.h
/// The address of a vault, checked before anything secret is sent to it.

#include <string>

#include "core/result.h"

namespace calve::secrets {

/// Checks `https://vault.example:8200` and takes slashes at its end away. Plain http is
/// for loopback alone (localhost, 127.0.0.0/8, ::1), unless it is allowed elsewhere.
///
/// \return kInvalidArgument: `vault_address`, or `vault_insecure` for plain http
Result<std::string> CheckVaultAddress(const std::string& address, bool allow_http);

}  // namespace calve::secrets
