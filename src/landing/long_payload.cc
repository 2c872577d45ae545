#include "landing/long_payload.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/unfit_event.h"
#include "landing/long_payload_internal.h"

namespace calve::landing {
namespace {

PayloadPiece TakeQuoted(std::string_view bytes, bool last, LongPayload& payload) {
  size_t begin = 0;
  while (true) {
    const size_t quote = bytes.find('"', begin);
    if (quote == std::string_view::npos) {
      payload.Append(bytes.substr(begin));
      return {.used = bytes.size(),
              .ended = false,
              .problem = last ? "the quote is never closed" : ""};
    }
    payload.Append(bytes.substr(begin, quote - begin));
    const bool at_end = quote + 1 == bytes.size();
    if (at_end && !last) {
      return {.used = quote, .ended = false, .problem = {}};
    }
    if (at_end || bytes[quote + 1] != '"') {
      return {.used = quote + 1, .ended = true, .problem = {}};
    }
    payload.Append("\"");
    begin = quote + 2;
  }
}

PayloadPiece TakePlain(std::string_view bytes, bool last, LongPayload& payload) {
  const size_t stop = std::min(bytes.find_first_of(",\"\r\n"), bytes.size());
  payload.Append(bytes.substr(0, stop));
  if (stop < bytes.size() && bytes[stop] == '"') {
    return {.used = stop,
            .ended = true,
            .problem = "a quote within a field that is not in quotes"};
  }
  return {.used = stop, .ended = stop < bytes.size() || last, .problem = {}};
}

}  // namespace

void LongPayload::Append(std::string_view piece) {
  const bool was_above = bytes_ > max_bytes_;
  bytes_ += static_cast<int64_t>(piece.size());
  if (bytes_ <= max_bytes_) {
    const size_t needed = text_.size() + piece.size();
    if (needed > text_.capacity()) {  // Grows by halves: it may come near the limit.
      text_.reserve(std::min(needed + needed / 2, static_cast<size_t>(max_bytes_)));
    }
    text_ += piece;
    return;
  }
  if (!was_above) {
    hash_.Update(text_);
    text_.clear();
    text_.shrink_to_fit();
  }
  hash_.Update(piece);
}

std::string LongPayload::Finish() && {
  if (bytes_ <= max_bytes_) {
    return std::move(text_);
  }
  return MarkUnfit({kUnfitSize, "raw_data",
                    fmt::format("raw_data has {} bytes, above max_event_bytes ({}); its "
                                "SHA-256 is {}; the landing file in source_file has it",
                                bytes_, max_bytes_, hash_.Finish())},
                   std::nullopt);
}

PayloadPiece TakePayloadPiece(std::string_view bytes, bool quoted, bool last,
                              LongPayload& payload) {
  return quoted ? TakeQuoted(bytes, last, payload) : TakePlain(bytes, last, payload);
}

}  // namespace calve::landing
