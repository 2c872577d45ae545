#include "contract/check.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace calve::contract {
namespace {

/// Expressions nest no deeper than this: the parser's stack is bounded.
constexpr int kMaxDepth = 100;

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return lower;
}

struct Token {
  enum class Kind { kWord, kQuotedName, kNumber, kText, kSymbol, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;  // words in lower case; quoted ones without quotes
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    while (true) {
      CALVE_ASSIGN(Token token, Next());
      tokens.push_back(std::move(token));
      if (tokens.back().kind == Token::Kind::kEnd) {
        return tokens;
      }
    }
  }

 private:
  Result<Token> Next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' ||
                                  text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
    if (at_ == text_.size()) {
      return Token{};
    }
    const char c = text_[at_];
    if (c == '\'' || c == '"') {
      return Quoted(c);
    }
    if (IsLetter(c)) {
      return Token{Token::Kind::kWord,
                   Lower(Take([](char d) { return IsLetter(d) || IsDigit(d); }))};
    }
    const bool sign = (c == '-' || c == '+') && at_ + 1 < text_.size();
    if (IsDigit(c) || c == '.' ||
        (sign && (IsDigit(text_[at_ + 1]) || text_[at_ + 1] == '.'))) {
      return Number();
    }
    return Symbol();
  }

  template <typename Predicate>
  std::string Take(Predicate belongs) {
    const size_t begin = at_;
    while (at_ < text_.size() && belongs(text_[at_])) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  Result<Token> Quoted(char quote) {
    std::string text;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) {
        if (at_ + 1 == text_.size() || text_[at_ + 1] != quote) {
          ++at_;
          return Token{quote == '"' ? Token::Kind::kQuotedName : Token::Kind::kText,
                       std::move(text)};
        }
        ++at_;  // A doubled quote stands for one.
      }
      text += text_[at_];
    }
    return Error{ErrorKind::kUnsupported, "a quote is not closed"};
  }

  Result<Token> Number() {
    std::string number(1, text_[at_++]);
    number += Take([](char c) { return IsDigit(c) || c == '.'; });
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      number += text_[at_++];
      if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) {
        number += text_[at_++];
      }
      number += Take(IsDigit);
    }
    return Token{Token::Kind::kNumber, std::move(number)};
  }

  Result<Token> Symbol() {
    for (const std::string_view symbol :
         {"<>", "!=", "<=", ">=", "=", "<", ">", "(", ")", ","}) {
      if (text_.substr(at_).starts_with(symbol)) {
        at_ += symbol.size();
        return Token{Token::Kind::kSymbol, std::string(symbol)};
      }
    }
    return Error{ErrorKind::kUnsupported,
                 fmt::format("`{}` is not understood", text_.substr(at_, 10))};
  }

  std::string_view text_;
  size_t at_ = 0;
};

Condition Join(Condition::Kind kind, std::vector<Condition> children) {
  if (children.size() == 1) {
    return std::move(children.front());
  }
  Condition joined;
  joined.kind = kind;
  joined.children = std::move(children);
  return joined;
}

