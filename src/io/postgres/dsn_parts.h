#pragma once

/// \file io/postgres/dsn_parts.h
/// A connection string taken apart, as libpq reads it.

#include <map>
#include <string>

#include "core/result.h"

namespace calve::postgres {

/// libpq's keywords (`host`, `dbname`, …) to values, those alone that the string gives.
/// \return kInvalidArgument if libpq can't read it: a sentence without any of it
Result<std::map<std::string, std::string>> PartsOfDsn(const std::string& dsn);

}  // namespace calve::postgres
