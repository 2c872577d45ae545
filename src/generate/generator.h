#pragma once

/// \file generate/generator.h
/// Makes a stream of synthetic order events: inserts, updates, deletes, re-inserts, late
/// events, repeated events and events that share a timestamp. The same options and the
/// same earlier orders give the same stream, on every machine.

#include <cstdint>

#include "core/result.h"
#include "generate/earlier_orders.h"
#include "generate/event_record.h"
#include "generate/order.h"

namespace calve::generate {

/// Shares of the operations, in thousandths; the rest are deletes.
struct OperationMix {
  uint32_t inserts = 700;
  uint32_t updates = 200;
};

/// The mix for changes to earlier orders.
inline constexpr OperationMix kChangeMix = {.inserts = 200, .updates = 700};

/// What to make. Exactly one of `orders` and `events` is above zero.
struct GenerateOptions {
  /// So many orders, each with one to three updates; a third of them is deleted in the
  /// end, and a fifth of those inserted again. Where there are earlier orders, four of
  /// five are such, as far as they reach.
  int64_t orders = 0;
  /// So many events exactly, by `mix`; a fiftieth of the inserts brings a deleted order
  /// back.
  int64_t events = 0;
  OperationMix mix = {};
  uint64_t seed = 1;
  /// Time of the first event, where there are no earlier orders. 2025-01-01.
  TimestampUs start = {1'735'689'600'000'000};
  /// Events in a thousand that come up to a hundred events after their time.
  uint32_t late_per_mille = 10;
  /// Events in a thousand that come twice, the second time late. They count as events.
  uint32_t repeated_per_mille = 5;
  /// Payload columns beyond those of an order, 0 to kMaxDriftColumns.
  int drift_columns = 0;
};

/// What was made.
struct GenerateSummary {
  int64_t events = 0;
  int64_t inserts = 0;
  int64_t updates = 0;
  int64_t deletes = 0;
  int64_t new_orders = 0;
  TimestampUs last_time;  // the latest of an event
};

/// Hands the events to `sink`, their payload in the columns of
/// OrderColumns(options.drift_columns).
///
/// \param earlier  orders to change besides new ones; new ids and times go on behind them
/// \return what was made; kInvalidArgument if the options contradict each other or the
///         order ids run out; or the sink's Error
///
/// Cost: about a million events a second and core; memory for 262,144 orders at most
/// (among more, the ones to change are drawn at random).
Result<GenerateSummary> GenerateOrders(const GenerateOptions& options,
                                       EarlierOrders earlier, const EventSink& sink);

}  // namespace calve::generate
