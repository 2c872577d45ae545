#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "app/arrow_cells.h"
#include "app/commands.h"
#include "flow/quarantine.h"
#include "flow/quarantine_discard.h"
#include "flow/quarantine_groups.h"
#include "flow/quarantine_replay.h"

namespace calve::app {
namespace {

/// The words of the `quarantine` commands.
struct QuarantineWords {
  std::string select;
  std::string rule;
  std::vector<std::string> ids;
  std::string note;
  int64_t limit = 20;
};

Result<std::vector<int64_t>> ParseIds(const std::vector<std::string>& words) {
  std::vector<int64_t> ids;
  for (const std::string& word : words) {
    int64_t id = 0;
    const char* end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, id);
    if (error != std::errc() || stop != end) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("\"{}\" is no audit_event_id: give whole numbers", word)};
    }
    ids.push_back(id);
  }
  return ids;
}

/// Which rows the words mean. A selection names models of the project; without one every
/// quarantine table counts.
Result<flow::QuarantineFilter> FilterOf(const flow::Pipeline& pipeline,
                                        const QuarantineWords& words) {
  flow::QuarantineFilter filter;
  filter.rule = words.rule;
  CALVE_ASSIGN(filter.event_ids, ParseIds(words.ids));
  if (!words.select.empty()) {
    CALVE_ASSIGN(const auto models, contract::Select(pipeline.project, words.select));
    for (const contract::Model* model : models) {
      filter.models.push_back(model->name);
    }
  }
  return filter;
}

Result<flow::Pipeline> Open(Session& session) {
  return session.LoadPipeline({.catalog = true, .models = true});
}

Result<Document> List(Session& session, const QuarantineWords& words) {
  CALVE_ASSIGN(const flow::Pipeline pipeline, Open(session));
  CALVE_ASSIGN(const flow::QuarantineFilter filter, FilterOf(pipeline, words));
  CALVE_ASSIGN(const auto groups, flow::GroupQuarantined(pipeline, filter));
  Document document;
  Table& list = document.AddTable({{"model"},
                                   {"rule"},
                                   {"column"},
                                   {"open", CellFormat::kCount},
                                   {"discarded", CellFormat::kCount},
                                   {"oldest"},
                                   {"newest"},
                                   {"example_id"},
                                   {"example_reason"}});
  for (const flow::QuarantineGroup& group : groups) {
    list.Add({group.model, group.rule, group.column.empty() ? Cell() : Cell(group.column),
              group.open, group.discarded, FormatIsoTimestamp(group.oldest),
              FormatIsoTimestamp(group.newest),
              group.example_id ? Cell(*group.example_id) : Cell(), group.example_reason});
  }
  return document;
}

/// Gathers whole rows, up to the limit.
Status CollectRows(const flow::Pipeline& pipeline, const flow::QuarantineFilter& filter,
                   int64_t limit, Table& events) {
  const std::vector<std::string> columns = flow::QuarantineSchema()->field_names();
  const auto collect = [&](const flow::QuarantinedRows& found) -> Result<bool> {
    for (int64_t i = 0; i < found.rows->num_rows(); ++i) {
      if (static_cast<int64_t>(events.rows.size()) == limit) {
        return false;
      }
      std::vector<Cell> cells;
      for (const auto& column : found.rows->columns()) {
        cells.push_back(CellAt(*column, i));
      }
      events.Add(std::move(cells));
    }
    return true;
  };
  CALVE_ASSIGN(const auto tables, flow::QuarantineTables(pipeline, filter));
  for (const table::LoadedTable& table : tables) {
    CALVE_TRY(flow::VisitRowsOf(*pipeline.store, table, filter, columns, collect));
  }
  return {};
}

