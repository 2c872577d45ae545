#include "app/console/render.h"

#include <nlohmann/json.hpp>

#include "app/console/exit_code.h"
#include "app/console/text_layout.h"

namespace calve::app {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const Cell& cell) {
  return std::visit(
      [](const auto& value) -> Json {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return nullptr;
        } else {
          return value;
        }
      },
      cell);
}

Json ToJson(const Record& record) {
  Json object = Json::object();
  for (const Record::Field& field : record.fields) {
    object[field.name] = ToJson(field.value);
  }
  return object;
}

Json RowToJson(const Table& table, const std::vector<Cell>& row) {
  Json object = Json::object();
  for (size_t i = 0; i < table.columns.size(); ++i) {
    object[table.columns[i].name] = ToJson(row[i]);
  }
  return object;
}

Json ToJson(const Table& table) {
  Json rows = Json::array();
  for (const std::vector<Cell>& row : table.rows) {
    rows.push_back(RowToJson(table, row));
  }
  return rows;
}

Json BodyToJson(const Document::Part& part) {
  if (const auto* table = std::get_if<Table>(&part.body)) {
    return ToJson(*table);
  }
  return ToJson(std::get<Record>(part.body));
}

Json ToJson(const Document& document) {
  Json object = Json::object();
  for (const Document::Part& part : document.parts()) {
    if (std::holds_alternative<Note>(part.body)) {
      continue;
    }
    if (part.name.empty()) {
      return BodyToJson(part);
    }
    object[part.name] = BodyToJson(part);
  }
  return object;
}

/// JSON text; bytes that are no UTF-8 become U+FFFD, never an exception.
std::string Dump(const Json& json, int indent) {
  return json.dump(indent, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) +
         "\n";
}

std::string CsvField(const Cell& cell) {
  std::string text = CellText(cell, CellFormat::kPlain, "");
  const bool null = std::holds_alternative<std::monostate>(cell);
  const bool quote =
      (text.empty() && !null) || text.find_first_of(",\"\r\n") != std::string::npos;
  if (!quote) {
    return text;
  }
  std::string out = "\"";
  for (const char c : text) {
    out += c == '"' ? "\"\"" : std::string(1, c);
  }
  return out + "\"";
}

std::string CsvLine(const std::vector<Cell>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    line += (i == 0 ? "" : ",") + CsvField(cells[i]);
  }
  return line + "\n";
}

/// The first table; else the first record as a table of one row.
Table MainTable(const Document& document) {
  const Record* record = nullptr;
  for (const Document::Part& part : document.parts()) {
    if (const auto* table = std::get_if<Table>(&part.body)) {
      return *table;
    }
    if (record == nullptr) {
      record = std::get_if<Record>(&part.body);
    }
  }
  Table table;
  if (record != nullptr) {
    std::vector<Cell>& row = table.rows.emplace_back();
    for (const Record::Field& field : record->fields) {
      table.columns.push_back({field.name, field.format});
      row.push_back(field.value);
    }
  }
  return table;
}

std::string DocumentCsv(const Document& document) {
  const Table table = MainTable(document);
  std::vector<Cell> header;
  header.reserve(table.columns.size());
  for (const Table::Column& column : table.columns) {
    header.emplace_back(column.name);
  }
  std::string out = CsvLine(header);
  for (const std::vector<Cell>& row : table.rows) {
    out += CsvLine(row);
  }
  return out;
}

std::string DocumentJsonl(const Document& document) {
  const Table table = MainTable(document);
  std::string out;
  for (const std::vector<Cell>& row : table.rows) {
    out += Dump(RowToJson(table, row), /*indent=*/-1);
  }
  return out;
}

}  // namespace

std::optional<OutputFormat> ParseOutputFormat(std::string_view name) {
  if (name == "text") {
    return OutputFormat::kText;
  }
  if (name == "json") {
    return OutputFormat::kJson;
  }
  if (name == "jsonl") {
    return OutputFormat::kJsonl;
  }
  if (name == "csv") {
    return OutputFormat::kCsv;
  }
  return std::nullopt;
}

std::string Render(const Document& document, const RenderOptions& options) {
  if (document.always_one_json_line) {
    return Dump(ToJson(document), /*indent=*/-1);
  }
  switch (options.format) {
    case OutputFormat::kJson:
      return Dump(ToJson(document), /*indent=*/2);
    case OutputFormat::kJsonl:
      return DocumentJsonl(document);
    case OutputFormat::kCsv:
      return DocumentCsv(document);
    case OutputFormat::kText:
      break;
  }
  return LayText(document, options.color);
}

Document ErrorDocument(const Error& error) {
  Document document;
  Record& record = document.AddRecord("error");
  record.Add("kind", std::string(KindName(error.kind)));
  record.Add("message", error.message);
  return document;
}

}  // namespace calve::app
