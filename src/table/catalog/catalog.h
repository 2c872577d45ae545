#pragma once

/// \file table/catalog/catalog.h
/// Names of tables and the compare-and-swap of their metadata pointers.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "table/metadata/table_metadata.h"

namespace calve::table {

/// `marts.orders`: the namespace (levels joined by dots) and the table's name.
struct TableName {
  std::string name_space;
  std::string name;

  auto operator<=>(const TableName&) const = default;
  std::string text() const { return name_space + "." + name; }
};

/// Parses `namespace.table`; the last dot divides. kInvalidArgument if a part is empty.
Result<TableName> ParseTableName(const std::string& text);

/// A table as the catalog has it.
struct LoadedTable {
  TableName name;
  std::string metadata_location;
  TableMetadata metadata;
};

/// One table's new pointer within a commit.
struct PointerSwap {
  TableName name;
  /// What the pointer must be now; nullopt: the table must not exist (a creation). Equal
  /// to `metadata_location`: nothing changes, the commit only asserts it.
  std::optional<std::string> expected_metadata_location;
  std::string metadata_location;
};

/// A catalog. Thread-safe; other processes may use the same one.
///
/// Every function may also return kUnavailable (the catalog cannot be reached or stays
/// locked: nothing has happened) and kCorrupt.
class Catalog {
 public:
  Catalog() = default;
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;
  virtual ~Catalog() = default;

  /// The root for new tables, no trailing slash; a table's default location is
  /// `<warehouse>/<namespace>/<name>`.
  virtual const std::string& warehouse() const = 0;

  /// Creates a namespace; one that exists is no error. A commit does not need it: it is
  /// for those who list namespaces.
  virtual Status CreateNamespace(const std::string& name_space) = 0;

  /// Every table, by name ascending.
  virtual Result<std::vector<TableName>> ListTables() = 0;

  /// The location of the table's current metadata file; kNotFound.
  virtual Result<std::string> MetadataLocation(const TableName& name) = 0;

  /// Swaps all the pointers, or none of them.
  ///
  /// \return kConflict if a table is not at its expected metadata (nothing has happened);
  ///         kCommitUnknown if the reply was lost: it may have happened
  virtual Status Commit(std::span<const PointerSwap> swaps) = 0;

  /// Whether what is committed here shows to others only later, if at all: then nothing
  /// that a commit supersedes may be deleted yet.
  virtual bool is_staged() const { return false; }

  /// Takes the table out of the catalog; its files stay. kNotFound.
  virtual Status DropTable(const TableName& name) = 0;
};

}  // namespace calve::table
