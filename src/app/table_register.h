#pragma once

/// \file app/table_register.h
/// `calve table register`: a catalog that lost a table, or points at an older version of
/// it, gets the pointer back.

#include <string>

#include "app/console/document.h"
#include "app/session.h"
#include "core/result.h"

namespace calve::app {

struct RegisterWords {
  std::string table;
  std::string metadata;  // location or path of a metadata file; empty with `newest`
  bool newest = false;
};

/// Points the catalog at a metadata file. A pointer that is there is replaced only with
/// the user's word. kConflict if it moves meanwhile.
Result<Document> RegisterTable(Session& session, const flow::Pipeline& pipeline,
                               const RegisterWords& words);

}  // namespace calve::app
