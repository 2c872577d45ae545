#pragma once

/// \file generate/order.h
/// Synthetic orders: what is kept of each, and the text of its row.

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "core/timestamp.h"
#include "generate/event_record.h"
#include "generate/timestamp_text.h"

namespace calve::generate {

/// Order ids are `integer` in the tables.
inline constexpr int32_t kMaxOrderId = std::numeric_limits<int32_t>::max();

/// A version of an order. The other columns follow from these, whatever the seed, so that
/// a later run knows the rows of an earlier file by its ids and times.
struct Order {
  int32_t id = 0;
  TimestampUs ordered;
  TimestampUs created;
  TimestampUs updated;  // no two versions of an order share it
};

/// What happened to an order.
struct OrderEvent {
  char operation = 0;  // I, U or D
  TimestampUs time;
  Order row;  // the new row; the old one of a D
};

/// Names of the payload columns: the six of an order, then `drift_columns` further ones
/// (at most kMaxDriftColumns) that earlier files lack.
inline constexpr int kMaxDriftColumns = 4;
std::vector<std::string> OrderColumns(int drift_columns);

/// Writes orders out as event records. Not thread-safe.
class OrderText {
 public:
  explicit OrderText(int drift_columns);

  /// The event's fields, valid until the next call.
  ///
  /// About 1 % of the descriptions are NULL, 1 % empty and 5 % hold quotes, commas, line
  /// ends, backslashes or letters beyond ASCII. Times of the row are ISO 8601, one in
  /// eight without an offset or with `Z`.
  EventRecord Render(const OrderEvent& event);

 private:
  void RenderDescription(uint64_t choice);
  void RenderSum(uint64_t choice);
  void RenderDrift(uint64_t choice);

  TimestampText timestamps_;
  std::array<char, 11> id_{};
  std::string times_;
  std::string sum_;
  std::string description_;
  std::string weight_;
  std::vector<Field> payload_;
};

}  // namespace calve::generate
