#include "landing/csv_record_internal.h"

namespace calve::landing {
namespace {

/// Takes the fields of one record from left to right.
class RecordParser {
 public:
  RecordParser(const char* begin, const char* end, bool last, char* scratch)
      : p_(begin), end_(end), last_(last), scratch_(scratch) {}

  RecordOutcome Parse(CsvRecord& record) {
    for (int column = 0;; ++column) {
      record.columns = column + 1;
      record.partial = p_;
      CsvField field;
      const RecordOutcome outcome =
          p_ < end_ && *p_ == '"' ? TakeQuoted(field) : TakePlain(field);
      if (outcome != RecordOutcome::kRecord) {
        record.problem = problem_;
        return outcome;
      }
      if (column < kCsvColumns) {
        record.fields[static_cast<size_t>(column)] = field;
      }
      if (p_ < end_ && *p_ == ',') {
        ++p_;
        continue;
      }
      const RecordOutcome ended = TakeLineEnd();
      record.next = p_;
      record.problem = problem_;
      return ended;
    }
  }

 private:
  RecordOutcome TakeQuoted(CsvField& field) {
    const QuotedEnd quoted = CopyUndoublingQuotes(p_ + 1, end_, scratch_);
    if (quoted.next == nullptr) {
      return last_ ? Bad("the quote is never closed") : RecordOutcome::kMore;
    }
    if (quoted.next == end_ && !last_) {
      return RecordOutcome::kMore;  // The next byte may double the quote.
    }
    field = {{scratch_, static_cast<size_t>(quoted.out - scratch_)}, /*quoted=*/true};
    scratch_ = quoted.out;
    p_ = quoted.next;
    return RecordOutcome::kRecord;
  }

  RecordOutcome TakePlain(CsvField& field) {
    const char* stop = FindUnquotedEnd(p_, end_);
    if (stop == end_ && !last_) {
      return RecordOutcome::kMore;
    }
    if (stop != end_ && *stop == '"') {
      return Bad("a quote within a field that is not in quotes");
    }
    field = {{p_, static_cast<size_t>(stop - p_)}, /*quoted=*/false};
    p_ = stop;
    return RecordOutcome::kRecord;
  }

  RecordOutcome TakeLineEnd() {
    if (p_ == end_) {
      return RecordOutcome::kRecord;
    }
    if (*p_ == '\n') {
      ++p_;
      return RecordOutcome::kRecord;
    }
    if (*p_ != '\r') {
      return Bad("text behind a closing quote");
    }
    if (p_ + 1 == end_ && !last_) {
      return RecordOutcome::kMore;
    }
    if (p_ + 1 == end_ || p_[1] != '\n') {
      return Bad("a carriage return that no line feed follows");
    }
    p_ += 2;
    return RecordOutcome::kRecord;
  }

  RecordOutcome Bad(std::string_view problem) {
    problem_ = problem;
    return RecordOutcome::kBad;
  }

  const char* p_;
  const char* end_;
  bool last_;
  char* scratch_;
  std::string_view problem_;
};

}  // namespace

RecordOutcome ParseRecord(const char* begin, const char* end, bool last, char* scratch,
                          CsvRecord& record) {
  return RecordParser(begin, end, last, scratch).Parse(record);
}

}  // namespace calve::landing
