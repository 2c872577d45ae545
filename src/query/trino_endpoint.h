#pragma once

/// \file query/trino_endpoint.h
/// Where Trino is, and how to log in.

#include <cstdint>
#include <string>

#include "secrets/secret.h"

namespace calve::query {

struct TrinoEndpoint {
  std::string host;
  uint16_t port = 8080;
  bool https = false;
  std::string user = "calve";
  secrets::Secret password;  // empty: none
  std::string catalog = "iceberg";

  std::string scheme() const { return https ? "https" : "http"; }
  /// `http://host:8080`, without a slash at its end.
  std::string url() const {
    const bool ipv6 = host.find(':') != std::string::npos;
    return scheme() + "://" + (ipv6 ? "[" + host + "]" : host) + ":" +
           std::to_string(port);
  }
};

}  // namespace calve::query
