#pragma once

/// \file secrets/vault_transport.h
/// Requests to a vault's API, repeated while it is busy, sealed or out of reach.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "io/http/http_client.h"
#include "secrets/secret.h"
#include "secrets/vault_options.h"

namespace calve::secrets {

struct VaultRequest {
  std::string method;  // GET, POST
  std::string path;    // below /v1/, not percent-encoded: `secret/data/postgres/x`
  const Secret* token = nullptr;  // null: none; borrowed until Send returns
  std::string body = {};          // JSON; wiped when the request goes
  /// Whether the server may carry it out a second time.
  bool may_repeat = true;

  VaultRequest(std::string how, std::string what)
      : method(std::move(how)), path(std::move(what)) {}
  VaultRequest(const VaultRequest&) = default;
  VaultRequest(VaultRequest&&) = default;
  VaultRequest& operator=(const VaultRequest&) = default;
  VaultRequest& operator=(VaultRequest&&) = default;
  ~VaultRequest() { Wipe(body); }
};

/// Not thread-safe.
class VaultTransport {
 public:
  /// \return the errors of CheckVaultAddress; `vault_address` for a namespace that is
  /// none
  static Result<std::unique_ptr<VaultTransport>> Make(const VaultOptions& options);

  /// Sends a request, and again, later and later, while it fails for a reason that passes
  /// (no reply, 412, 429, 5xx) and patience lasts. Once patience ran out, requests of the
  /// next moments are sent once: a dead vault is waited for once, not once per secret.
  ///
  /// \return the reply, whose status is below 300, or 400, 403, 404, 405 and the like;
  ///         kUnavailable: `vault_sealed`, `vault_unreachable`, `vault_busy`;
  ///         kInvalidArgument: `vault_untrusted` (TLS), `vault_redirects`
  Result<io::HttpResponse> Send(const VaultRequest& request);

  /// From now on masks a secret in what the server says.
  void Hide(const Secret& secret);

  /// The server's own words about a refusal, in brackets with a space before, or "".
  std::string Reason(const io::HttpResponse& response) const;

  const std::string& address() const { return address_; }
  const std::string& name_space() const { return name_space_; }

 private:
  VaultTransport(const VaultOptions& options, std::string address);

  Result<io::HttpResponse> SendOnce(const VaultRequest& request);
  Error Failure(const Result<io::HttpResponse>& last) const;

  std::string address_;
  std::string name_space_;
  std::chrono::milliseconds patience_;
  std::unique_ptr<io::HttpClient> http_;
  std::vector<Secret> hidden_;
  /// Until then a failing request is not repeated.
  std::chrono::steady_clock::time_point impatient_until_{};
};

}  // namespace calve::secrets
