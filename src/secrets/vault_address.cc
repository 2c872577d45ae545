#include "secrets/vault_address.h"

#include <algorithm>
#include <string_view>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace calve::secrets {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";

Error BadAddress(std::string_view why) {
  return {ErrorKind::kInvalidArgument,
          fmt::format("vault_address: the vault's address {}; write VAULT_ADDR as "
                      "https://vault.example:8200",
                      why)};
}

/// The host of `host:port` or `[v6]:port`.
std::string HostOf(std::string_view authority) {
  if (authority.starts_with('[')) {
    return std::string(authority.substr(1, authority.find(']') - 1));
  }
  return std::string(authority.substr(0, authority.find(':')));
}

bool IsLoopback(const std::string& host) {
  in_addr v4 = {};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    constexpr uint32_t kLoopbackNet = 127;
    return ntohl(v4.s_addr) >> 24U == kLoopbackNet;
  }
  in6_addr v6 = {};
  if (::inet_pton(AF_INET6, host.c_str(), &v6) == 1) {
    return IN6_IS_ADDR_LOOPBACK(&v6);
  }
  return host == "localhost";
}

}  // namespace

Result<std::string> CheckVaultAddress(const std::string& address, bool allow_http) {
  std::string url = address;
  while (url.ends_with('/')) {
    url.pop_back();
  }
  const bool https = url.starts_with(kHttps);
  if (!https && !url.starts_with(kHttp)) {
    return BadAddress("starts with neither https:// nor http://");
  }
  const std::string rest = url.substr(https ? kHttps.size() : kHttp.size());
  const bool odd = std::any_of(rest.begin(), rest.end(), [](unsigned char c) {
    return c <= ' ' || c == 0x7f || c == '@' || c == '?' || c == '#' || c == '\\';
  });
  const std::string host = HostOf(rest.substr(0, rest.find('/')));
  if (host.empty() || odd) {
    // It may hold a login: not shown.
    return BadAddress("holds more or less than a host, a port and a path");
  }
  if (!https && !allow_http && !IsLoopback(host)) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("vault_insecure: {} would send the token in plain text to "
                             "another machine; use https, or say vault.allow_http: on",
                             url)};
  }
  return url;
}

}  // namespace calve::secrets
