#pragma once

/// \file contract/problems_internal.h
/// Gathers all that is wrong with a project, so that one look shows everything.

#include <set>
#include <string>
#include <vector>

#include "core/result.h"

namespace calve::contract {

/// The problems found so far, each `<file>:<line>: <sentence>`, in the order in which
/// they were found.
class Problems {
 public:
  void Add(Error error) { errors_.push_back(std::move(error)); }
  /// \return whether there was none
  bool Check(const Status& status) {
    if (!status) {
      Add(status.error());
    }
    return status.has_value();
  }

  /// A model that could not be read whole: what others say of it is not held against
  /// them.
  void MarkBroken(const std::string& model) { broken_.insert(model); }
  bool IsBroken(const std::string& model) const { return broken_.contains(model); }

  const std::vector<Error>& errors() const { return errors_; }

 private:
  std::vector<Error> errors_;
  std::set<std::string> broken_;
};

}  // namespace calve::contract
