#pragma once

/// \file table/metadata/number_property.h
/// Numbers in properties and in snapshots' summaries, where all values are texts.

#include <cstdint>
#include <optional>
#include <string>

#include "table/metadata/table_metadata.h"

namespace calve::table {

/// A whole number; nullopt if the key is not there or its value is none.
std::optional<int64_t> IntegerIn(const Properties& properties, const std::string& key);

/// A whole number from 0; nullopt if the key is not there or its value is none.
std::optional<int64_t> NumberIn(const Properties& properties, const std::string& key);

/// A whole number from 1; `standard` if the key is not there or its value is none.
int64_t PositiveNumberIn(const Properties& properties, const std::string& key,
                         int64_t standard);

}  // namespace calve::table
