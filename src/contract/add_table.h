#pragma once

/// \file contract/add_table.h
/// Models for another source table, written into a dbt project.

#include <string>
#include <vector>

#include "contract/contract.h"
#include "core/result.h"

namespace calve::contract {

/// A column of a source table, as the contract will have it.
struct DraftColumn {
  std::string name;
  std::string source_field;  // the payload's member
  ColumnType type;
  bool not_null = false;
  std::string description;
  std::vector<std::string> accepted_values = {};  // empty: any
};

struct DraftTable {
  std::string source_table;  // public.customers
  std::string name;          // of the mart: customers
  std::string description;
  std::vector<std::string> key;  // names of columns
  std::vector<DraftColumn> columns;
};

struct AddedTable {
  /// New and changed files, whole: `schema.yml` files, and one line of SQL per model.
  std::vector<ProjectFile> files;
  std::vector<std::string> models;  // upstream first
};

/// Whether a path of `schema.yml` can name a payload's member: not one with quotes or
/// backslashes.
bool HasPath(const std::string& member);

/// Adds a flatten model beside the project's dedupe model, and a current and a history
/// model beside the other marts: `stg_ecomm_audit_log_dml_customers_flattened`,
/// `customers`, `customers_history_scd2`. They are appended to the layers' `schema.yml`,
/// all else in them as it is; to a file of their own (`customers.yml`) where its layout
/// does not allow that.
///
/// \param files  YAML files of a project that ParseProject takes
/// \return kInvalidArgument, with the remedy: the table or a name is taken, the project
///         has no dedupe model or several, or would refuse the models
Result<AddedTable> AddTable(const std::vector<ProjectFile>& files,
                            const DraftTable& table);

}  // namespace calve::contract
