#pragma once

/// \file model/law_check.h
/// Checks of laws on random inputs, always from the same seed.

#include <sstream>
#include <string>

#include <rapidcheck.h>

namespace calve::model {

struct LawEffort {
  int cases = 1000;
  int max_size = 30;  // of generated containers
};

/// Tries a law. \return what rapidcheck says of the smallest counterexample found, or
/// nothing if the law held everywhere
template <typename Law>
std::string Counterexample(const Law& law, LawEffort effort = {}) {
  rc::detail::TestParams params;
  params.seed = 20240229;
  params.maxSuccess = effort.cases;
  params.maxSize = effort.max_size;
  const auto result = rc::detail::checkTestable(law, rc::detail::TestMetadata(), params);
  if (result.template is<rc::detail::SuccessResult>()) {
    return "";
  }
  std::ostringstream message;
  rc::detail::printResultMessage(result, message);
  return message.str();
}

}  // namespace calve::model
