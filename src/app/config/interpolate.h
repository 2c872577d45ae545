#pragma once

/// \file app/config/interpolate.h
/// Environment variables inside the configuration's values.

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/result.h"

namespace calve::app {

/// Environment variables, as a value: a test brings its own.
using Environment = std::map<std::string, std::string, std::less<>>;

/// Copies the process's environment.
Environment ProcessEnvironment();

/// The variable's value, or "" where it is not set.
std::string Lookup(const Environment& environment, std::string_view name);

/// Replaces `${VAR}`, `${VAR:-default}` (unset or empty: the default, which may hold
/// variables itself), `${VAR:?}` and `${VAR:?hint}` (must be set and not empty); `$$` is
/// a dollar sign. Values that come in are not looked at again.
///
/// \return the text, or kInvalidArgument: a part of a sentence that starts with a verb
///         ("uses the variable X, which is not set; …"), without any value
Result<std::string> Interpolate(std::string_view text, const Environment& environment);

}  // namespace calve::app
