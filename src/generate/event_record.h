#pragma once

/// \file generate/event_record.h
/// An event as text fields: what the generator makes, an event file holds and the loader
/// inserts.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "core/result.h"

namespace calve::generate {

/// A field's text; nullopt is NULL, which is not the empty string.
using Field = std::optional<std::string_view>;

/// One event. Borrows everything; whoever hands it out says for how long.
struct EventRecord {
  Field operation;  // I, U or D in a sound event
  Field timestamp;  // in a form that ParseTimestamp reads, in a sound event
  Field table_schema;
  Field table_name;
  /// The row's fields, in the order of the payload columns of the stream.
  std::span<const Field> payload;
};

/// Takes one event, valid only during the call. An Error ends the stream.
using EventSink = std::function<Status(const EventRecord&)>;

/// Takes the next bytes of a file.
using ByteSink = std::function<Status(std::string_view)>;

/// Fills the buffer with the next bytes of a file, as many as there are at hand.
/// \return how many bytes were read; 0 at the end of the file
using ByteSource = std::function<Result<size_t>(std::span<char>)>;

}  // namespace calve::generate
