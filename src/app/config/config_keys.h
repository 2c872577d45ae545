#pragma once

/// \file app/config/config_keys.h
/// The one list of what may stand in calve.yaml. Env names and messages follow from it.

#include <span>
#include <string>
#include <string_view>

namespace calve::app {

/// What a key's value is; app/config/config_values.h reads them.
enum class ValueKind { kText, kInteger, kBytes, kDuration };

struct ConfigKey {
  std::string_view path;  // source.postgres.dsn
  ValueKind kind;
  std::string_view help;  // one line
};

/// Every key, in the order of the documentation.
std::span<const ConfigKey> ConfigKeys();

/// The key of this path, or null.
const ConfigKey* FindKey(std::string_view path);

/// Whether keys stand below this path: `source.postgres`.
bool IsSection(std::string_view path);

/// Whether a key's value is itself a secret: `source.postgres.password`.
bool IsSecretKey(std::string_view path);

/// Names of what stands directly below a section: `uri, prefix, secret`.
std::string NamesBelow(std::string_view section);

/// The key, or section, that someone who wrote `path` most likely meant.
std::string NearestKey(std::string_view path);

/// The environment variable that sets a key: CALVE_SOURCE__POSTGRES__DSN.
std::string VariableOf(std::string_view path);

/// The path that a `CALVE_A__B` variable sets (a.b), whether there is such a key or not.
std::string PathOfVariable(std::string_view variable);

}  // namespace calve::app
