#pragma once

/// \file app/config/dsn.h
/// PostgreSQL connection strings: built from parts, searched for passwords. Connecting is
/// libpq's work, and so is every other check.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace calve::app {

/// A connection string in keyword form, values quoted as libpq wants them.
/// \param parts  libpq's keyword (`host`, `dbname`, …) to value
std::string BuildDsn(const std::map<std::string, std::string>& parts);

/// A `postgresql://` URI as libpq takes it, of one in libpq's or SQLAlchemy's spelling
/// (`postgresql+psycopg2://`); nullopt for any other text.
std::optional<std::string> PostgresUri(std::string_view uri);

/// Every password that a connection string holds, URI (userinfo and `?password=`, as
/// written and percent-decoded) or keyword form; also of one that libpq would refuse.
std::vector<std::string> PasswordsIn(std::string_view dsn);

}  // namespace calve::app
