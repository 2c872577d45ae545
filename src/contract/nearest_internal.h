#pragma once

/// \file contract/nearest_internal.h
/// The name somebody probably meant.

#include <string>
#include <string_view>
#include <vector>

namespace calve::contract {

/// The candidate with the smallest edit distance to `word`, the first of several; empty
/// if there is no candidate. Case does not count.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace calve::contract