Condition Compare(const std::string& column, CompareOp op, Constant constant) {
  Condition compare;
  compare.kind = Condition::Kind::kCompare;
  compare.column = column;
  compare.op = op;
  compare.constant = std::move(constant);
  return compare;
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Condition> Run() {
    CALVE_ASSIGN(Condition condition, Or());
    if (Here().kind != Token::Kind::kEnd) {
      return Unexpected("AND, OR or its end");
    }
    return condition;
  }

 private:
  const Token& Here() const { return tokens_[at_]; }
  bool IsWord(const char* word) const {
    return Here().kind == Token::Kind::kWord && Here().text == word;
  }
  bool TakeWord(const char* word) {
    const bool is = IsWord(word);
    at_ += is ? 1 : 0;
    return is;
  }
  bool TakeSymbol(const char* symbol) {
    const bool is = Here().kind == Token::Kind::kSymbol && Here().text == symbol;
    at_ += is ? 1 : 0;
    return is;
  }
  Error Unexpected(const char* wanted) const {
    return {ErrorKind::kUnsupported,
            Here().kind == Token::Kind::kEnd
                ? fmt::format("it ends where {} should follow", wanted)
                : fmt::format("`{}` stands where {} should", Here().text, wanted)};
  }

  Result<Condition> Or() {
    std::vector<Condition> terms;
    do {
      CALVE_ASSIGN(terms.emplace_back(), And());
    } while (TakeWord("or"));
    return Join(Condition::Kind::kOr, std::move(terms));
  }

  Result<Condition> And() {
    std::vector<Condition> factors;
    do {
      CALVE_ASSIGN(factors.emplace_back(), Factor());
    } while (TakeWord("and"));
    return Join(Condition::Kind::kAnd, std::move(factors));
  }

  Result<Condition> Factor() {
    if (!TakeSymbol("(")) {
      return Test();
    }
    if (++depth_ > kMaxDepth) {
      return Error{ErrorKind::kUnsupported, "it is nested too deep"};
    }
    CALVE_ASSIGN(Condition inner, Or());
    --depth_;
    if (!TakeSymbol(")")) {
      return Unexpected("`)`");
    }
    return inner;
  }

  Result<Condition> Test() {
    static const std::set<std::string, std::less<>> reserved{
        "and", "or", "not", "is", "in", "between", "null", "true", "false"};
    const bool quoted = Here().kind == Token::Kind::kQuotedName;
    if (!quoted &&
        (Here().kind != Token::Kind::kWord || reserved.contains(Here().text))) {
      return Unexpected("a column");
    }
    const std::string column = tokens_[at_++].text;
    if (TakeWord("is")) {
      return IsNull(column);
    }
    const bool negated = TakeWord("not");
    if (TakeWord("in")) {
      return In(column, negated);
    }
    if (TakeWord("between")) {
      return Between(column, negated);
    }
    if (negated) {
      return Unexpected("IN or BETWEEN");
    }
    CALVE_ASSIGN(const CompareOp op, Operator());
    CALVE_ASSIGN(Constant constant, ReadConstant());
    return Compare(column, op, std::move(constant));
  }

  Result<Condition> IsNull(const std::string& column) {
    Condition test;
    test.kind = TakeWord("not") ? Condition::Kind::kIsNotNull : Condition::Kind::kIsNull;
    test.column = column;
    if (!TakeWord("null")) {
      return Unexpected("NULL");
    }
    return test;
  }

  Result<Condition> In(const std::string& column, bool negated) {
    if (!TakeSymbol("(")) {
      return Unexpected("`(`");
    }
    std::vector<Condition> choices;
    do {
      CALVE_ASSIGN(Constant constant, ReadConstant());
      choices.push_back(Compare(column,
                                negated ? CompareOp::kNotEqual : CompareOp::kEqual,
                                std::move(constant)));
    } while (TakeSymbol(","));
    if (!TakeSymbol(")")) {
      return Unexpected("`,` or `)`");
    }
    return Join(negated ? Condition::Kind::kAnd : Condition::Kind::kOr,
                std::move(choices));
  }

  Result<Condition> Between(const std::string& column, bool negated) {
    CALVE_ASSIGN(Constant low, ReadConstant());
    if (!TakeWord("and")) {
      return Unexpected("AND");
    }
    CALVE_ASSIGN(Constant high, ReadConstant());
    std::vector<Condition> sides;
    sides.push_back(Compare(
        column, negated ? CompareOp::kLess : CompareOp::kGreaterOrEqual, std::move(low)));
    sides.push_back(Compare(column,
                            negated ? CompareOp::kGreater : CompareOp::kLessOrEqual,
                            std::move(high)));
    return Join(negated ? Condition::Kind::kOr : Condition::Kind::kAnd, std::move(sides));
  }

  Result<CompareOp> Operator() {
    constexpr std::pair<const char*, CompareOp> kOperators[] = {
        {"=", CompareOp::kEqual},           {"<>", CompareOp::kNotEqual},
        {"!=", CompareOp::kNotEqual},       {"<=", CompareOp::kLessOrEqual},
        {">=", CompareOp::kGreaterOrEqual}, {"<", CompareOp::kLess},
        {">", CompareOp::kGreater}};
    for (const auto& [symbol, op] : kOperators) {
      if (TakeSymbol(symbol)) {
        return op;
      }
    }
    return Unexpected("a comparison");
  }

  Result<Constant> ReadConstant() {
    const Token token = Here();
    if (token.kind == Token::Kind::kNumber || token.kind == Token::Kind::kText) {
      ++at_;
      const bool number = token.kind == Token::Kind::kNumber;
      return Constant{number ? ConstantKind::kNumber : ConstantKind::kText, token.text};
    }
    if (IsWord("true") || IsWord("false")) {
      ++at_;
      return Constant{ConstantKind::kBoolean, token.text};
    }
    if (IsWord("date") || IsWord("timestamp")) {
      ++at_;
      if (Here().kind == Token::Kind::kText) {
        const bool date = token.text == "date";
        return Constant{date ? ConstantKind::kDate : ConstantKind::kTimestamp,
                        tokens_[at_++].text};
      }
    }
    return Unexpected("a constant");
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

void AddColumns(const Condition& condition, std::set<std::string>& columns) {
  if (!condition.column.empty()) {
    columns.insert(condition.column);
  }
  for (const Condition& child : condition.children) {
    AddColumns(child, columns);
  }
}

}  // namespace

Result<Condition> ParseCondition(std::string_view expression) {
  CALVE_ASSIGN(std::vector<Token> tokens, Lexer(expression).Run());
  return Parser(std::move(tokens)).Run();
}

std::vector<std::string> ColumnsOf(const Condition& condition) {
  std::set<std::string> columns;
  AddColumns(condition, columns);
  return {columns.begin(), columns.end()};
}

}  // namespace calve::contract
