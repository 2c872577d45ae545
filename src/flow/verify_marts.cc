#include "flow/verify_marts.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include "flow/mart_rows.h"

namespace calve::flow {
namespace {

using contract::EventOrder;
using Events = std::span<const RowPrint>;

void SortByKey(std::vector<RowPrint>& events, EventOrder order) {
  const bool by_time = order == EventOrder::kTimestampThenId;
  std::sort(events.begin(), events.end(), [&](const RowPrint& a, const RowPrint& b) {
    using Place = std::tuple<const std::string&, int64_t, int64_t>;
    return Place(a.key, by_time ? a.time_us : 0, a.event_id) <
           Place(b.key, by_time ? b.time_us : 0, b.event_id);
  });
}

/// Moves a flattened event's cells to where the mart has the columns.
class CellMapping {
 public:
  CellMapping(const PrintLayout& flattened, const PrintLayout& mart,
              bool only_its_own_columns)
      : size_(mart.columns.size() + 1) {
    for (size_t i = 0; i < flattened.columns.size(); ++i) {
      targets_.push_back(PositionIn(mart, flattened.columns[i]));
    }
    targets_.push_back(size_ - 1);
    drop_others_ = only_its_own_columns;
  }

  static size_t PositionIn(const PrintLayout& layout, const std::string& column) {
    return static_cast<size_t>(
        std::find(layout.columns.begin(), layout.columns.end(), column) -
        layout.columns.begin());
  }

  std::vector<uint64_t> Map(const std::vector<uint64_t>& cells) const {
    std::vector<uint64_t> mapped(size_, NullCell());
    for (size_t i = 0; i < cells.size(); ++i) {
      mapped[targets_[i]] += cells[i];
    }
    if (drop_others_) {
      mapped.back() = NullCell();
    }
    return mapped;
  }

 private:
  size_t size_;
  std::vector<size_t> targets_;
  bool drop_others_ = false;
};

/// The last of a key's events, unless it deletes.
void AddCurrent(Events events, const CellMapping& mapping, std::vector<RowPrint>& rows) {
  if (!events.back().Is(kDelete)) {
    RowPrint row = events.back();
    row.cells = mapping.Map(row.cells);
    rows.push_back(std::move(row));
  }
}

class HistoryBuilder {
 public:
  HistoryBuilder(const PrintLayout& flattened, const PrintLayout& mart,
                 const CellMapping& mapping, EventOrder order)
      : mapping_(mapping),
        order_(order),
        time_cell_(CellMapping::PositionIn(flattened, kEventTime)),
        from_cell_(CellMapping::PositionIn(mart, kValidFrom)),
        to_cell_(CellMapping::PositionIn(mart, kValidTo)),
        current_cell_(CellMapping::PositionIn(mart, kIsCurrent)),
        deleted_cell_(CellMapping::PositionIn(mart, kIsDeleted)) {}

  void Add(Events events, std::vector<RowPrint>& rows) const {
    int64_t from = events.front().time_us;
    for (size_t i = 0; i < events.size(); ++i) {
      from = StartOf(events[i], from);
      std::optional<int64_t> to;
      if (i + 1 < events.size()) {
        to = StartOf(events[i + 1], from);
      }
      rows.push_back(Version(events[i], from, to));
    }
  }

 private:
  /// By id, a version never starts before the one that precedes it.
  int64_t StartOf(const RowPrint& event, int64_t earlier) const {
    return order_ == EventOrder::kId ? std::max(earlier, event.time_us) : event.time_us;
  }

  RowPrint Version(RowPrint event, int64_t from, std::optional<int64_t> to) const {
    if (time_cell_ < event.cells.size()) {
      event.cells[time_cell_] = NullCell();
    }
    event.cells = mapping_.Map(event.cells);
    event.cells[from_cell_] += IntegerCell(kValidFrom, from);
    if (to) {
      event.cells[to_cell_] += IntegerCell(kValidTo, *to);
    }
    event.cells[current_cell_] += IntegerCell(kIsCurrent, to ? 0 : 1);
    event.cells[deleted_cell_] += IntegerCell(kIsDeleted, event.Is(kDelete) ? 1 : 0);
    return event;
  }

  const CellMapping& mapping_;  // Outlives this.
  EventOrder order_;
  size_t time_cell_;
  size_t from_cell_;
  size_t to_cell_;
  size_t current_cell_;
  size_t deleted_cell_;
};

size_t EndOfKey(Events events, size_t begin) {
  size_t end = begin + 1;
  while (end < events.size() && events[end].key == events[begin].key) {
    ++end;
  }
  return end;
}

/// One event an id: where the audit log has several under one id, any will do.
void DropRepeats(std::vector<RowPrint>& events) {
  const auto same = [](const RowPrint& a, const RowPrint& b) {
    return a.key == b.key && a.event_id == b.event_id;
  };
  events.erase(std::unique(events.begin(), events.end(), same), events.end());
}

}  // namespace

std::vector<RowPrint> ExpectedRows(std::vector<RowPrint> events,
                                   const PrintLayout& flattened,
                                   const contract::Model& model,
                                   const PrintLayout& mart) {
  std::erase_if(events, [](const RowPrint& event) { return event.Is(kBroken); });
  SortByKey(events, model.order);
  DropRepeats(events);
  const CellMapping mapping(
      flattened, mart, model.schema_evolution != contract::SchemaEvolution::kPropagate);
  const HistoryBuilder history(flattened, mart, mapping, model.order);
  std::vector<RowPrint> rows;
  for (size_t begin = 0; begin < events.size();) {
    const size_t end = EndOfKey(events, begin);
    const Events of_key(events.data() + begin, end - begin);
    if (model.kind == contract::ModelKind::kHistory) {
      history.Add(of_key, rows);
    } else {
      AddCurrent(of_key, mapping, rows);
    }
    begin = end;
  }
  return rows;
}

}  // namespace calve::flow
