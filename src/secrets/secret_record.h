#pragma once

/// \file secrets/secret_record.h
/// Named secrets that belong together, such as all that a database's login needs.

#include <map>
#include <string>
#include <string_view>

#include "core/result.h"
#include "secrets/secret.h"

namespace calve::secrets {

/// Field to value, as text: numbers and booleans as they are written.
using SecretRecord = std::map<std::string, Secret, std::less<>>;

/// Reads a JSON object. A member that is null is left out; one that is an object or a
/// list is kept as JSON.
/// \return kInvalidArgument for anything else: a part of a sentence ("holds no JSON
///         object"), without what was read
Result<SecretRecord> ParseRecord(std::string_view json);

/// Whether a field is as secret as its record, by its name: not `host`, `port`, `region`
/// and their like, which messages may show.
bool IsSensitive(std::string_view field);

}  // namespace calve::secrets
