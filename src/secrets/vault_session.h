#pragma once

/// \file secrets/vault_session.h
/// A login that lasts: tokens are renewed, and replaced where that can't be.

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "core/result.h"
#include "secrets/vault_options.h"
#include "secrets/vault_reply.h"
#include "secrets/vault_transport.h"

namespace calve::secrets {

/// The identity under which requests are sent. Not thread-safe.
class VaultSession {
 public:
  /// `transport` outlives this.
  VaultSession(VaultTransport& transport, VaultLogin login);

  /// Sends a request with a token; logs in first if need be. Where the token has died (a
  /// 403 that the token's own look-up shares), logs in again, once.
  ///
  /// \return the reply; the errors of VaultTransport; kInvalidArgument: `vault_no_login`,
  ///         `vault_login_refused`, `vault_unwrap_refused`, `vault_token_file`
  Result<io::HttpResponse> Send(VaultRequest request);

  /// Renews the token if two thirds of its lease are over; logs in anew where the token
  /// can't be renewed any more. A failure is told and tried again later: while the token
  /// lives it does no harm.
  Status Refresh();

  /// When Refresh has something to do next; learns it from the vault if need be.
  std::chrono::steady_clock::time_point NextRefresh();

  /// What the vault says of the token.
  Result<VaultTokenState> LookUp();

 private:
  Status LogIn();
  Status LogInByAppRole();
  Status TakeToken(VaultToken token);
  Result<Secret> ReadTokenFile() const;
  Status Unwrap();
  Status Renew();
  bool TokenIsDead();
  /// Whether another login may give another token.
  bool CanLogInAgain() const;
  void PlanRefresh(std::chrono::seconds lease);

  VaultTransport& transport_;
  VaultLogin login_;
  Secret token_;
  std::chrono::seconds lease_{0};  // as it was at the login; 0: unknown, or endless
  bool lease_known_ = false;
  bool renewable_ = false;
  std::chrono::steady_clock::time_point next_refresh_ =
      std::chrono::steady_clock::time_point::max();
};

}  // namespace calve::secrets
