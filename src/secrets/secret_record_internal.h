#pragma once

/// \file secrets/secret_record_internal.h
/// A record from JSON that is parsed already.

#include <nlohmann/json.hpp>

#include "secrets/secret_record.h"

namespace calve::secrets {

/// Requires: `object` is a JSON object.
SecretRecord RecordOf(const nlohmann::json& object);

}  // namespace calve::secrets
