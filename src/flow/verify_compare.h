#pragma once

/// \file flow/verify_compare.h
/// Two sets of prints, bucket by bucket: which rows differ, and in what. Pure.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "flow/verify_print.h"

namespace calve::flow {

enum class DifferenceKind {
  kMissing,      // the table lacks the row
  kExtra,        // the table has a row that should not be
  kOtherValues,  // the row has other values
  kRepeated,     // the table has the row more than once
};

struct Difference {
  std::string row;  // `order_id=7`, `audit_event_id=12`
  DifferenceKind kind = DifferenceKind::kMissing;
  std::vector<std::string> columns;  // with kOtherValues
};

/// One table held against what it should be.
struct TableProof {
  std::string table;
  std::string against;
  int64_t rows = 0;
  int64_t expected_rows = 0;
  int64_t buckets = 0;
  int64_t differing_buckets = 0;
  std::map<DifferenceKind, int64_t> differences;
  /// Rows that differ for a reason that is known: reason → rows.
  std::map<std::string, int64_t> set_aside;
  std::vector<Difference> examples;  // the first few, by row

  int64_t difference_count() const;
};

/// The reason to set a difference aside; empty: it is a fault. One of the two is null
/// where a row is missing or extra.
using SetAside =
    std::function<std::string(const RowPrint* expected, const RowPrint* found)>;

struct CompareRules {
  /// Rows are told apart by key and event, not by key alone.
  bool by_event = true;
  /// The same row may be there several times (the landing table: at least once).
  bool repeats_allowed = false;
  SetAside set_aside;
  size_t max_examples = 20;
};

/// Compares one bucket, and adds what it finds to `proof`. An expected row that is
/// kBroken is one that should not be there. Cost: O(n log n).
void CompareBucket(std::vector<RowPrint> expected, std::vector<RowPrint> found,
                   const PrintLayout& layout, const CompareRules& rules,
                   TableProof& proof);

}  // namespace calve::flow