Result<Document> Show(Session& session, const QuarantineWords& words) {
  if (words.ids.empty() && words.select.empty() && words.rule.empty()) {
    return Error{ErrorKind::kInvalidArgument,
                 "say which events: their ids, --model or --rule; `calve quarantine ls` "
                 "shows what there is"};
  }
  CALVE_ASSIGN(const flow::Pipeline pipeline, Open(session));
  CALVE_ASSIGN(const flow::QuarantineFilter filter, FilterOf(pipeline, words));
  Document document;
  Table& events = document.AddTable({});
  events.row_name = "event";
  for (const std::string& name : flow::QuarantineSchema()->field_names()) {
    events.columns.push_back({name});
  }
  CALVE_TRY(CollectRows(pipeline, filter, words.limit + 1, events));
  if (events.rows.empty()) {
    return Error{ErrorKind::kNotFound,
                 "no such event is in quarantine; `calve quarantine ls` shows what is"};
  }
  if (static_cast<int64_t>(events.rows.size()) > words.limit) {
    events.rows.pop_back();
    session.Say(
        fmt::format("only the first {} are shown: --limit shows more", words.limit));
  }
  return document;
}

Result<Document> Discard(Session& session, const QuarantineWords& words) {
  if (words.ids.empty() && words.select.empty() && words.rule.empty()) {
    return Error{ErrorKind::kInvalidArgument,
                 "say which events to discard: their ids, --select or --rule"};
  }
  CALVE_ASSIGN(const flow::Pipeline pipeline, Open(session));
  CALVE_ASSIGN(const flow::QuarantineFilter filter, FilterOf(pipeline, words));
  CALVE_TRY(session.Confirm("discarding quarantined events, which then stay out"));
  CALVE_ASSIGN(const auto discarded,
               flow::DiscardQuarantined(pipeline, filter, words.note));
  Document document;
  Table& models =
      document.AddTable({{"model"}, {"discarded", CellFormat::kCount}}, "models");
  for (const auto& [model, rows] : discarded) {
    models.Add({model, rows});
  }
  if (discarded.empty()) {
    document.AddNote("No open row is left to discard: nothing was done.");
  }
  return document;
}

Result<Document> Replay(Session& session, const QuarantineWords& words) {
  CALVE_ASSIGN(const flow::Pipeline pipeline, Open(session));
  CALVE_ASSIGN(const flow::QuarantineFilter filter, FilterOf(pipeline, words));
  CALVE_ASSIGN(const auto reports, flow::ReplayQuarantined(pipeline, filter));
  Document document;
  Table& models = document.AddTable({{"model"},
                                     {"passed", CellFormat::kCount},
                                     {"still_failing", CellFormat::kCount},
                                     {"conflicts", CellFormat::kCount},
                                     {"left_out", CellFormat::kCount}},
                                    "models");
  int64_t conflicts = 0;
  for (const flow::ReplayReport& report : reports) {
    models.Add({report.model, report.passed, report.still_failing, report.conflicts,
                report.left_out});
    conflicts += report.conflicts;
  }
  if (conflicts > 0) {
    session.Say(
        "id_conflict: another event came first under the same id and stays; only "
        "`calve quarantine discard` settles these");
  }
  return document;
}

using QuarantineBody =
    std::function<Result<Document>(Session& session, const QuarantineWords& words)>;

/// Adds a command that takes a selection of models and a rule.
CommandOptions AddOne(Commands& group, const std::string& name, const std::string& help,
                      const std::shared_ptr<QuarantineWords>& words,
                      const QuarantineBody& body) {
  CommandOptions parser = group.Add(
      name, help, [words, body](Session& session) { return body(session, *words); });
  parser
      .Text("-s,--select,--model", words->select,
            "Only these models: names, layers, +name, name+ (default: all)")
      .Text("--rule", words->rule, "Only this rule: cast, payload, not_null, …");
  return parser;
}

}  // namespace

void AddQuarantineCommands(Commands& commands) {
  Commands group = commands.Group(
      "quarantine", "Events that broke their contract: look, judge again, give up");
  auto words = std::make_shared<QuarantineWords>();
  AddOne(group, "ls", "Count what is quarantined, by model and reason", words, List);
  AddOne(group, "show", "Show quarantined events, whole", words, Show)
      .Texts("id", words->ids, "audit_event_id of the events")
      .Count("--limit", words->limit, "Show at most so many (default: 20)");
  AddOne(group, "replay", "Judge quarantined events by the contract as it is now", words,
         Replay)
      .Texts("id", words->ids,
             "audit_event_id of the events (default: all that are open)");
  AddOne(group, "discard", "Give quarantined events up, on record", words, Discard)
      .Texts("id", words->ids, "audit_event_id of the events")
      .Text("--note", words->note, "Why: kept with the events")
      .Required();
}

}  // namespace calve::app
