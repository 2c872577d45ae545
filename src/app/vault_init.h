#pragma once

/// \file app/vault_init.h
/// Puts the secrets of a pipeline into a vault: what there is of them, what the vault has
/// already, and what is left to write.

#include <map>
#include <string>
#include <vector>

#include "app/config/settings.h"
#include "core/result.h"
#include "secrets/secret_record.h"
#include "secrets/vault_client.h"

namespace calve::app {

/// By the secret's path, `secret/postgres/ecommerce`.
using SecretRecords = std::map<std::string, secrets::SecretRecord>;

/// The records that settings and variables give: the source's, the landing place's and
/// the catalog's, under the paths that their `secret` keys name, else under the usual
/// ones.
///
/// \param raw  settings whose values are not replaced yet: they name the paths
/// \param plain  the same, replaced, without those that come from a vault
/// \param mount  of the usual paths
/// \return the records that have a field; kInvalidArgument for a broken connection string
Result<SecretRecords> RecordsOf(const Settings& raw, const Settings& plain,
                                const Environment& environment, const std::string& mount);

/// Reads `{"secret/postgres/ecommerce": {"host": …}, …}` and puts its fields over those
/// of `records`. kInvalidArgument, without any of the text, if it is something else.
Status AddInput(std::string_view json, SecretRecords& records);

struct VaultInitOptions {
  bool dry_run = false;
  bool overwrite = false;  // fields whose value in the vault is another
};

enum class VaultInitAction { kCreated, kExtended, kOverwritten, kUnchanged, kKept };

/// What was done, or would be, with one secret.
struct VaultInitResult {
  std::string path;
  VaultInitAction action = VaultInitAction::kUnchanged;
  std::vector<std::string> fields;  // that were written, or differ and were kept
};

/// Brings one secret to what `wanted` says; fields of the vault's own stay. A write is
/// done only if nobody else has written since it was looked at (engine version 2), else
/// all is decided again. \return the errors of VaultClient; kConflict after several lost
/// races
Result<VaultInitResult> InitSecret(secrets::VaultClient& vault, const std::string& path,
                                   const secrets::SecretRecord& wanted,
                                   const VaultInitOptions& options);

}  // namespace calve::app
