#include <utility>

#include "model/flatten.h"
#include "model/row_members_internal.h"

namespace calve::model {

RowMembers::RowMembers(Settings settings) : settings_(std::move(settings)) {
  for (const std::string& name : settings_.contracted) {
    contracted_.push_back(index_.Number(name));
  }
  first_other_ = index_.size();
  values_.resize(index_.size());
  slots_of_.resize(index_.size());
}

size_t RowMembers::SlotOf(const std::string& member) {
  std::string name = ExtraColumnName(member);
  if (settings_.taken.contains(name)) {
    name = SuffixedColumnName(member);
  }
  const auto [slot, added] = slots_by_name_.emplace(name, slots_.size());
  if (added) {
    const bool taken = settings_.taken.contains(name);
    slots_.push_back({.column = std::nullopt, .name = std::move(name), .taken = taken});
  }
  return slot->second;
}

void RowMembers::GrowTo(size_t numbers) {
  while (values_.size() < numbers) {
    slots_of_.push_back(settings_.keep_others ? SlotOf(index_.NameOf(values_.size()))
                                              : 0);
    values_.emplace_back();
  }
}

void RowMembers::AddOther(size_t number) {
  Slot& slot = slots_[slots_of_[number]];
  if (slot.taken || slot.row == row_) {
    unmapped_ = &index_.NameOf(number);
  }
  slot.row = row_;
  others_.push_back(number);
}

void RowMembers::Take(int64_t row, const std::vector<PayloadMember>& members) {
  row_ = row;
  others_.clear();
  unmapped_ = nullptr;
  index_.StartRow();
  for (const PayloadMember& member : members) {
    const size_t number = index_.Number(member.name);
    GrowTo(index_.size());
    Value& value = values_[number];
    const bool contracted = number < first_other_;
    if (!contracted && settings_.keep_others && value.row != row) {
      AddOther(number);
    }
    value = {row, member};
  }
}

Status RowMembers::AppendOthers(int64_t output_row, ExtraColumns& columns) {
  for (const size_t number : others_) {
    Slot& slot = slots_[slots_of_[number]];
    if (!slot.column) {
      slot.column = columns.Add(slot.name);
    }
    const PayloadMember& member = values_[number].member;
    CALVE_TRY(columns.Append(*slot.column, output_row, member.text, member.is_null));
  }
  return {};
}

}  // namespace calve::model
