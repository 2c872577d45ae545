#pragma once

/// \file secrets/secret_store.h
/// A name in, a secret out: from a vault, a file or a variable.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "secrets/secret_record.h"
#include "secrets/secret_reference.h"
#include "secrets/vault_client.h"
#include "secrets/vault_options.h"

namespace calve::secrets {

/// Not thread-safe; the vault's client is.
class SecretStore {
 public:
  using Variables = std::map<std::string, std::string, std::less<>>;

  explicit SecretStore(Variables variables) : variables_(std::move(variables)) {}

  /// Says where the vault is. A client that was made is kept if nothing has changed.
  void UseVault(VaultOptions options);

  /// The one text that a reference names: a record's field; without a key a file's text,
  /// less its last line break, or a variable's.
  /// \return the errors of VaultClient; kInvalidArgument: `secret_no_key`,
  ///         `secret_no_file`, `secret_no_variable`, `vault_not_set`
  Result<Secret> Value(const SecretReference& reference);

  /// The record that a reference without a key names: a vault's secret; a file or a
  /// variable that holds a JSON object; a folder with one file for each field.
  Result<SecretRecord> Record(const SecretReference& reference);

  /// The vault's client; `vault_not_set` if there is no vault's address.
  Result<VaultClient*> Vault();

  /// The vault's client if something was asked of it; null: nothing was.
  VaultClient* VaultInUse() const { return vault_.get(); }

  /// What must never be shown of all that was given so far: the sensitive fields of
  /// records, texts, and the vault's login.
  const std::vector<Secret>& sensitive() const { return sensitive_; }

  /// Gives up what was read from the vault, so that the next look asks it again.
  void Forget();

 private:
  Result<SecretRecord> ReadRecord(const SecretReference& reference);
  Result<std::string> Text(const SecretReference& reference) const;

  const Variables variables_;
  VaultOptions options_;
  std::unique_ptr<VaultClient> vault_;  // made when first needed
  std::vector<Secret> sensitive_;
};

}  // namespace calve::secrets
