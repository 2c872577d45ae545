#include "generate/csv_reader.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace calve::generate {
namespace {

constexpr size_t kReadBytes = 256UL * 1024;
constexpr size_t kMaxRecordBytes = 1024UL * 1024 * 1024;

/// Splits one record into fields. Doubled quotes are folded where they stand.
class RecordSplitter {
 public:
  RecordSplitter(char* begin, char* end) : cursor_(begin), end_(end) {}

  /// Adds every field to `fields`; false if the record is no CSV.
  bool Split(std::vector<Field>& fields) {
    while (true) {
      const bool quoted = cursor_ != end_ && *cursor_ == '"';
      const std::optional<std::string_view> text = quoted ? TakeQuoted() : TakeBare();
      if (!text) {
        return false;
      }
      fields.push_back(quoted || !text->empty() ? text : std::nullopt);
      if (cursor_ == end_) {
        return true;
      }
      ++cursor_;  // the comma
    }
  }

 private:
  std::optional<std::string_view> TakeBare() {
    char* const begin = cursor_;
    for (; cursor_ != end_ && *cursor_ != ','; ++cursor_) {
      if (*cursor_ == '"') {
        return std::nullopt;
      }
    }
    return std::string_view(begin, cursor_);
  }

  std::optional<std::string_view> TakeQuoted() {
    char* const begin = ++cursor_;
    char* out = begin;
    while (true) {
      auto* const quote = static_cast<char*>(
          std::memchr(cursor_, '"', static_cast<size_t>(end_ - cursor_)));
      if (quote == nullptr) {
        return std::nullopt;
      }
      const bool doubled = quote + 1 != end_ && quote[1] == '"';
      const auto size = static_cast<size_t>(quote - cursor_) + (doubled ? 1 : 0);
      if (out != cursor_) {
        std::memmove(out, cursor_, size);
      }
      out += size;
      cursor_ = quote + (doubled ? 2 : 1);
      if (!doubled) {
        break;
      }
    }
    if (cursor_ != end_ && *cursor_ != ',') {
      return std::nullopt;
    }
    return std::string_view(begin, out);
  }

  char* cursor_;
  char* end_;
};

}  // namespace

CsvReader::CsvReader(std::string name, ByteSource source)
    : name_(std::move(name)), source_(std::move(source)) {}

Result<bool> CsvReader::Next(std::vector<Field>& fields) {
  fields.clear();
  size_t end = 0;
  CALVE_ASSIGN(const bool found, FindEnd(end));
  if (!found) {
    return false;
  }
  ++records_;
  const size_t next = std::min(end + 1, size_);
  if (end > begin_ && buffer_[end - 1] == '\r') {
    --end;
  }
  if (!RecordSplitter(buffer_.data() + begin_, buffer_.data() + end).Split(fields)) {
    return Corrupt("a quote out of place");
  }
  begin_ = next;
  return true;
}

/// Sets `end` to where the record at begin_ ends; false where there is none.
Result<bool> CsvReader::FindEnd(size_t& end) {
  size_t scanned = 0;  // from begin_, which ReadMore moves
  bool quoted = false;
  while (true) {
    const std::string_view rest(buffer_.data() + begin_ + scanned,
                                size_ - begin_ - scanned);
    const size_t line = std::min(rest.find('\n'), rest.size());
    quoted ^=
        std::count(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(line), '"') % 2 !=
        0;
    scanned += line;
    const bool at_line_end = line != rest.size();
    if (at_line_end && !quoted) {
      break;
    }
    if (at_line_end) {
      ++scanned;
      continue;
    }
    if (at_end_ && quoted) {
      ++records_;
      return Corrupt("a quote that is never closed");
    }
    if (at_end_) {
      end = begin_ + scanned;
      return scanned != 0;
    }
    CALVE_TRY(ReadMore());
  }
  end = begin_ + scanned;
  return true;
}

Status CsvReader::ReadMore() {
  buffer_.erase(0, begin_);
  size_ -= begin_;
  begin_ = 0;
  if (size_ > kMaxRecordBytes) {
    ++records_;
    return Corrupt("longer than a gigabyte");
  }
  buffer_.resize(size_ + std::max(kReadBytes, size_));
  CALVE_ASSIGN(const size_t bytes,
               source_(std::span(buffer_.data() + size_, buffer_.size() - size_)));
  at_end_ = bytes == 0;
  size_ += bytes;
  return {};
}

Error CsvReader::Corrupt(std::string_view what) const {
  return {ErrorKind::kCorrupt,
          fmt::format("{} in record {} of {}", what, records_, name_)};
}

}  // namespace calve::generate
