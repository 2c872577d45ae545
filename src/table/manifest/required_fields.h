#pragma once

/// \file table/manifest/required_fields.h
/// Checks a writer's schema for the fields that a reader cannot do without.

#include <span>

#include "core/result.h"
#include "table/manifest/avro_schema.h"
#include "table/manifest/manifest_schema.h"

namespace calve::table {

/// \return the record type at `type`, perhaps inside a union, or kCorrupt if it is none
///         or lacks a field with one of the ids
Result<const avro::Node*> RequireFields(const avro::WriterSchema& schema,
                                        avro::TypeRef type,
                                        std::span<const ManifestFieldId> ids);

}  // namespace calve::table
