#include "app/console/render.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/console/exit_code.h"

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

std::string NumberText(int64_t number, CellFormat format) {
  switch (format) {
    case CellFormat::kCount:
      return FormatCount(number);
    case CellFormat::kBytes:
      return FormatBytes(number);
    case CellFormat::kSeconds:
      return FormatSeconds(static_cast<double>(number));
    case CellFormat::kPlain:
      break;
  }
  return std::to_string(number);
}

std::string RealText(double number, CellFormat format) {
  switch (format) {
    case CellFormat::kCount:
      return FormatCount(std::llround(number));
    case CellFormat::kSeconds:
      return FormatSeconds(number);
    case CellFormat::kBytes:
    case CellFormat::kPlain:
      break;
  }
  return fmt::format("{}", number);
}

std::string CellText(const Cell& cell, CellFormat format, std::string_view null) {
  if (const auto* flag = std::get_if<bool>(&cell)) {
    return *flag ? "true" : "false";
  }
  if (const auto* number = std::get_if<int64_t>(&cell)) {
    return NumberText(*number, format);
  }
  if (const auto* real = std::get_if<double>(&cell)) {
    return RealText(*real, format);
  }
  if (const auto* text = std::get_if<std::string>(&cell)) {
    return *text;
  }
  if (const auto* list = std::get_if<std::vector<std::string>>(&cell)) {
    return fmt::format("{}", fmt::join(*list, ", "));
  }
  return std::string(null);
}

/// Columns on a screen: one per code point, which is right for most texts.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string Pad(const std::string& text, size_t width, bool right) {
  const std::string space(width - std::min(width, Width(text)), ' ');
  return right ? space + text : text + space;
}

/// Control characters would move the cursor or colour the terminal.
std::string OneLine(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string Bold(const std::string& text, bool color) {
  return color ? "\x1b[1m" + text + "\x1b[0m" : text;
}

/// Lays a table out in columns.
class TextTable {
 public:
  explicit TextTable(const Table& table) : table_(table) {
    for (const Table::Column& column : table.columns) {
      widths_.push_back(Width(column.name));
      numbers_.push_back(!table.rows.empty());
    }
    for (const std::vector<Cell>& row : table.rows) {
      std::vector<std::string>& texts = texts_.emplace_back();
      for (size_t i = 0; i < table.columns.size(); ++i) {
        texts.push_back(OneLine(CellText(row[i], table.columns[i].format, "-")));
        widths_[i] = std::max(widths_[i], Width(texts.back()));
        numbers_[i] = numbers_[i] && (std::holds_alternative<int64_t>(row[i]) ||
                                      std::holds_alternative<double>(row[i]) ||
                                      std::holds_alternative<std::monostate>(row[i]));
      }
    }
  }

  std::string Lay(bool color) const {
    std::vector<std::string> names;
    for (const Table::Column& column : table_.columns) {
      names.push_back(column.name);
    }
    std::string out = Bold(Line(names), color) + "\n";
    for (const std::vector<std::string>& row : texts_) {
      out += Line(row) + "\n";
    }
    return out;
  }

 private:
  std::string Line(const std::vector<std::string>& cells) const {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      line += (i == 0 ? "" : "  ") + Pad(cells[i], widths_[i], numbers_[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
  }

  const Table& table_;  // Outlives this.
  std::vector<size_t> widths_;
  std::vector<bool> numbers_;  // columns that stand right
  std::vector<std::vector<std::string>> texts_;
};

std::string RecordText(const Record& record, bool color) {
  size_t width = 0;
  for (const Record::Field& field : record.fields) {
    width = std::max(width, Width(field.name));
  }
  std::string out;
  for (const Record::Field& field : record.fields) {
    out += Bold(Pad(field.name, width, /*right=*/false), color) + "  " +
           OneLine(CellText(field.value, field.format, "-")) + "\n";
  }
  return out;
}

std::string PartText(const Document::Part& part, bool color) {
  if (const auto* note = std::get_if<Note>(&part.body)) {
    return note->text + "\n";
  }
  if (const auto* table = std::get_if<Table>(&part.body)) {
    return TextTable(*table).Lay(color);
  }
  return RecordText(std::get<Record>(part.body), color);
}

std::string DocumentText(const Document& document, bool color) {
  std::string out;
  for (const Document::Part& part : document.parts()) {
    if (!out.empty()) {
      out += "\n";
    }
    if (!part.name.empty() && document.parts().size() > 1) {
      std::string heading = part.name;
      std::replace(heading.begin(), heading.end(), '_', ' ');
      out += Bold(heading, color) + "\n";
    }
    out += PartText(part, color);
  }
  return out;
}

std::string CsvField(const Cell& cell) {
  const std::string text = CellText(cell, CellFormat::kPlain, "");
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
  return DocumentText(document, options.color);
}

Document ErrorDocument(const Error& error) {
  Document document;
  Record& record = document.AddRecord("error");
  record.Add("kind", std::string(KindName(error.kind)));
  record.Add("message", error.message);
  return document;
}

}  // namespace calve::app
