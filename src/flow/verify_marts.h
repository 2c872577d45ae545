#pragma once

/// \file flow/verify_marts.h
/// What marts must hold, by the plainest means: the events of a key, sorted. Shares
/// nothing with model/current and model/history. Pure.

#include <vector>

#include "contract/contract.h"
#include "flow/verify_print.h"

namespace calve::flow {

/// Flattened events as rows of a mart.
///
/// \param events     of whole keys, in any order; those that are kBroken are left out
/// \param flattened  layout of the events
/// \param mart       layout of the result
std::vector<RowPrint> ExpectedRows(std::vector<RowPrint> events,
                                   const PrintLayout& flattened,
                                   const contract::Model& model, const PrintLayout& mart);

}  // namespace calve::flow
