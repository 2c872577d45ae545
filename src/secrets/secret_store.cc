#include "secrets/secret_store.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "secrets/refused_internal.h"

namespace calve::secrets {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kMostFileBytes = uintmax_t{1024} * 1024;

Result<std::string> ReadFile(const std::string& path) {
  std::error_code ignored;
  const bool large =
      fs::is_regular_file(path, ignored) && fs::file_size(path, ignored) > kMostFileBytes;
  std::ifstream stream(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream || large || fs::is_directory(path, ignored)) {
    return Refused(fmt::format("secret_no_file: cannot read the secret in {}: {}", path,
                               large ? "it has more than 1 MiB" : std::strerror(errno)));
  }
  if (text.ends_with('\n')) {
    text.pop_back();
  }
  if (text.ends_with('\r')) {
    text.pop_back();
  }
  return text;
}

/// One file for each field, as orchestrators mount secrets. Names with a dot in front are
/// theirs.
Result<SecretRecord> ReadFolder(const std::string& path) {
  SecretRecord record;
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    std::error_code ignored;
    if (!name.starts_with('.') && fs::is_regular_file(at->path(), ignored)) {
      CALVE_ASSIGN(std::string text, ReadFile(at->path().string()));
      record.insert_or_assign(name, Secret(std::move(text)));
    }
  }
  if (error) {
    return Refused(fmt::format("secret_no_file: cannot read the secrets in {}: {}", path,
                               error.message()));
  }
  return record;
}

bool SameLogin(const VaultLogin& a, const VaultLogin& b) {
  return a.token.Reveal() == b.token.Reveal() && a.token_file == b.token_file &&
         a.role_id == b.role_id && a.secret_id.Reveal() == b.secret_id.Reveal() &&
         a.wrapped_secret_id.Reveal() == b.wrapped_secret_id.Reveal() &&
         a.approle_mount == b.approle_mount;
}

bool Same(const VaultOptions& a, const VaultOptions& b) {
  return a.address == b.address && a.name_space == b.name_space &&
         a.ca_file == b.ca_file && a.allow_http == b.allow_http &&
         a.kv_version == b.kv_version && a.patience == b.patience &&
         SameLogin(a.login, b.login);
}

}  // namespace

void SecretStore::UseVault(VaultOptions options) {
  if (!Same(options, options_)) {
    vault_.reset();
    options_ = std::move(options);
    const VaultLogin& login = options_.login;
    for (const Secret& secret : {login.token, login.secret_id, login.wrapped_secret_id}) {
      sensitive_.push_back(secret);
    }
  }
}

Result<VaultClient*> SecretStore::Vault() {
  if (vault_ == nullptr) {
    if (options_.address.empty()) {
      return Refused(
          "vault_not_set: a vault:// secret is asked for, and nothing says where "
          "the vault is; set VAULT_ADDR, or vault.address");
    }
    CALVE_ASSIGN(vault_, VaultClient::Make(options_));
  }
  return vault_.get();
}

void SecretStore::Forget() {
  if (vault_ != nullptr) {
    vault_->Forget();
  }
}

Result<std::string> SecretStore::Text(const SecretReference& reference) const {
  if (reference.place == SecretPlace::kFile) {
    return ReadFile(reference.path);
  }
  const auto found = variables_.find(reference.path);
  if (found == variables_.end() || found->second.empty()) {
    return Refused(fmt::format("secret_no_variable: the variable {} is not set or empty",
                               reference.path));
  }
  return found->second;
}

Result<SecretRecord> SecretStore::Record(const SecretReference& reference) {
  CALVE_ASSIGN(SecretRecord record, ReadRecord(reference));
  for (const auto& [field, value] : record) {
    if (IsSensitive(field)) {
      sensitive_.push_back(value);
    }
  }
  return record;
}

Result<SecretRecord> SecretStore::ReadRecord(const SecretReference& reference) {
  if (reference.place == SecretPlace::kVault) {
    CALVE_ASSIGN(VaultClient* const vault, Vault());
    CALVE_ASSIGN(VaultSecret secret, vault->Read(reference.path));
    return std::move(secret.record);
  }
  std::error_code ignored;
  if (reference.place == SecretPlace::kFile &&
      fs::is_directory(reference.path, ignored)) {
    return ReadFolder(reference.path);
  }
  CALVE_ASSIGN(std::string text, Text(reference));
  auto record = ParseRecord(text);
  Wipe(text);
  if (!record) {
    return Refused(fmt::format("secret_no_record: {}://{} {}",
                               reference.place == SecretPlace::kFile ? "file" : "env",
                               reference.path, record.error().message));
  }
  return record;
}

Result<Secret> SecretStore::Value(const SecretReference& reference) {
  if (reference.key.empty() && reference.place != SecretPlace::kVault) {
    CALVE_ASSIGN(std::string text, Text(reference));
    sensitive_.emplace_back(std::move(text));
    return sensitive_.back();
  }
  if (reference.key.empty()) {
    return Refused(
        fmt::format("secret_no_key: {} names a whole secret; name the key that is "
                    "wanted, as in {}#password",
                    reference.text(), reference.text()));
  }
  CALVE_ASSIGN(const SecretRecord record, Record(reference));
  const auto field = record.find(reference.key);
  if (field == record.end()) {
    const std::string whole = SecretReference{reference.place, reference.path, ""}.text();
    return Refused(fmt::format("secret_no_key: {} has no key {}", whole, reference.key));
  }
  return field->second;
}

}  // namespace calve::secrets
