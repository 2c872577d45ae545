#pragma once

/// \file contract/postgres_type.h
/// Which type a contract gives to a column of PostgreSQL, seen as JSON.

#include <string_view>

#include "contract/contract.h"

namespace calve::contract {

/// The narrowest type that takes every value that PostgreSQL's can hold and docs/casts.md
/// has a grammar for; varchar where none does without loss (numeric without precision,
/// money, intervals, arrays, JSON, …).
///
/// Not all of a type's special values are numbers or moments elsewhere: NaN of a
/// numeric(p,s) and infinite dates go to quarantine, as any cast that fails.
///
/// \param type  as format_type() writes it: `integer`, `numeric(12,2)`,
///              `timestamp with time zone`, `character varying(40)[]`
ColumnType ColumnTypeOfPostgres(std::string_view type);

}  // namespace calve::contract
