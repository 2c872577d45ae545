#pragma once

/// \file secrets/vault_client.h
/// Secrets in a vault's key-value engines, versions 1 and 2 (HashiCorp Vault, OpenBao).

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/result.h"
#include "secrets/secret_record.h"
#include "secrets/vault_options.h"
#include "secrets/vault_reply.h"
#include "secrets/vault_session.h"
#include "secrets/vault_transport.h"

namespace calve::secrets {

/// One vault under one login. What was read stays until the lease that came with it ends,
/// or Forget: a vault that is sealed or frozen later stops nobody. Thread-safe.
///
/// Each error's message starts with its name. Besides those of VaultTransport and
/// VaultSession, kInvalidArgument: `vault_denied` (with the policy that is needed),
/// `vault_no_secret`, `vault_no_mount`, `vault_wrong_mount`, `vault_no_namespace`.
class VaultClient {
 public:
  /// Sends nothing yet. \return the errors of VaultTransport::Make
  static Result<std::unique_ptr<VaultClient>> Make(const VaultOptions& options);
  VaultClient(const VaultClient&) = delete;
  VaultClient& operator=(const VaultClient&) = delete;
  ~VaultClient();

  /// The secret at `mount/path`.
  Result<VaultSecret> Read(const std::string& path);

  /// Gives up what was read, so that Read asks again.
  void Forget();

  /// The secret as it is now, past the cache; nullopt where there is none, or its last
  /// version was deleted: then `version` below is that one's.
  struct Stored {
    std::optional<SecretRecord> record;
    int64_t version = 0;  // of version 2
    int kv_version = 2;
  };
  Result<Stored> Look(const std::string& path);

  /// Writes the secret, all its fields.
  /// \param stored  what Look gave: with version 2 the write is done only if the secret
  /// is
  ///     still at that version; version 1 knows no such check
  /// \return kConflict, `vault_conflict`, if somebody else was faster
  Status Write(const std::string& path, const SecretRecord& record, const Stored& stored);

  /// Mounts a key-value engine of version 2 at the first part of a path, unless something
  /// is mounted there.
  Status EnableMount(const std::string& path);

  /// What the vault says of our token.
  Result<VaultTokenState> LookUpToken();

  /// Renews the token at two thirds of its lease from now on, on a thread of its own.
  /// \param warn  gets a sentence for each renewal that failed; called on that thread
  void KeepRenewed(std::function<void(const std::string&)> warn);

  const std::string& address() const { return transport_->address(); }

 private:
  struct Cached {
    VaultSecret secret;
    std::chrono::steady_clock::time_point until;
  };
  struct Place {
    VaultMount mount;
    std::string api_path;  // of the secret: `secret/data/postgres/ecommerce`
  };

  VaultClient(std::unique_ptr<VaultTransport> transport, const VaultOptions& options);

  Result<VaultSecret> Fetch(const std::string& path);
  Result<Place> FindPlace(const std::string& path);
  Result<VaultMount> FindMount(const std::string& path);
  Error NoMount(const std::string& path, const io::HttpResponse& reply);
  Error Denied(const std::string& api_path, std::string_view capability,
               const io::HttpResponse& reply);
  Error ReadFailure(const std::string& path, const Place& place,
                    const io::HttpResponse& reply);
  void RenewUntilStopped(const std::stop_token& stop,
                         const std::function<void(const std::string&)>& warn);

  const int kv_version_;  // 0: ask
  std::mutex mutex_;      // Guards all below but thread_.
  std::condition_variable_any wake_;
  std::unique_ptr<VaultTransport> transport_;
  VaultSession session_;
  std::vector<VaultMount> mounts_;  // that are known
  std::map<std::string, Cached> cache_;
  std::jthread thread_;  // last: it ends before what it uses
};

}  // namespace calve::secrets
