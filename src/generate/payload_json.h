#pragma once

/// \file generate/payload_json.h
/// The JSON object of an event's payload, as an audit trigger would have written it.

#include <span>
#include <string>
#include <vector>

#include "generate/event_record.h"

namespace calve::generate {

/// How values are written. NULL is `null` in both.
enum class PayloadStyle {
  /// Numbers and booleans bare, as written in the field: `"sum":12.50`. The known text
  /// columns of an order are strings whatever they look like.
  kTyped,
  /// Everything a string: `"sum":"12.50"`.
  kStrings,
};

/// Turns payload fields into JSON. Not thread-safe.
class PayloadJson {
 public:
  PayloadJson(std::span<const std::string> columns, PayloadStyle style);

  /// The object of one event; the reference is valid until the next call. Bytes that are
  /// not UTF-8 pass through unchanged.
  ///
  /// \param payload  as many fields as there are columns
  const std::string& Render(std::span<const Field> payload);

 private:
  struct Column {
    std::string key;  // `{"name":` or `,"name":`
    bool may_be_bare;
  };

  std::vector<Column> columns_;
  std::string text_;
};

}  // namespace calve::generate
