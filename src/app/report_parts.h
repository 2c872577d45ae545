#pragma once

/// \file app/report_parts.h
/// Parts of answers that several commands give.

#include <cstdint>
#include <optional>

#include "app/console/document.h"
#include "app/pipeline_round.h"
#include "capture/horizon.h"
#include "flow/caretaker.h"
#include "flow/transform.h"

namespace calve::app {

/// A count, or an empty cell where it is not known.
inline Cell CountCell(const std::optional<int64_t>& count) {
  return count ? Cell(*count) : Cell();
}

/// `run`: what each step did and how long it took; `models`: what each table gained.
/// \param care  what was done to the tables afterwards
void AddRound(const RoundReport& report, const flow::CareReport& care,
              Document& document);

/// `horizon`: the oldest transaction of the source, and what waits for it.
void AddHorizon(const std::optional<capture::Horizon>& horizon, Document& document);

/// `models`, as AddRound adds it.
void AddModels(const flow::TransformReport& report, Document& document);

}  // namespace calve::app
