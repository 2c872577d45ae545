#include "secrets/vault_session.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "io/http/http_status.h"
#include "secrets/refused_internal.h"

namespace calve::secrets {
namespace {

using std::chrono::steady_clock;

void Trim(std::string& text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  text.erase(text.find_last_not_of(kSpaces) + 1);
  text.erase(0, text.find_first_not_of(kSpaces));
}

bool IsToken(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > ' ' && c < 0x7f;
  });
}

}  // namespace

VaultSession::VaultSession(VaultTransport& transport, VaultLogin login)
    : transport_(transport), login_(std::move(login)) {
  transport_.Hide(login_.token);
  transport_.Hide(login_.secret_id);
  transport_.Hide(login_.wrapped_secret_id);
}

Result<io::HttpResponse> VaultSession::Send(VaultRequest request) {
  if (token_.empty()) {
    CALVE_TRY(LogIn());
  } else {
    (void)Refresh();  // The token lives yet; if not, the vault says so.
  }
  request.token = &token_;
  CALVE_ASSIGN(io::HttpResponse reply, transport_.Send(request));
  if (reply.status != io::kHttpForbidden || !CanLogInAgain() || !TokenIsDead()) {
    return reply;
  }
  CALVE_TRY(LogIn());
  return transport_.Send(request);
}

bool VaultSession::CanLogInAgain() const {
  return login_.token.empty();
}

bool VaultSession::TokenIsDead() {
  VaultRequest look_up("GET", "auth/token/lookup-self");
  look_up.token = &token_;
  const auto reply = transport_.Send(look_up);
  return reply && reply->status == io::kHttpForbidden;
}

Result<VaultTokenState> VaultSession::LookUp() {
  if (token_.empty()) {
    CALVE_TRY(LogIn());
  }
  VaultRequest look_up("GET", "auth/token/lookup-self");
  look_up.token = &token_;
  CALVE_ASSIGN(const io::HttpResponse reply, transport_.Send(look_up));
  if (reply.status != io::kHttpOk) {
    return Refused(fmt::format(
        "vault_token_invalid: the vault at {} does not know the token (any more){}; log "
        "in again and set VAULT_TOKEN",
        transport_.address(), transport_.Reason(reply)));
  }
  auto state = ParseTokenState(reply.body);
  return state ? state : OddReply("to a token's look-up", state.error().message);
}

Status VaultSession::LogIn() {
  if (!login_.token.empty()) {
    return TakeToken({.token = login_.token});
  }
  if (!login_.role_id.empty()) {
    return LogInByAppRole();
  }
  if (!login_.token_file.empty()) {
    CALVE_ASSIGN(Secret token, ReadTokenFile());
    return TakeToken({.token = std::move(token)});
  }
  return Refused(
      fmt::format("vault_no_login: nothing says who we are to the vault at {}; set "
                  "VAULT_TOKEN, VAULT_TOKEN_FILE, or VAULT_ROLE_ID and VAULT_SECRET_ID",
                  transport_.address()));
}

Status VaultSession::TakeToken(VaultToken token) {
  if (!IsToken(token.token.Reveal())) {
    return Refused(
        "vault_token_invalid: the vault's token has characters that no token "
        "has; see where it comes from");
  }
  token_ = std::move(token.token);
  transport_.Hide(token_);
  lease_ = token.lease;
  lease_known_ = token.lease.count() > 0;
  renewable_ = token.renewable;
  PlanRefresh(token.lease);
  return {};
}

Result<Secret> VaultSession::ReadTokenFile() const {
  std::ifstream stream(login_.token_file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) {
    return Refused(fmt::format("vault_token_file: cannot read the token in {}: {}",
                               login_.token_file, std::strerror(errno)));
  }
  Trim(text);
  return Secret(std::move(text));
}

Status VaultSession::LogInByAppRole() {
  if (login_.secret_id.empty() && !login_.wrapped_secret_id.empty()) {
    CALVE_TRY(Unwrap());
  }
  nlohmann::json body = {{"role_id", login_.role_id}};
  if (!login_.secret_id.empty()) {
    body["secret_id"] = login_.secret_id.Reveal();
  }
  VaultRequest request("POST", fmt::format("auth/{}/login", login_.approle_mount));
  request.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  CALVE_ASSIGN(io::HttpResponse reply, transport_.Send(request));
  if (reply.status != io::kHttpOk) {
    return Refused(fmt::format(
        "vault_login_refused: the vault at {} refuses the AppRole login at auth/{}{}; "
        "check role_id and secret_id: it may have ended, or been used as often as it "
        "may, or not be for this machine's address",
        transport_.address(), login_.approle_mount, transport_.Reason(reply)));
  }
  auto token = ParseAuth(reply.body);
  Wipe(reply.body);
  return token ? TakeToken(*std::move(token))
               : OddReply("to the login", token.error().message);
}

