#pragma once

/// \file core/far_timestamp.h
/// Moments that PostgreSQL's timestamps hold and 64 bits of microseconds since 1970
/// don't: its two infinities, and those past the year 294246. In a batch of EventSchema()
/// each stands as the value that adding up to it wraps round to; all of these lie below
/// the earliest moment of PostgreSQL, so no other moment has them. A landing file holds
/// their text, a table cannot: there they are NULL.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/timestamp.h"

namespace calve {

/// From PostgreSQL's own value: microseconds since 2000-01-01, the ends of the range for
/// the infinities.
TimestampUs FromPostgresTimestamp(int64_t micros_since_2000);

/// Whether the value stands for a far moment.
bool IsFarTimestamp(TimestampUs time);

/// As PostgreSQL writes it in UTC: `infinity`, `-infinity`, `294276-12-31 23:59:59+00`.
/// Requires: IsFarTimestamp.
std::string FarTimestampText(TimestampUs time);

/// Whether a text is that of a far moment, in any form that ParseTimestamp() takes.
bool IsFarTimestampText(std::string_view text);

}  // namespace calve
