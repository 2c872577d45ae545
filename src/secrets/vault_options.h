#pragma once

/// \file secrets/vault_options.h
/// How to reach a vault (HashiCorp Vault or OpenBao) and how to log in to it.

#include <chrono>
#include <string>

#include "secrets/secret.h"

namespace calve::secrets {

/// Who the vault should take us for. The first that is given counts: a token, AppRole, a
/// file with a token.
struct VaultLogin {
  Secret token = {};
  std::string token_file = {};
  std::string role_id = {};
  Secret secret_id = {};
  /// A token that can be turned into a secret_id once (response wrapping).
  Secret wrapped_secret_id = {};
  std::string approle_mount = "approle";
};

struct VaultOptions {
  std::string address = {};     // https://vault.example:8200
  std::string name_space = {};  // X-Vault-Namespace; empty: the root one
  std::string ca_file = {};     // PEM; empty: the system's
  bool allow_http = false;      // beyond loopback
  int kv_version = 0;           // 1 or 2; 0: ask the server
  /// How long a request is tried again while the vault is sealed, out of reach or busy.
  std::chrono::milliseconds patience{15'000};
  VaultLogin login = {};
};

}  // namespace calve::secrets
