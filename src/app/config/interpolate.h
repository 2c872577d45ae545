#pragma once

/// \file app/config/interpolate.h
/// Environment variables and secrets inside the configuration's values.

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/result.h"
#include "secrets/secret.h"
#include "secrets/secret_reference.h"

namespace calve::app {

/// Environment variables, as a value: a test brings its own.
using Environment = std::map<std::string, std::string, std::less<>>;

/// Copies the process's environment.
Environment ProcessEnvironment();

/// The variable's value, or "" where it is not set.
std::string Lookup(const Environment& environment, std::string_view name);

/// Gives what a reference names. An error's message is a whole sentence.
using SecretResolver =
    std::function<Result<secrets::Secret>(const secrets::SecretReference&)>;

/// What a value is replaced from.
struct Replacements {
  const Environment* variables = nullptr;  // null: `$` is a character like any other
  SecretResolver secrets = {};             // empty: references to secrets are refused
};

/// Replaces `${VAR}`, `${VAR:-default}` (unset or empty: the default, which may hold
/// variables itself), `${VAR:?}` and `${VAR:?hint}` (must be set and not empty); `$$` is
/// a dollar sign. Values that come in are not looked at again.
///
/// Likewise `${vault://mount/path#key}`, `${file:///path#key}`, `${env://NAME#key}`, and
/// without braces `vault://mount/path#key`, where the path is made of letters, digits,
/// `_-./~+` and variables, and the key of letters, digits, `_-` and variables. In the
/// user part and in the query of a URI the secret is percent-encoded.
///
/// \return the text, or kInvalidArgument: a part of a sentence that starts with a verb
///         ("uses the variable X, which is not set; …"), without any value; the
///         resolver's kind of error, its message behind `can't be resolved: `
Result<std::string> Interpolate(std::string_view text, const Replacements& from);

/// The same, of variables alone.
Result<std::string> Interpolate(std::string_view text, const Environment& environment);

}  // namespace calve::app
