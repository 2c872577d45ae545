#pragma once

/// \file landing/csv_text_internal.h
/// The inner loops of CSV: text in and out of quotes, sixteen bytes at a time.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#  include <emmintrin.h>
#endif

namespace calve::landing {

/// The names of the header line, in order.
inline constexpr std::string_view kCsvHeader =
    "audit_event_id,audit_operation,audit_timestamp,tbl_schema,tbl_name,raw_data";
inline constexpr int kCsvColumns = 6;

/// Bytes that the loops below may read past their input and write past their output.
inline constexpr size_t kCsvSlackBytes = 16;

/// Whether a text must be quoted: it is empty (unquoted that is NULL), or holds a comma,
/// a quote or a line break. PostgreSQL quotes a lone `\.` too, but only where it would
/// be a whole line, which six columns never are.
inline bool NeedsQuotes(std::string_view text) {
  if (text.empty()) {
    return true;
  }
  const char* p = text.data();
  const char* end = p + text.size();
#ifdef __SSE2__
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i special =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                  _mm_cmpeq_epi8(bytes, _mm_set1_epi8(','))),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')),
                                  _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r'))));
    if (_mm_movemask_epi8(special) != 0) {
      return true;
    }
  }
#endif
  for (; p != end; ++p) {
    if (*p == '"' || *p == ',' || *p == '\n' || *p == '\r') {
      return true;
    }
  }
  return false;
}

/// Copies `text` to `out`, each quote doubled; up to 2 * size bytes and the slack are
/// written. \return the end of the copy
inline char* CopyDoublingQuotes(std::string_view text, char* out) {
  const char* p = text.data();
  const char* end = p + text.size();
#ifdef __SSE2__
  while (end - p >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
    const auto quotes = static_cast<unsigned>(
        _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'))));
    const int plain = quotes == 0 ? 16 : __builtin_ctz(quotes);
    p += plain;
    out += plain;
    if (quotes != 0) {
      *out++ = '"';
      *out++ = '"';
      ++p;
    }
  }
#endif
  for (; p != end; ++p) {
    if (*p == '"') {
      *out++ = '"';
    }
    *out++ = *p;
  }
  return out;
}

/// Where a quoted text ended.
struct QuotedEnd {
  const char* next;  // behind the closing quote; null if the input ended before it
  char* out;         // the end of the copy
};

/// Copies what follows an opening quote to `out`, up to the closing quote, each doubled
/// quote made one. Reads and writes up to the slack past `end` and the copy. A quote that
/// is the last byte of the input closes the text: the caller knows whether more may come.
inline QuotedEnd CopyUndoublingQuotes(const char* p, const char* end, char* out) {
  while (p < end) {
#ifdef __SSE2__
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
    const auto quotes = static_cast<unsigned>(
        _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'))));
    const int plain = quotes == 0 ? 16 : __builtin_ctz(quotes);
    p += plain;
    out += plain;
    if (quotes == 0) {
      continue;
    }
#else
    const auto* quote =
        static_cast<const char*>(std::memchr(p, '"', static_cast<size_t>(end - p)));
    if (quote == nullptr) {
      break;
    }
    std::memcpy(out, p, static_cast<size_t>(quote - p));
    out += quote - p;
    p = quote;
#endif
    if (p >= end) {
      break;
    }
    if (end - p == 1 || p[1] != '"') {
      return {p + 1, out};
    }
    *out++ = '"';
    p += 2;
  }
  return {nullptr, out};
}

/// The end of an unquoted text: the first comma, quote, line break, or `end`. Reads up to
/// the slack past `end`.
inline const char* FindUnquotedEnd(const char* p, const char* end) {
#ifdef __SSE2__
  for (; p < end; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i special =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                  _mm_cmpeq_epi8(bytes, _mm_set1_epi8(','))),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')),
                                  _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r'))));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(special));
    if (mask != 0) {
      p += __builtin_ctz(mask);
      return p < end ? p : end;
    }
  }
  return end;
#else
  while (p != end && *p != '"' && *p != ',' && *p != '\n' && *p != '\r') {
    ++p;
  }
  return p;
#endif
}

/// How many line feeds `text` holds.
inline int64_t CountLineFeeds(std::string_view text) {
  const char* p = text.data();
  const char* end = p + text.size();
  int64_t count = 0;
#ifdef __SSE2__
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const auto feeds = static_cast<unsigned>(
        _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'))));
    count += __builtin_popcount(feeds);
  }
#endif
  for (; p != end; ++p) {
    count += *p == '\n' ? 1 : 0;
  }
  return count;
}

}  // namespace calve::landing
