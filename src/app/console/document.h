#pragma once

/// \file app/console/document.h
/// What a command answers: records and tables of cells, shown as text, JSON, JSON lines
/// or CSV by app/console/render.h.

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace calve::app {

/// One value; monostate is null.
using Cell = std::variant<std::monostate, bool, int64_t, double, std::string,
                          std::vector<std::string>>;

/// How text shows a number; JSON and CSV always hold the plain number.
enum class CellFormat {
  kPlain,
  kCount,    // 1,234,567
  kBytes,    // 1.2 MiB
  kSeconds,  // 4.8 s, 2 min 5 s
};

/// Named values.
struct Record {
  struct Field {
    std::string name;
    Cell value;
    CellFormat format = CellFormat::kPlain;
  };
  std::vector<Field> fields;

  void Add(std::string name, Cell value, CellFormat format = CellFormat::kPlain) {
    fields.push_back({std::move(name), std::move(value), format});
  }
};

/// Rows of values.
struct Table {
  struct Column {
    std::string name;
    CellFormat format = CellFormat::kPlain;
  };
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as columns
  /// Text shows each row as a block of lines, `row_name 2 of 3`, and marks what differs
  /// from the row before; empty: in columns.
  std::string row_name;

  void Add(std::vector<Cell> row) { rows.push_back(std::move(row)); }
};

/// A passage that only text shows.
struct Note {
  std::string text;
};

/// A command's answer. A lone part without a name is the whole JSON document; otherwise
/// the document is an object of the named parts.
class Document {
 public:
  struct Part {
    std::string name;  // as in JSON; text shows it as a heading where there are several
    std::variant<Record, Table, Note> body;
  };

  /// The references stay valid while the document lives.
  Record& AddRecord(std::string name = "") {
    return std::get<Record>(parts_.emplace_back(Part{std::move(name), Record{}}).body);
  }
  Table& AddTable(std::vector<Table::Column> columns, std::string name = "") {
    return std::get<Table>(
        parts_.emplace_back(Part{std::move(name), Table{std::move(columns), {}, {}}})
            .body);
  }
  void AddNote(std::string text) { parts_.push_back({"", Note{std::move(text)}}); }

  const std::deque<Part>& parts() const { return parts_; }

  /// The answer of a command that stands in for a container: one line of JSON in every
  /// format, text too.
  bool always_one_json_line = false;

  /// Whether the command looked for faults and found some: exit code 4.
  bool found_something = false;

  /// Whether the command held a contract against something, and it is broken: exit
  /// code 3.
  bool contract_broken = false;

 private:
  std::deque<Part> parts_;
};

}  // namespace calve::app
