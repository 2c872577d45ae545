#pragma once

/// \file table/manifest/partition_value.h
/// Partition values in Avro. Spec: Appendix A "Avro".

#include <optional>

#include "core/result.h"
#include "table/manifest/avro_encoder.h"
#include "table/manifest/avro_value_reader.h"
#include "table/schema/literal.h"
#include "table/schema/type.h"

namespace calve::table {

/// Whether a value is one of the type: the right alternative, of the right number of
/// bytes or digits.
bool FitsExactly(const Type& type, const Literal& value);

/// Writes a value, or null, by the schema of ManifestEntryAvroSchema.
/// Requires: FitsExactly.
void EncodePartitionValue(const Type& type, const std::optional<Literal>& value,
                          avro::Encoder& encoder);

/// Reads a value, or null, that some writer wrote, as one of `type`: an int of an earlier
/// schema becomes a long, a float a double.
/// \return the value, or kCorrupt if it is of another type
Result<std::optional<Literal>> ReadPartitionValue(const Type& type, avro::TypeRef written,
                                                  avro::ValueReader& values);

}  // namespace calve::table
