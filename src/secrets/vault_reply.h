#pragma once

/// \file secrets/vault_reply.h
/// What a vault's replies say. Pure: bytes in, values out; no text of a reply but the
/// server's own error messages ever stands in an error.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "secrets/secret.h"
#include "secrets/secret_record.h"

namespace calve::secrets {

/// All functions return kCorrupt, a part of a sentence, for a reply that is not what was
/// asked for.

/// The server's reasons, `; ` between them; empty if the reply has none. Control
/// characters become spaces; at most 300 bytes, cut between characters.
std::string ErrorsOf(std::string_view body);

/// The error of a reply that no vault gives. \param to_what  `to the login`
/// \param what  a part of a sentence, as the functions here say it
Error OddReply(std::string_view to_what, std::string_view what);

/// A mount of a secrets engine.
struct VaultMount {
  std::string path;  // `secret/`
  std::string type;  // `kv`
  int kv_version = 1;
};
Result<VaultMount> ParseMount(std::string_view body);

/// A token, as a login or a renewal gives it.
struct VaultToken {
  Secret token;
  std::chrono::seconds lease{0};  // 0: does not end
  bool renewable = false;
};
Result<VaultToken> ParseAuth(std::string_view body);

/// What a token's own look-up says of it.
struct VaultTokenState {
  std::chrono::seconds lease{0};  // left; 0: does not end
  bool renewable = false;
  std::vector<std::string> policies;
};
Result<VaultTokenState> ParseTokenState(std::string_view body);

/// A stored secret.
struct VaultSecret {
  SecretRecord record;
  /// When the server asks for another look; 0: never (version 2, and most of version 1).
  std::chrono::seconds lease{0};
  int64_t version = 0;  // of version 2; 0: unknown
};
/// The secret of a 200 reply.
Result<VaultSecret> ParseSecret(std::string_view body, int kv_version);

/// The version that a 404 of engine version 2 tells of, whose last secret was deleted; 0:
/// there never was one.
int64_t DeletedVersion(std::string_view body);

/// Where a wrapped secret was made: `auth/approle/role/x/secret-id`.
Result<std::string> ParseWrapPath(std::string_view body);
/// The secret_id that was wrapped.
Result<Secret> ParseSecretId(std::string_view body);

}  // namespace calve::secrets
