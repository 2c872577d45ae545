#pragma once

/// \file table/data/position_delete_schema.h
/// The columns of a position delete file. Spec: "Position Delete Files", "Reserved Field
/// IDs".

#include "table/schema/schema.h"

namespace calve::table {

inline constexpr FieldId kDeleteFilePathId{2147483546};
inline constexpr FieldId kDeletePositionId{2147483545};

/// `file_path string, pos long`, both required.
Schema PositionDeleteSchema();

}  // namespace calve::table
