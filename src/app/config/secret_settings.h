#pragma once

/// \file app/config/secret_settings.h
/// Puts variables and secrets into the settings: from raw values to plain ones.

#include <string>
#include <vector>

#include "app/config/settings.h"
#include "core/result.h"
#include "secrets/secret_reference.h"
#include "secrets/secret_store.h"

namespace calve::app {

/// The parts of the configuration whose secrets a command needs. A process reads no
/// secret that it has no use for, and needs no right to.
struct SecretNeeds {
  bool source = true;
  bool landing = true;
  bool catalog = true;
  bool trino = true;
  /// What `engine` needs: with trino as above.
  bool engine = false;
};

/// Replaces what Interpolate replaces: variables in values of the file alone (a shell has
/// done so for the others), references to secrets in all. A key that is a secret itself
/// may be a reference as a whole, `file:///run/secrets/password` for one. A record that
/// `source.postgres.secret` and its like name gives each key that its layer does not give
/// by itself and no stronger layer does.
///
/// Settings of a part that is not needed are taken out whole, if any of them is a secret.
/// The landing place's S3 is the warehouse's, too, unless that has a login of its own.
///
/// \param store  where secrets come from; null: there are none, and references are
/// refused \return kInvalidArgument, or the store's kind of error: one sentence that
/// names file
///         and line (or variable, or flag) and the key
Status ResolveSettings(const Environment& environment, const SecretNeeds& needs,
                       secrets::SecretStore* store, Settings& settings);

/// One place in the configuration that names a secret.
struct SecretUse {
  std::string key;     // source.postgres.secret
  std::string origin;  // calve.yaml:7
  secrets::SecretReference reference;
  /// Keys that a record may give: those that nothing stronger gives.
  std::vector<std::string> gives;
};

/// Every secret that the settings name, by key; nothing is read.
/// \return the errors of ResolveSettings for a malformed value
Result<std::vector<SecretUse>> FindSecretUses(const Environment& environment,
                                              const Settings& settings);

/// Tells the store where the vault is, by the keys of `vault` and the environment.
Status UseVaultOf(const Environment& environment, const Settings& settings,
                  secrets::SecretStore& store);

/// The key that a field of a record gives, such as `landing.uri` for `bucket`; "" for a
/// field that none takes.
std::string KeyOfField(std::string_view section, std::string_view field);

}  // namespace calve::app
