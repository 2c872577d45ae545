#pragma once

/// \file app/console/redact.h
/// The last net under secrets: what must not be shown is masked in every message.

#include <string>
#include <vector>

namespace calve::app {

/// Replaces each of `secrets` in `text` by `***`, longest first, where it is no part of a
/// longer word. Empty ones are left out.
std::string Redact(std::string text, const std::vector<std::string>& secrets);

}  // namespace calve::app
