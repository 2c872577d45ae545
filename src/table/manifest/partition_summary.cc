#include "table/manifest/partition_summary.h"

#include "table/schema/literal_access.h"

namespace calve::table {
PartitionSummaries::PartitionSummaries(const Type& partition_type)
    : fields_(partition_type.children), bounds_(partition_type.children.size()) {}

void PartitionSummaries::Add(const PartitionValues& partition) {
  for (size_t i = 0; i < bounds_.size(); ++i) {
    if (!partition[i].has_value()) {
      bounds_[i].contains_null = true;
    } else if (IsNan(*partition[i])) {
      bounds_[i].contains_nan = true;
    } else {
      Extend(bounds_[i], *partition[i]);
    }
  }
}

void PartitionSummaries::Extend(Bounds& bounds, const Literal& value) {
  if (!bounds.lower.has_value() || Compare(value, *bounds.lower) < 0) {
    bounds.lower = value;
  }
  if (!bounds.upper.has_value() || Compare(value, *bounds.upper) > 0) {
    bounds.upper = value;
  }
}

std::vector<FieldSummary> PartitionSummaries::Summaries() const {
  std::vector<FieldSummary> summaries;
  for (size_t i = 0; i < bounds_.size(); ++i) {
    FieldSummary& summary = summaries.emplace_back();
    summary.contains_null = bounds_[i].contains_null;
    summary.contains_nan = bounds_[i].contains_nan;
    if (bounds_[i].lower.has_value()) {
      summary.lower_bound = EncodeLiteral(fields_[i].type, *bounds_[i].lower);
      summary.upper_bound = EncodeLiteral(fields_[i].type, *bounds_[i].upper);
    }
  }
  return summaries;
}

}  // namespace calve::table
