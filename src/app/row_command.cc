#include <memory>
#include <sstream>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/row_history.h"

namespace calve::app {
namespace {

struct RowWords {
  std::string table;
  std::string key;
  std::string as_of;
  std::vector<std::string> key_columns;
};

std::vector<std::string> SplitKey(const std::string& text, size_t columns) {
  if (columns == 1) {
    return {text};  // A comma may be a part of it.
  }
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) {
    parts.push_back(part);
  }
  return parts;
}

/// Adds what changed from each version to the next, for programs.
void AddChangedColumn(Table& versions) {
  for (size_t row = versions.rows.size(); row-- > 0;) {
    std::vector<std::string> changed;
    for (size_t column = 0; row > 0 && column < versions.columns.size(); ++column) {
      if (versions.rows[row][column] != versions.rows[row - 1][column]) {
        changed.push_back(versions.columns[column].name);
      }
    }
    versions.rows[row].emplace_back(std::move(changed));
  }
  versions.columns.push_back({"changed"});
}

Result<Document> ShowRow(Session& session, const RowWords& words) {
  std::optional<TimestampUs> as_of;
  if (!words.as_of.empty()) {
    const auto moment = ParseTimestamp(words.as_of);
    if (!moment) {
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("--as-of must be a time such as 2025-01-31T12:00:00Z, but "
                               "is \"{}\"",
                               words.as_of)};
    }
    as_of = *moment;
  }
  CALVE_ASSIGN(const flow::Pipeline pipeline,
               session.LoadPipeline({.catalog = true, .models = true}));
  CALVE_ASSIGN(const HistoryPlace place,
               FindHistory(pipeline.project, words.table, words.key_columns));
  CALVE_ASSIGN(Table versions,
               ReadVersions(pipeline, place,
                            SplitKey(words.key, place.key_columns.size()), as_of));
  if (versions.rows.empty()) {
    return Error{ErrorKind::kNotFound,
                 fmt::format("{} has no row with {} = {}{}", place.table.text(),
                             fmt::join(place.key_columns, ","), words.key,
                             as_of ? " at that time" : "")};
  }
  if (session.options().format != OutputFormat::kText) {
    AddChangedColumn(versions);
  }
  Document document;
  document.AddTable({}) = std::move(versions);
  return document;
}

}  // namespace

void AddRowCommand(Commands& commands) {
  auto words = std::make_shared<RowWords>();
  CommandOptions parser =
      commands.Add("row", "Show every version of one row",
                   [words](Session& session) { return ShowRow(session, *words); });
  parser.Text("table", words->table, "Table or model: marts.orders")
      .Required()
      .Text("key", words->key, "The key; several columns divided by commas")
      .Required()
      .Text("--as-of", words->as_of,
            "Only the version valid at this time (of a table without history: the row as "
            "the table had it then)")
      .CommaTexts("--key-column", words->key_columns,
                  "Look the key up in these columns of the table itself");
}

}  // namespace calve::app