/// Looks before it unwraps: a token that wraps something else was put in place by
/// somebody else.
Status VaultSession::Unwrap() {
  const Secret& wrapping = login_.wrapped_secret_id;
  const auto refuse = [&](const io::HttpResponse& reply) {
    return Refused(fmt::format(
        "vault_unwrap_refused: the wrapped secret_id was unwrapped before, or has ended"
        "{}; if it was not you, somebody has read it: make a new one, and take the old "
        "secret_id back",
        transport_.Reason(reply)));
  };
  if (!IsToken(wrapping.Reveal())) {
    return Refused(
        "vault_unwrap_refused: the wrapped secret_id has characters that no "
        "token has; see where it comes from");
  }
  VaultRequest look_up("POST", "sys/wrapping/lookup");
  look_up.body = nlohmann::json{{"token", wrapping.Reveal()}}.dump();
  CALVE_ASSIGN(const io::HttpResponse looked, transport_.Send(look_up));
  if (looked.status != io::kHttpOk) {
    return refuse(looked);
  }
  const auto path = ParseWrapPath(looked.body);
  if (!path) {
    return OddReply("to a wrapped token's look-up", path.error().message);
  }
  if (!path->starts_with("auth/" + login_.approle_mount + "/role/") ||
      !path->ends_with("/secret-id")) {
    return Refused(
        "vault_unwrap_refused: what is wrapped is no secret_id of the mount "
        "auth/" +
        login_.approle_mount + "; somebody may have exchanged it");
  }
  VaultRequest unwrap("POST", "sys/wrapping/unwrap");
  unwrap.token = &wrapping;
  unwrap.may_repeat = false;
  CALVE_ASSIGN(io::HttpResponse reply, transport_.Send(unwrap));
  if (reply.status != io::kHttpOk) {
    return refuse(reply);
  }
  auto secret_id = ParseSecretId(reply.body);
  Wipe(reply.body);
  if (!secret_id) {
    return OddReply("to the unwrapping", secret_id.error().message);
  }
  login_.secret_id = *std::move(secret_id);
  transport_.Hide(login_.secret_id);
  return {};
}

void VaultSession::PlanRefresh(std::chrono::seconds lease) {
  next_refresh_ = lease.count() == 0
                      ? steady_clock::time_point::max()
                      : steady_clock::now() +
                            std::chrono::milliseconds(lease.count() * 1'000 * 2 / 3);
}

steady_clock::time_point VaultSession::NextRefresh() {
  if (!token_.empty() && !lease_known_) {
    if (const auto state = LookUp()) {
      lease_known_ = true;
      lease_ = state->lease;
      renewable_ = state->renewable;
      PlanRefresh(state->lease);
    }
  }
  return next_refresh_;
}

Status VaultSession::Refresh() {
  if (token_.empty() || steady_clock::now() < next_refresh_) {
    return {};
  }
  const Status renewed = renewable_ ? Renew() : Status(Refused("it is not renewable"));
  if (renewed) {
    return {};
  }
  const bool passes = renewed.error().kind == ErrorKind::kUnavailable;
  const Status done = passes || !CanLogInAgain() ? renewed : LogIn();
  if (!done) {
    // Half of what is left of the lease, or so: the next try is no burden.
    PlanRefresh(std::max(lease_ / 4, std::chrono::seconds(1)));
    return Error{
        done.error().kind,
        "vault_renewal: the vault's token can't be renewed: " + done.error().message};
  }
  return {};
}

Status VaultSession::Renew() {
  VaultRequest request("POST", "auth/token/renew-self");
  request.token = &token_;
  request.body = nlohmann::json{{"increment", lease_.count()}}.dump();
  CALVE_ASSIGN(const io::HttpResponse reply, transport_.Send(request));
  if (reply.status != io::kHttpOk) {
    return Refused("the vault refuses" + transport_.Reason(reply));
  }
  const auto token = ParseAuth(reply.body);
  if (!token) {
    return OddReply("to the renewal", token.error().message);
  }
  // Close to its longest life a token gets less than it asks for.
  if (CanLogInAgain() && token->lease < lease_ / 2) {
    return Refused("it has come to the end of its longest life");
  }
  PlanRefresh(token->lease);
  return {};
}

}  // namespace calve::secrets
