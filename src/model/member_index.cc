#include "model/member_index_internal.h"

namespace calve::model {

size_t MemberIndex::Lookup(std::string_view name) {
  size_t number = names_.size();
  if (const auto known = numbers_.find(name); known != numbers_.end()) {
    number = known->second;
  } else {
    numbers_.emplace(names_.emplace_back(name), number);
    following_.push_back(kNone);
  }
  following_[previous_] = number;
  previous_ = number + 1;
  return number;
}

}  // namespace calve::model
