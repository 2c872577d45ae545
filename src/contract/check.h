#pragma once

/// \file contract/check.h
/// `check` constraints: conditions that compare columns of one row with constants.

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace calve::contract {

enum class CompareOp {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual
};

/// What a constant was written as.
enum class ConstantKind { kNumber, kText, kBoolean, kDate, kTimestamp };

/// A constant; its text is a number as written, a text without its quotes, `true` or
/// `false`.
struct Constant {
  ConstantKind kind = ConstantKind::kNumber;
  std::string text;
  bool operator==(const Constant&) const = default;
};

/// A condition, in SQL's logic of three values. IN and BETWEEN are written out by
/// comparisons.
struct Condition {
  enum class Kind { kAnd, kOr, kCompare, kIsNull, kIsNotNull };
  Kind kind = Kind::kAnd;
  std::vector<Condition> children;  // of kAnd and kOr
  std::string column;               // of the others
  CompareOp op = CompareOp::kEqual;
  Constant constant;
  bool operator==(const Condition&) const = default;
};

/// A `check` constraint of a model. Rows for which it is false break it; unknown passes.
struct Check {
  std::string name;        // the constraint's `name`, else made of its expression
  std::string expression;  // as written
  Condition condition;
  int line = 0;

  bool operator==(const Check& other) const {
    return name == other.name && expression == other.expression;
  }
};

/// Parses an expression, keywords in any case:
/// ```
/// condition  = term {OR term}           term = factor {AND factor}
/// factor     = ( condition ) | column test
/// test       = = <> != < <= > >= constant | IS [NOT] NULL
///            | [NOT] IN ( constant {, constant} ) | [NOT] BETWEEN constant AND constant
/// constant   = number | 'text' | TRUE | FALSE | DATE 'text' | TIMESTAMP 'text'
/// column     = name | "name"
/// ```
/// \return kUnsupported: a part of a sentence that says where it stops being one of these
Result<Condition> ParseCondition(std::string_view expression);

/// The columns that a condition names, ascending, each once.
std::vector<std::string> ColumnsOf(const Condition& condition);

}  // namespace calve::contract
