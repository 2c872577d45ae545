#pragma once

/// \file core/result.h
/// The one way this project reports failure. Shaped like std::expected, so that a move to
/// C++23 is an alias swap. No exception crosses a room's boundary.

#include <cassert>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace calve {

/// What the caller can do about a failure. Add a kind only if some caller branches on it.
enum class ErrorKind {
  kInvalidArgument,    ///< The caller's input is wrong; a retry cannot help.
  kContractViolation,  ///< Source data breaks its contract; quarantine it.
  kCorrupt,            ///< Stored bytes fail to parse or fail a checksum.
  kNotFound,           ///< The named thing does not exist.
  kUnsupported,        ///< Valid input that this version cannot handle.
  kConflict,           ///< Another writer won: re-read, rebase, retry.
  kCommitUnknown,      ///< The commit may have landed: look before a retry.
  kUnavailable,        ///< Transient I/O failure: retry with backoff.
  kCancelled,          ///< Shutdown was requested.
  kInternal,           ///< A bug here: an invariant is broken.
};

/// A failure: what to do about it, and a message that names table, file or position.
struct [[nodiscard]] Error {
  ErrorKind kind;
  std::string message;
};

/// A `T` or the Error that prevented it. Reading the absent side is a bug (asserted).
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  // Implicit, so that a function can `return value;` or `return Error{...};`.
  // NOLINTBEGIN(google-explicit-constructor)
  template <typename U = T>
    requires(std::is_convertible_v<U &&, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  // NOLINTEND(google-explicit-constructor)

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & { return *Get(); }
  T&& operator*() && { return std::move(*Get()); }
  const T& operator*() const& { return *std::as_const(*this).Get(); }
  T* operator->() { return Get(); }
  const T* operator->() const { return Get(); }
  const Error& error() const& {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  T* Get() {
    assert(has_value());
    return std::get_if<0>(&state_);
  }
  const T* Get() const {
    assert(has_value());
    return std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

/// Success, or an Error: `return {};` says success.
template <>
class [[nodiscard]] Result<void> : public Result<std::monostate> {
 public:
  Result() : Result<std::monostate>(std::monostate{}) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : Result<std::monostate>(std::move(error)) {}
};

using Status = Result<void>;

}  // namespace calve

/// Returns the Error of `expr` from the enclosing function, if it has one.
#define CALVE_TRY(expr)                                        \
  do {                                                         \
    if (auto&& try_result = (expr); !try_result.has_value()) { \
      return try_result.error();                               \
    }                                                          \
  } while (false)

// NOLINTBEGIN(bugprone-macro-parentheses): a declaration can't stand in parentheses.
#define CALVE_CONCAT_INNER(a, b) a##b
#define CALVE_CONCAT(a, b) CALVE_CONCAT_INNER(a, b)
#define CALVE_ASSIGN_IMPL(result, lhs, expr) \
  auto result = (expr);                      \
  if (!result.has_value()) {                 \
    return result.error();                   \
  }                                          \
  lhs = *std::move(result)

/// Evaluates `expr`, a Result<T>; moves its value into `lhs` (a declaration or an
/// lvalue), or returns its Error from the enclosing function. Not usable as a
/// single-statement body.
#define CALVE_ASSIGN(lhs, expr) \
  CALVE_ASSIGN_IMPL(CALVE_CONCAT(assign_result_, __LINE__), lhs, expr)
// NOLINTEND(bugprone-macro-parentheses)
