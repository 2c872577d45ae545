#include "secrets/vault_transport.h"

#include <algorithm>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "io/http/backoff.h"
#include "io/http/http_status.h"
#include "secrets/secret_reference.h"
#include "secrets/vault_address.h"
#include "secrets/vault_reply.h"

namespace calve::secrets {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kImpatience(5);
constexpr std::chrono::seconds kLongestStall(5);
constexpr size_t kMostReplyBytes = size_t{4} * 1024 * 1024;

bool Passes(const Result<io::HttpResponse>& reply) {
  if (!reply) {
    return reply.error().kind == ErrorKind::kUnavailable;
  }
  return reply->status == io::kHttpPreconditionFailed ||
         reply->status == io::kHttpTooManyRequests || reply->status >= 500;
}

io::HttpOptions HttpOptionsOf(const VaultOptions& options) {
  const auto stall = std::chrono::duration_cast<std::chrono::seconds>(options.patience);
  return {.ca_file = options.ca_file,
          .connect_timeout =
              std::min<std::chrono::milliseconds>(options.patience, kLongestStall),
          .stall_timeout = std::clamp(stall, std::chrono::seconds(1), kLongestStall),
          .max_body_bytes = kMostReplyBytes};
}

}  // namespace

Result<std::unique_ptr<VaultTransport>> VaultTransport::Make(
    const VaultOptions& options) {
  CALVE_ASSIGN(std::string address,
               CheckVaultAddress(options.address, options.allow_http));
  if (HasControl(options.name_space)) {
    return Error{ErrorKind::kInvalidArgument,
                 "vault_address: the vault's namespace has a control character; set "
                 "VAULT_NAMESPACE to a path such as team-a"};
  }
  return std::unique_ptr<VaultTransport>(new VaultTransport(options, std::move(address)));
}

VaultTransport::VaultTransport(const VaultOptions& options, std::string address)
    : address_(std::move(address)),
      name_space_(options.name_space),
      patience_(options.patience),
      http_(io::MakeHttpClient(HttpOptionsOf(options))) {}

Result<io::HttpResponse> VaultTransport::Send(const VaultRequest& request) {
  const auto start = steady_clock::now();
  const auto deadline = start < impatient_until_ ? start : start + patience_;
  io::Backoff backoff({.attempts = 1'000,
                       .first = std::chrono::milliseconds(100),
                       .longest = std::chrono::milliseconds(2'000)},
                      std::random_device()());
  Result<io::HttpResponse> reply = SendOnce(request);
  while (Passes(reply) && request.may_repeat && steady_clock::now() < deadline &&
         backoff.Wait()) {
    reply = SendOnce(request);
  }
  if (Passes(reply)) {
    impatient_until_ = steady_clock::now() + kImpatience;
    return Failure(reply);
  }
  impatient_until_ = {};
  if (!reply || (reply->status >= 300 && reply->status < 400)) {
    return Failure(reply);
  }
  return reply;
}

Result<io::HttpResponse> VaultTransport::SendOnce(const VaultRequest& request) {
  io::HttpRequest http{
      .method = request.method,
      .url = address_ + "/v1/" + io::PercentEncode(request.path, /*keep_slashes=*/true),
      .headers = {{"X-Vault-Request", "true"}},
      .body = request.body,
      .may_repeat = request.may_repeat};
  if (!name_space_.empty()) {
    http.headers["X-Vault-Namespace"] = name_space_;
  }
  if (!request.body.empty()) {
    http.headers["Content-Type"] = "application/json";
  }
  if (request.token != nullptr) {
    http.headers["X-Vault-Token"] = request.token->Reveal();
  }
  Result<io::HttpResponse> reply = http_->Send(http);
  if (request.token != nullptr) {
    Wipe(http.headers["X-Vault-Token"]);
  }
  return reply;
}

Error VaultTransport::Failure(const Result<io::HttpResponse>& last) const {
  if (!last) {
    const Error& error = last.error();
    if (error.kind == ErrorKind::kUnavailable) {
      return {
          ErrorKind::kUnavailable,
          fmt::format("vault_unreachable: no reply from the vault; check that it runs "
                      "and that VAULT_ADDR is right: {}",
                      error.message)};
    }
    return {error.kind,
            fmt::format("vault_untrusted: the vault's certificate is not trusted, or its "
                        "address is none; set VAULT_CACERT to the CA's file (PEM): {}",
                        error.message)};
  }
  const std::string reason = Reason(*last);
  if (last->status < 400) {
    return {
        ErrorKind::kInvalidArgument,
        fmt::format("vault_redirects: the vault at {} sends us elsewhere (status {}), "
                    "which is not followed; set VAULT_ADDR to the active server",
                    address_, last->status)};
  }
  if (last->status == io::kHttpServiceUnavailable &&
      reason.find("sealed") != std::string::npos) {
    return {
        ErrorKind::kUnavailable,
        fmt::format("vault_sealed: the vault at {} is sealed; unseal it and try again",
                    address_)};
  }
  return {
      ErrorKind::kUnavailable,
      fmt::format("vault_busy: the vault at {} does not answer now (status {}){}; try "
                  "again later",
                  address_, last->status, reason)};
}

void VaultTransport::Hide(const Secret& secret) {
  if (!secret.empty()) {
    hidden_.push_back(secret);
  }
}

std::string VaultTransport::Reason(const io::HttpResponse& response) const {
  std::string reason = ErrorsOf(response.body);
  for (const Secret& secret : hidden_) {
    for (size_t at = reason.find(secret.Reveal()); at != std::string::npos;
         at = reason.find(secret.Reveal(), at)) {
      reason.replace(at, secret.Reveal().size(), "***");
      at += 3;
    }
  }
  return reason.empty() ? "" : " (" + reason + ")";
}

}  // namespace calve::secrets
