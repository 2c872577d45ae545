#pragma once

/// \file app/console/text_layout.h
/// Documents as people read them.

#include <string>
#include <string_view>

#include "app/console/document.h"

namespace calve::app {

/// Records and tables in columns, control characters escaped.
/// \param color  whether headings are bold
std::string LayText(const Document& document, bool color);

/// A cell's text; `null` stands for a missing value.
std::string CellText(const Cell& cell, CellFormat format, std::string_view null);

}  // namespace calve::app
