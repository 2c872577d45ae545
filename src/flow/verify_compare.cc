#include "flow/verify_compare.h"

#include <algorithm>
#include <span>
#include <tuple>

#include <fmt/format.h>

namespace calve::flow {
namespace {

using Rows = std::span<const RowPrint>;

class BucketComparison {
 public:
  BucketComparison(const PrintLayout& layout, const CompareRules& rules,
                   TableProof& proof)
      : layout_(layout), rules_(rules), proof_(proof) {}

  void Run(std::vector<RowPrint>& expected, std::vector<RowPrint>& found) {
    Sort(expected);
    Sort(found);
    proof_.rows += static_cast<int64_t>(found.size());
    const int64_t before = proof_.difference_count();
    Rows left(expected);
    Rows right(found);
    while (!left.empty() || !right.empty()) {
      const RowPrint& first = First(left, right);
      CompareRow(TakeSame(left, first), TakeSame(right, first));
    }
    ++proof_.buckets;
    proof_.differing_buckets += proof_.difference_count() > before ? 1 : 0;
  }

 private:
  auto Identity(const RowPrint& print) const {
    return std::tuple<const std::string&, int64_t>(print.key,
                                                   rules_.by_event ? print.event_id : 0);
  }

  void Sort(std::vector<RowPrint>& prints) const {
    std::sort(prints.begin(), prints.end(), [&](const RowPrint& a, const RowPrint& b) {
      return std::tuple_cat(Identity(a), std::tie(a.cells)) <
             std::tuple_cat(Identity(b), std::tie(b.cells));
    });
  }

  const RowPrint& First(Rows left, Rows right) const {
    if (left.empty() || (!right.empty() && Identity(right[0]) < Identity(left[0]))) {
      return right[0];
    }
    return left[0];
  }

  Rows TakeSame(Rows& rows, const RowPrint& as) const {
    size_t count = 0;
    while (count < rows.size() && Identity(rows[count]) == Identity(as)) {
      ++count;
    }
    const Rows same = rows.first(count);
    rows = rows.subspan(count);
    return same;
  }

  /// Everything that one row has on both sides. Several expected rows of one identity are
  /// versions of which any will do.
  void CompareRow(Rows expected, Rows found) {
    const bool wanted = !expected.empty() && !expected[0].Is(kBroken);
    if (found.empty()) {
      Note(DifferenceKind::kMissing, &expected[0], nullptr);
      proof_.expected_rows += wanted ? 1 : 0;
      return;
    }
    if (!wanted) {
      for (const RowPrint& row : found) {
        Note(DifferenceKind::kExtra, expected.empty() ? nullptr : &expected[0], &row);
      }
      return;
    }
    ++proof_.expected_rows;
    if (found.size() > 1 && !rules_.repeats_allowed) {
      Note(DifferenceKind::kRepeated, &expected[0], &found[0]);
    }
    for (const RowPrint& row : found) {
      const bool same =
          std::any_of(expected.begin(), expected.end(),
                      [&](const RowPrint& e) { return e.cells == row.cells; });
      if (!same) {
        Note(DifferenceKind::kOtherValues, &expected[0], &row);
      }
    }
  }

  void Note(DifferenceKind kind, const RowPrint* expected, const RowPrint* found) {
    const std::string reason = rules_.set_aside(expected, found);
    if (!reason.empty()) {
      ++proof_.set_aside[reason];
      return;
    }
    ++proof_.differences[kind];
    if (proof_.examples.size() < rules_.max_examples) {
      proof_.examples.push_back({.row = RowText(expected != nullptr ? *expected : *found),
                                 .kind = kind,
                                 .columns = kind == DifferenceKind::kOtherValues
                                                ? ColumnsThatDiffer(*expected, *found)
                                                : std::vector<std::string>()});
    }
  }

  std::string RowText(const RowPrint& print) const {
    const std::string event = fmt::format("audit_event_id={}", print.event_id);
    if (print.key.empty()) {
      return event;
    }
    return rules_.by_event ? print.key + ", " + event : print.key;
  }

  std::vector<std::string> ColumnsThatDiffer(const RowPrint& a, const RowPrint& b) const {
    std::vector<std::string> columns;
    for (size_t i = 0; i < std::min(a.cells.size(), b.cells.size()); ++i) {
      if (a.cells[i] != b.cells[i]) {
        columns.push_back(layout_.CellName(i));
      }
    }
    return columns;
  }

  const PrintLayout& layout_;  // All outlive this.
  const CompareRules& rules_;
  TableProof& proof_;
};

}  // namespace

int64_t TableProof::difference_count() const {
  int64_t count = 0;
  for (const auto& [kind, of_kind] : differences) {
    count += of_kind;
  }
  return count;
}

void CompareBucket(std::vector<RowPrint> expected, std::vector<RowPrint> found,
                   const PrintLayout& layout, const CompareRules& rules,
                   TableProof& proof) {
  BucketComparison(layout, rules, proof).Run(expected, found);
}

}  // namespace calve::flow
