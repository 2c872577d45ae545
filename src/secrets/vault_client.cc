#include "secrets/vault_client.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "io/http/http_status.h"
#include "secrets/refused_internal.h"

namespace calve::secrets {
namespace {

using std::chrono::steady_clock;

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string FirstPart(const std::string& path) {
  return path.substr(0, path.find('/'));
}

std::string JsonOf(const SecretRecord& record, const VaultClient::Stored& stored) {
  nlohmann::json data = nlohmann::json::object();
  for (const auto& [field, value] : record) {
    data[field] = value.Reveal();
  }
  if (stored.kv_version == 2) {
    data = {{"data", std::move(data)}, {"options", {{"cas", stored.version}}}};
  }
  return data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Result<std::unique_ptr<VaultClient>> VaultClient::Make(const VaultOptions& options) {
  CALVE_ASSIGN(auto transport, VaultTransport::Make(options));
  return std::unique_ptr<VaultClient>(new VaultClient(std::move(transport), options));
}

VaultClient::VaultClient(std::unique_ptr<VaultTransport> transport,
                         const VaultOptions& options)
    : kv_version_(options.kv_version),
      transport_(std::move(transport)),
      session_(*transport_, options.login) {}

VaultClient::~VaultClient() {
  thread_.request_stop();
  wake_.notify_all();
}

Result<VaultSecret> VaultClient::Read(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  const auto cached = cache_.find(path);
  if (cached != cache_.end() && steady_clock::now() < cached->second.until) {
    return cached->second.secret;
  }
  CALVE_ASSIGN(VaultSecret secret, Fetch(path));
  const auto until = secret.lease.count() == 0 ? steady_clock::time_point::max()
                                               : steady_clock::now() + secret.lease;
  cache_.insert_or_assign(path, Cached{secret, until});
  return secret;
}

void VaultClient::Forget() {
  const std::scoped_lock lock(mutex_);
  cache_.clear();
}

Result<VaultSecret> VaultClient::Fetch(const std::string& path) {
  CALVE_ASSIGN(const Place place, FindPlace(path));
  CALVE_ASSIGN(io::HttpResponse reply,
               session_.Send(VaultRequest("GET", place.api_path)));
  if (reply.status != io::kHttpOk) {
    return ReadFailure(path, place, reply);
  }
  auto secret = ParseSecret(reply.body, place.mount.kv_version);
  Wipe(reply.body);
  return secret ? secret : OddReply("for " + path, secret.error().message);
}

Result<VaultClient::Stored> VaultClient::Look(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  CALVE_ASSIGN(const Place place, FindPlace(path));
  CALVE_ASSIGN(io::HttpResponse reply,
               session_.Send(VaultRequest("GET", place.api_path)));
  Stored stored{
      .record = std::nullopt, .version = 0, .kv_version = place.mount.kv_version};
  if (reply.status == io::kHttpNotFound && transport_->Reason(reply).empty()) {
    stored.version = DeletedVersion(reply.body);
    return stored;
  }
  if (reply.status != io::kHttpOk) {
    return ReadFailure(path, place, reply);
  }
  auto secret = ParseSecret(reply.body, place.mount.kv_version);
  Wipe(reply.body);
  if (!secret) {
    return OddReply("for " + path, secret.error().message);
  }
  stored.record = std::move(secret->record);
  stored.version = secret->version;
  return stored;
}

Status VaultClient::Write(const std::string& path, const SecretRecord& record,
                          const Stored& stored) {
  const std::scoped_lock lock(mutex_);
  CALVE_ASSIGN(const Place place, FindPlace(path));
  VaultRequest request("POST", place.api_path);
  request.body = JsonOf(record, stored);
  CALVE_ASSIGN(const io::HttpResponse reply, session_.Send(std::move(request)));
  cache_.erase(path);
  if (reply.status == io::kHttpOk || reply.status == io::kHttpNoContent) {
    return {};
  }
  const std::string reason = transport_->Reason(reply);
  if (reply.status == io::kHttpBadRequest && Contains(reason, "check-and-set")) {
    return Error{
        ErrorKind::kConflict,
        fmt::format("vault_conflict: somebody else has written {} meanwhile; try "
                    "again",
                    path)};
  }
  if (reply.status == io::kHttpForbidden) {
    return Denied(place.api_path, "create\", \"update", reply);
  }
  return Refused(fmt::format("vault_refused: the vault refuses to write {} (status {}){}",
                             path, reply.status, reason));
}

Status VaultClient::EnableMount(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  const std::string mount = FirstPart(path);
  VaultRequest request("POST", "sys/mounts/" + mount);
  request.body = R"({"type":"kv","options":{"version":"2"}})";
  CALVE_ASSIGN(const io::HttpResponse reply, session_.Send(std::move(request)));
  const std::string reason = transport_->Reason(reply);
  if (reply.status == io::kHttpNoContent || reply.status == io::kHttpOk ||
      (reply.status == io::kHttpBadRequest && Contains(reason, "in use"))) {
    return {};
  }
  if (reply.status == io::kHttpForbidden) {
    return Denied("sys/mounts/" + mount, "create\", \"update", reply);
  }
  return Refused(fmt::format("vault_refused: the vault refuses to mount {} (status {}){}",
                             mount, reply.status, reason));
}

Result<VaultTokenState> VaultClient::LookUpToken() {
  const std::scoped_lock lock(mutex_);
  return session_.LookUp();
}

Result<VaultClient::Place> VaultClient::FindPlace(const std::string& path) {
  CALVE_ASSIGN(VaultMount mount, FindMount(path));
  if (mount.path.size() >= path.size()) {
    return Refused(
        fmt::format("vault_no_secret: {} is a mount, not a secret in it", path));
  }
  const std::string rest = path.substr(mount.path.size());
  std::string api_path = mount.path + (mount.kv_version == 2 ? "data/" : "") + rest;
  return Place{std::move(mount), std::move(api_path)};
}

Result<VaultMount> VaultClient::FindMount(const std::string& path) {
  if (kv_version_ != 0) {
    return VaultMount{
        .path = FirstPart(path) + "/", .type = "kv", .kv_version = kv_version_};
  }
  for (const VaultMount& mount : mounts_) {
    if (path.starts_with(mount.path)) {
      return mount;
    }
  }
  CALVE_ASSIGN(const io::HttpResponse reply,
               session_.Send(VaultRequest("GET", "sys/internal/ui/mounts/" + path)));
  VaultMount mount{.path = FirstPart(path) + "/", .type = "kv", .kv_version = 1};
  const std::string reason = transport_->Reason(reply);
  // A vault from before this question was there has version 1 alone.
  const bool too_old = reply.status == io::kHttpNotFound && reason.empty();
  if (reply.status != io::kHttpOk && !too_old) {
    return NoMount(path, reply);
  }
  if (reply.status == io::kHttpOk) {
    const auto found = ParseMount(reply.body);
    if (!found) {
      return OddReply("for " + path, found.error().message);
    }
    mount = *found;
  }
  if (mount.type != "kv" && mount.type != "generic") {
    return Refused(
        fmt::format("vault_wrong_mount: {} is a mount of type {}, and secrets are "
                    "read from mounts of type kv; see the path {}",
                    mount.path, mount.type, path));
  }
  mounts_.push_back(mount);
  return mount;
}

Error VaultClient::NoMount(const std::string& path, const io::HttpResponse& reply) {
  const std::string reason = transport_->Reason(reply);
  if (Contains(reason, "namespace not found")) {
    return Refused(
        fmt::format("vault_no_namespace: the vault at {} has no namespace {}; set "
                    "VAULT_NAMESPACE",
                    transport_->address(), transport_->name_space()));
  }
  if (reply.status != io::kHttpForbidden) {
    return Refused(fmt::format("vault_no_mount: the vault at {} finds no mount for {}{}",
                               transport_->address(), path, reason));
  }
  const auto state = session_.LookUp();
  const bool all_allowed =
      state && std::ranges::find(state->policies, "root") != state->policies.end();
  if (all_allowed) {
    return Refused(
        fmt::format("vault_no_mount: the vault at {}{} has no mount {}/; enable it, or "
                    "see the path {}",
                    transport_->address(),
                    transport_->name_space().empty()
                        ? ""
                        : ", namespace " + transport_->name_space() + ",",
                    FirstPart(path), path));
  }
  return Denied(FirstPart(path) + "/data/" + path.substr(path.find('/') + 1), "read",
                reply);
}

Error VaultClient::Denied(const std::string& api_path, std::string_view capability,
                          const io::HttpResponse& reply) {
  const auto state = session_.LookUp();
  if (!state) {
    return Refused(fmt::format(
        "vault_denied: the vault at {} refuses our token for {}{}: the token has ended, "
        "or was taken back, or no policy allows that; give another VAULT_TOKEN",
        transport_->address(), api_path, transport_->Reason(reply)));
  }
  return Refused(fmt::format(
      "vault_denied: no policy of our token ({}) allows {} in the vault at {}; it needs "
      "path \"{}\" {{ capabilities = [\"{}\"] }}, if there is such a mount",
      fmt::join(state->policies, ", "), api_path, transport_->address(), api_path,
      capability));
}

Error VaultClient::ReadFailure(const std::string& path, const Place& place,
                               const io::HttpResponse& reply) {
  const std::string reason = transport_->Reason(reply);
  if (reply.status == io::kHttpForbidden) {
    return Denied(place.api_path, "read", reply);
  }
  if (Contains(reason, "namespace not found") ||
      Contains(reason, "no handler for route")) {
    return NoMount(path, reply);
  }
  if (reply.status != io::kHttpNotFound) {
    return Refused(fmt::format("vault_refused: the vault at {} refuses {} (status {}){}",
                               transport_->address(), path, reply.status, reason));
  }
  const int64_t deleted = DeletedVersion(reply.body);
  if (deleted > 0) {
    return Refused(
        fmt::format("vault_no_secret: the secret {} was deleted after version {}; "
                    "write it, or undelete it",
                    path, deleted));
  }
  const bool api_form = path.starts_with(place.mount.path + "data/");
  return Refused(fmt::format(
      "vault_no_secret: the vault at {} has no secret {}{}", transport_->address(), path,
      api_form ? "; write the path without data/" : "; write it, or see the path"));
}

void VaultClient::KeepRenewed(std::function<void(const std::string&)> warn) {
  if (!thread_.joinable()) {
    thread_ = std::jthread([this, warn = std::move(warn)](const std::stop_token& stop) {
      RenewUntilStopped(stop, warn);
    });
  }
}

void VaultClient::RenewUntilStopped(const std::stop_token& stop,
                                    const std::function<void(const std::string&)>& warn) {
  constexpr std::chrono::hours kLookAgain(1);
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto next = std::min(session_.NextRefresh(), steady_clock::now() + kLookAgain);
    if (wake_.wait_until(lock, stop, next, [&] { return stop.stop_requested(); })) {
      return;
    }
    if (const Status renewed = session_.Refresh(); !renewed) {
      warn(renewed.error().message);
    }
  }
}

}  // namespace calve::secrets
