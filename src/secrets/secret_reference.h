#pragma once

/// \file secrets/secret_reference.h
/// Where a secret is, as a name that a configuration may hold.

#include <string>
#include <string_view>

#include "core/result.h"

namespace calve::secrets {

enum class SecretPlace { kVault, kFile, kEnvironment };

/// `vault://mount/path#key`, `file:///path#key` or `env://NAME#key`. Without a key it
/// names the whole: a record, or for a file or a variable also its text.
struct SecretReference {
  SecretPlace place = SecretPlace::kVault;
  std::string path;  // `secret/postgres/ecommerce`, `/run/secrets/db.json`, `DB_SECRET`
  std::string key;   // empty: the whole

  /// As it is written.
  std::string text() const;

  friend bool operator==(const SecretReference&, const SecretReference&) = default;
};

/// Whether a text has a control character, which no name has.
bool HasControl(std::string_view text);

/// Whether a text starts like a reference.
bool LooksLikeReference(std::string_view text);

/// Reads a text that is a reference as a whole.
/// \return kInvalidArgument: a part of a sentence that starts with a verb
Result<SecretReference> ParseReference(std::string_view text);

}  // namespace calve::secrets
