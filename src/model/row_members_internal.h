#pragma once

/// \file model/row_members_internal.h
/// The members of the payload at hand, by contracted column and by extra column.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/extra_columns_internal.h"
#include "model/member_index_internal.h"
#include "model/payload_reader_internal.h"

namespace calve::model {

/// Sorts the members of one payload after the other. Of a repeated name the last counts,
/// as in PostgreSQL's jsonb.
class RowMembers {
 public:
  struct Settings {
    std::vector<std::string> contracted;  // member names
    std::set<std::string> taken;          // column names that no extra column may have
    bool keep_others = true;              // whether members that are no column matter
  };
  explicit RowMembers(Settings settings);

  /// Takes the members of the payload in row `row`, more than that of the last call.
  void Take(int64_t row, const std::vector<PayloadMember>& members);

  /// The value of a contracted member, by its place in the settings; null if it is
  /// missing.
  const PayloadMember* Find(size_t contracted) const {
    const Value& value = values_[contracted_[contracted]];
    return value.row == row_ ? &value.member : nullptr;
  }

  /// The name of a member that is not contracted; null if there is none or they do not
  /// matter.
  const std::string* AnyOther() const {
    return others_.empty() ? nullptr : &index_.NameOf(others_.front());
  }
  /// How many members are not contracted; 0 if they do not matter.
  size_t other_count() const { return others_.size(); }
  /// The name of a member whose column another member of the row or the contract has;
  /// null if there is none.
  const std::string* Unmapped() const { return unmapped_; }

  /// Appends the members that are not contracted. \param output_row  of the kept rows
  Status AppendOthers(int64_t output_row, ExtraColumns& columns);

 private:
  struct Value {
    int64_t row = -1;  // whose value this is
    PayloadMember member;
  };
  /// An extra column to be; members that map to one name share it.
  struct Slot {
    std::optional<size_t> column;  // in the output, once a row is kept that has it
    std::string name;
    bool taken = false;
    int64_t row = -1;  // the last one that has it
  };

  size_t SlotOf(const std::string& member);
  void GrowTo(size_t numbers);
  void AddOther(size_t number);

  Settings settings_;
  MemberIndex index_;
  std::vector<size_t> contracted_;  // member numbers, by place in the settings
  size_t first_other_ = 0;          // members before it are contracted
  std::vector<Value> values_;       // by member number
  std::vector<size_t> slots_of_;    // by member number; unused for contracted ones
  std::vector<Slot> slots_;
  std::unordered_map<std::string, size_t> slots_by_name_;
  std::vector<size_t> others_;  // members of the row that are not contracted, once each
  const std::string* unmapped_ = nullptr;
  int64_t row_ = -1;
};

}  // namespace calve::model
