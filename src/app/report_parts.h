#pragma once

/// \file app/report_parts.h
/// Parts of answers that several commands give.

#include "app/console/document.h"
#include "app/pipeline_round.h"
#include "flow/transform.h"

namespace calve::app {

/// `run`: what each step did and how long it took; `models`: what each table gained.
void AddRound(const RoundReport& report, Document& document);

/// `models`, as AddRound adds it.
void AddModels(const flow::TransformReport& report, Document& document);

}  // namespace calve::app
