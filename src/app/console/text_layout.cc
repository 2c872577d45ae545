#include "app/console/text_layout.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "app/console/render.h"

namespace calve::app {
namespace {

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
    names.reserve(table_.columns.size());
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

/// A table's rows as blocks, one value a line; `*` and `(was …)` where a value changed.
class RowBlocks {
 public:
  RowBlocks(const Table& table, bool color) : table_(table), color_(color) {
    for (const Table::Column& column : table.columns) {
      width_ = std::max(width_, Width(column.name));
    }
  }

  std::string Lay() const {
    std::string out;
    for (size_t row = 0; row < table_.rows.size(); ++row) {
      out += row == 0 ? "" : "\n";
      out +=
          Bold(fmt::format("{} {} of {}", table_.row_name, row + 1, table_.rows.size()),
               color_) +
          "\n";
      for (size_t column = 0; column < table_.columns.size(); ++column) {
        out += Line(row, column);
      }
    }
    return out;
  }

 private:
  std::string Line(size_t row, size_t column) const {
    const bool changed =
        row > 0 && table_.rows[row][column] != table_.rows[row - 1][column];
    std::string line = changed ? "* " : "  ";
    line += Pad(table_.columns[column].name, width_, /*right=*/false) + "  ";
    line += Text(row, column);
    if (changed) {
      line = Bold(line, color_) + "  (was " + Text(row - 1, column) + ")";
    }
    return line + "\n";
  }

  std::string Text(size_t row, size_t column) const {
    return OneLine(
        CellText(table_.rows[row][column], table_.columns[column].format, "null"));
  }

  const Table& table_;  // Outlives this.
  bool color_;
  size_t width_ = 0;
};

std::string PartText(const Document::Part& part, bool color) {
  if (const auto* note = std::get_if<Note>(&part.body)) {
    return note->text + "\n";
  }
  if (const auto* table = std::get_if<Table>(&part.body)) {
    return table->row_name.empty() ? TextTable(*table).Lay(color)
                                   : RowBlocks(*table, color).Lay();
  }
  return RecordText(std::get<Record>(part.body), color);
}

}  // namespace

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

std::string LayText(const Document& document, bool color) {
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

}  // namespace calve::app
