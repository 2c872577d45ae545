#include "secrets/vault_reply.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/foreign_json.h"
#include "core/foreign_text.h"
#include "secrets/secret_record_internal.h"

namespace calve::secrets {
namespace {

using Json = nlohmann::json;

Error NotThat(std::string_view what) {
  return {ErrorKind::kCorrupt, std::string(what)};
}

/// A number of at least 0; 0 for anything else.
int64_t NumberAt(const Json& object, std::string_view name) {
  const Json& member = JsonAt(object, {name});
  if (member.is_number_unsigned()) {
    constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
    return static_cast<int64_t>(std::min(member.get<uint64_t>(), kMost));
  }
  return member.is_number_integer() ? std::max<int64_t>(member.get<int64_t>(), 0) : 0;
}

/// A lease; what no clock can count to does not end.
std::chrono::seconds LeaseAt(const Json& object, std::string_view name) {
  constexpr int64_t kForever = int64_t{100} * 366 * 24 * 60 * 60;
  const int64_t seconds = NumberAt(object, name);
  return std::chrono::seconds(seconds > kForever ? 0 : seconds);
}

bool IsTrue(const Json& member) {
  return member.is_boolean() && member.get<bool>();
}

}  // namespace

std::string ErrorsOf(std::string_view body) {
  const Json reply = ParseForeignJson(body);
  std::string text;
  for (const Json& error : JsonAt(reply, {"errors"})) {
    if (error.is_string()) {
      text += (text.empty() ? "" : "; ") + error.get<std::string>();
    }
  }
  std::string line = InOneLine(text, /*longest_bytes=*/300);
  while (line.ends_with(' ') || line.ends_with('.')) {
    line.pop_back();
  }
  return line;
}

Error OddReply(std::string_view to_what, std::string_view what) {
  return {ErrorKind::kCorrupt,
          fmt::format("vault_odd_reply: the vault's reply {} {}; is VAULT_ADDR that of "
                      "a vault?",
                      to_what, what)};
}

Result<VaultMount> ParseMount(std::string_view body) {
  const Json reply = ParseForeignJson(body);
  const Json& data = JsonAt(reply, {"data"});
  VaultMount mount{.path = JsonTextAt(data, {"path"}),
                   .type = JsonTextAt(data, {"type"})};
  if (mount.path.empty() || mount.type.empty()) {
    return NotThat("names no mount");
  }
  mount.kv_version = JsonTextAt(data, {"options", "version"}) == "2" ? 2 : 1;
  return mount;
}

Result<VaultToken> ParseAuth(std::string_view body) {
  const Json reply = ParseForeignJson(body);
  const Json& auth = JsonAt(reply, {"auth"});
  VaultToken token{.token = Secret(JsonTextAt(auth, {"client_token"})),
                   .lease = LeaseAt(auth, "lease_duration"),
                   .renewable = IsTrue(JsonAt(auth, {"renewable"}))};
  if (token.token.empty()) {
    return NotThat("holds no token");
  }
  return token;
}

Result<VaultTokenState> ParseTokenState(std::string_view body) {
  const Json reply = ParseForeignJson(body);
  const Json& data = JsonAt(reply, {"data"});
  if (!data.is_object()) {
    return NotThat("tells nothing of the token");
  }
  VaultTokenState state{.lease = LeaseAt(data, "ttl"),
                        .renewable = IsTrue(JsonAt(data, {"renewable"})),
                        .policies = {}};
  for (const Json& policy : JsonAt(data, {"policies"})) {
    if (policy.is_string()) {
      state.policies.push_back(policy.get<std::string>());
    }
  }
  return state;
}

Result<VaultSecret> ParseSecret(std::string_view body, int kv_version) {
  const Json reply = ParseForeignJson(body);
  const Json& outer = JsonAt(reply, {"data"});
  const Json& data = kv_version == 2 ? JsonAt(outer, {"data"}) : outer;
  if (!data.is_object()) {
    return NotThat("holds no secret");
  }
  VaultSecret secret;
  secret.record = RecordOf(data);
  if (kv_version == 2) {
    secret.version = NumberAt(JsonAt(outer, {"metadata"}), "version");
  }
  secret.lease = LeaseAt(reply, "lease_duration");
  return secret;
}

int64_t DeletedVersion(std::string_view body) {
  return NumberAt(JsonAt(ParseForeignJson(body), {"data", "metadata"}), "version");
}

Result<std::string> ParseWrapPath(std::string_view body) {
  std::string path = JsonTextAt(ParseForeignJson(body), {"data", "creation_path"});
  if (path.empty()) {
    return NotThat("does not say what was wrapped");
  }
  return path;
}

Result<Secret> ParseSecretId(std::string_view body) {
  Secret secret_id(JsonTextAt(ParseForeignJson(body), {"data", "secret_id"}));
  if (secret_id.empty()) {
    return NotThat("holds no secret_id");
  }
  return secret_id;
}

}  // namespace calve::secrets
