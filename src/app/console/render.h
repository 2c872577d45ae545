#pragma once

/// \file app/console/render.h
/// Documents as bytes on stdout.

#include <optional>
#include <string>
#include <string_view>

#include "app/console/document.h"
#include "core/result.h"

namespace calve::app {

enum class OutputFormat { kText, kJson, kJsonl, kCsv };

/// `text`, `json`, `jsonl`, `csv`; nullopt for another word.
std::optional<OutputFormat> ParseOutputFormat(std::string_view name);

struct RenderOptions {
  OutputFormat format = OutputFormat::kText;
  bool color = false;  // text: headings in bold
};

/// The document, ending with a newline. JSON is one document. JSON lines and CSV hold the
/// first table, or the first record as one row; CSV has a header and RFC 4180's quotes,
/// null as an empty field.
std::string Render(const Document& document, const RenderOptions& options);

/// A failure as the document `{"error": {"kind": …, "message": …}}`.
Document ErrorDocument(const Error& error);

/// `1,234,567`
std::string FormatCount(int64_t number);
/// `512 B`, `1.2 MiB`
std::string FormatBytes(int64_t bytes);
/// `0.35 s`, `4.8 s`, `2 min 5 s`, `3 h 20 min`, `5 d 2 h`
std::string FormatSeconds(double seconds);

}  // namespace calve::app
