#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "contract/yaml_edit_internal.h"

namespace calve::contract {
namespace {

/// A line of a text, with its end.
struct Line {
  size_t begin;
  size_t end;   // before the line's end
  size_t next;  // after it
};

std::vector<Line> LinesOf(std::string_view text) {
  std::vector<Line> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t newline = text.find('\n', begin);
    const size_t next = newline == std::string_view::npos ? text.size() : newline + 1;
    size_t end = newline == std::string_view::npos ? text.size() : newline;
    end -= end > begin && text[end - 1] == '\r' ? 1 : 0;
    lines.push_back({begin, end, next});
    begin = next;
  }
  return lines;
}

/// Where the entries of a list stand.
struct ItemList {
  size_t dash = 0;       // characters before the dash
  size_t content = 0;    // characters before the entry's keys
  size_t last_line = 0;  // the first line of the last entry
};

std::optional<ItemList> FindList(std::string_view text, const std::vector<Line>& lines,
                                 const YamlAt& list) {
  const std::vector<YamlAt> items = list.Items();
  if (items.empty() || list.node.Style() == YAML::EmitterStyle::Flow) {
    return std::nullopt;
  }
  const YAML::Mark mark = items.back().node.Mark();
  if (mark.line < 0 || static_cast<size_t>(mark.line) >= lines.size()) {
    return std::nullopt;
  }
  const Line& line = lines[static_cast<size_t>(mark.line)];
  const std::string_view content = text.substr(line.begin, line.end - line.begin);
  const size_t dash = content.find_first_not_of(' ');
  if (dash == std::string_view::npos || content[dash] != '-') {
    return std::nullopt;
  }
  const size_t key = content.find_first_not_of(' ', dash + 1);
  if (key == std::string_view::npos || key != static_cast<size_t>(mark.column)) {
    return std::nullopt;
  }
  return ItemList{dash, key, static_cast<size_t>(mark.line)};
}

/// The line after the last one of the entry that starts at `list.last_line`: what is
/// indented deeper belongs to it; comments and blank lines behind it do not.
size_t EndOfEntry(std::string_view text, const std::vector<Line>& lines,
                  const ItemList& list) {
  size_t end = list.last_line + 1;
  for (size_t i = end; i < lines.size(); ++i) {
    const std::string_view line =
        text.substr(lines[i].begin, lines[i].end - lines[i].begin);
    const size_t indent = line.find_first_not_of(' ');
    if (indent == std::string_view::npos) {
      continue;
    }
    if (indent > list.dash) {
      end = i + 1;
    } else if (line[indent] != '#') {
      break;
    }
  }
  return end;
}

std::string Joined(const std::vector<std::string>& entry, const ItemList& list,
                   std::string_view line_end) {
  std::string text;
  for (size_t i = 0; i < entry.size(); ++i) {
    std::string indent(list.content, ' ');
    if (i == 0) {
      indent[list.dash] = '-';
    }
    text += indent + entry[i] + std::string(line_end);
  }
  return text;
}

}  // namespace

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::optional<std::string> PathOf(std::string_view member) {
  if (member.empty() || member.find_first_of("'\"\\") != std::string_view::npos) {
    return std::nullopt;
  }
  return fmt::format("$['{}']", member);
}

std::string NameScalar(const std::string& name) {
  constexpr std::string_view kWords[] = {"y",   "n",    "yes",   "no",  "on",
                                         "off", "true", "false", "null"};
  const bool is_word =
      std::find(std::begin(kWords), std::end(kWords), name) != std::end(kWords);
  return is_word ? Quoted(name) : name;
}

std::optional<std::string> AppendItem(const std::string& text, const YamlAt& list,
                                      const std::vector<std::string>& entry, bool apart) {
  const std::vector<Line> lines = LinesOf(text);
  const auto place = FindList(text, lines, list);
  if (!place) {
    return std::nullopt;
  }
  const Line& before = lines[EndOfEntry(text, lines, *place) - 1];
  const std::string line_end = text.find("\r\n") == std::string::npos ? "\n" : "\r\n";
  std::string added = (apart ? line_end : "") + Joined(entry, *place, line_end);
  if (before.next == before.end) {  // The file's last line has no end.
    added = line_end + added.substr(0, added.size() - line_end.size());
  }
  return text.substr(0, before.next) + added + text.substr(before.next);
}

bool SameModel(const Model& a, const Model& b) {
  const auto same_column = [](const Column& one, const Column& other) {
    return one.SaysTheSameAs(other);
  };
  return a.name == b.name && a.layer == b.layer && a.kind == b.kind && a.from == b.from &&
         a.source_table == b.source_table && a.key == b.key && a.order == b.order &&
         a.schema_evolution == b.schema_evolution && a.on_violation == b.on_violation &&
         a.format_version == b.format_version && a.tags == b.tags &&
         a.description == b.description && a.checks == b.checks && a.file == b.file &&
         std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(),
                    b.columns.end(), same_column);
}

}  // namespace calve::contract
