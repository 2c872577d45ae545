#include "app/source_draft.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "contract/postgres_type.h"
#include "model/flatten.h"

namespace calve::app {
namespace {

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(c < 0x80 ? std::tolower(c) : c);
  });
  return text;
}

/// Hands out names, each once; those that need no change go first.
class ColumnNames {
 public:
  explicit ColumnNames(const std::vector<capture::ColumnShape>& columns) {
    for (const capture::ColumnShape& column : columns) {
      if (model::ExtraColumnName(column.name) == column.name) {
        taken_.insert(column.name);
      }
    }
  }

  std::string NameOf(const std::string& column) {
    if (model::ExtraColumnName(column) == column) {
      return column;
    }
    const std::string lower = Lower(column);
    const bool plain = model::ExtraColumnName(lower) == lower;
    return plain && taken_.insert(lower).second ? lower
                                                : model::SuffixedColumnName(column);
  }

 private:
  std::set<std::string> taken_;
};

/// `customers`; of another schema than public `sales_customers`.
std::string MartName(const capture::TableRef& ref) {
  const std::string name =
      Lower(ref.schema == "public" ? ref.name : ref.schema + "_" + ref.name);
  return model::ExtraColumnName(name);
}

Status CheckShape(const capture::TableShape& shape) {
  const std::string name = shape.ref.schema + "." + shape.ref.name;
  if (!shape.refusal.empty()) {
    return Error{ErrorKind::kInvalidArgument,
                 fmt::format("{} can't be captured: {}", name, shape.refusal)};
  }
  if (shape.ref.schema.find('.') != std::string::npos) {
    return Error{
        ErrorKind::kUnsupported,
        fmt::format("the schema of {} has a dot in its name, so that no contract "
                    "can name its tables; rename it",
                    name)};
  }
  return {};
}

/// The table's columns of these names of the source.
Result<std::vector<std::string>> KeyOf(const contract::DraftTable& table,
                                       const std::vector<std::string>& key) {
  std::vector<std::string> names;
  for (const std::string& wanted : key) {
    const auto found = std::find_if(
        table.columns.begin(), table.columns.end(),
        [&](const contract::DraftColumn& one) { return one.source_field == wanted; });
    if (found == table.columns.end()) {
      std::vector<std::string> known;
      known.reserve(table.columns.size());
      for (const contract::DraftColumn& column : table.columns) {
        known.push_back(column.source_field);
      }
      return Error{ErrorKind::kInvalidArgument,
                   fmt::format("{} has no column {} for a key; it has: {}",
                               table.source_table, wanted, fmt::join(known, ", "))};
    }
    names.push_back(found->name);
  }
  return names;
}

}  // namespace

Result<SourceDraft> DraftContract(const capture::TableShape& shape,
                                  const std::vector<std::string>& key) {
  CALVE_TRY(CheckShape(shape));
  SourceDraft draft;
  draft.table = {.source_table = shape.ref.schema + "." + shape.ref.name,
                 .name = MartName(shape.ref),
                 .description = shape.comment,
                 .key = {},
                 .columns = {}};
  ColumnNames names(shape.columns);
  for (const capture::ColumnShape& column : shape.columns) {
    if (!contract::HasPath(column.name)) {
      draft.left_out.push_back(column.name);
      continue;
    }
    draft.table.columns.push_back(
        {.name = names.NameOf(column.name),
         .source_field = column.name,
         .type = contract::ColumnTypeOfPostgres(column.type),
         .not_null = column.not_null,
         .description = column.comment.empty()
                            ? fmt::format("The column {} of {}, {}.", column.name,
                                          draft.table.source_table, column.type)
                            : column.comment,
         .accepted_values = column.accepted_values});
  }
  CALVE_ASSIGN(draft.table.key, KeyOf(draft.table, key.empty() ? shape.key : key));
  if (draft.table.key.empty()) {
    return Error{
        ErrorKind::kInvalidArgument,
        fmt::format("{} has no primary key; name the columns of its key by --key",
                    draft.table.source_table)};
  }
  return draft;
}

}  // namespace calve::app
