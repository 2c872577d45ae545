#pragma once

/// \file model/member_index_internal.h
/// Names of payload members as small numbers.

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace calve::model {

/// Numbers names in order of first appearance. Payloads of one table have the same
/// members in the same order nearly always, so the name that followed last time is tried
/// first.
class MemberIndex {
 public:
  /// Starts the next payload.
  void StartRow() { previous_ = 0; }

  /// The number of a name, a new one if it is new.
  size_t Number(std::string_view name) {
    const size_t guess = following_[previous_];
    if (guess < names_.size() && names_[guess] == name) {
      previous_ = guess + 1;
      return guess;
    }
    return Lookup(name);
  }

  const std::string& NameOf(size_t number) const { return names_[number]; }
  size_t size() const { return names_.size(); }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  size_t Lookup(std::string_view name);

  std::deque<std::string> names_;  // never move, for numbers_ views them
  std::unordered_map<std::string_view, size_t> numbers_;
  size_t previous_ = 0;                   // the last name's number and 1; 0 at the start
  std::vector<size_t> following_{kNone};  // by previous_, the name that came next
};

}  // namespace calve::model
