#pragma once

/// \file app/dbt/dbt_failure.h
/// What a message of dbt's means for whoever started it.

#include <string>
#include <vector>

#include "core/result.h"

namespace calve::app {

/// The sentence of a message: without dbt's headings, places in compiled code, and what
/// wraps Trino's own words. Words that may quote a row's value are left out.
std::string DbtSentence(const std::string& message);

/// A model's failure as an Error.
///
/// \return kContractViolation for a broken contract: a sentence that begins with
///         `new_field:`, `contract_changed:` or `violation:`, or dbt's own check of an
///         enforced contract; kConflict if another writer was faster; kUnavailable if
///         Trino couldn't be reached or had no room; kCorrupt for anything else
Error ModelFailure(const std::string& model, const std::string& message);

/// What ended dbt beside its models. kUnavailable as above; else kInvalidArgument: the
/// project, the profile or the command line is at fault.
Error ProjectFailure(const std::string& project_folder, const std::string& message);

/// What failed beside the models, such as a hook. kUnavailable and kConflict as above;
/// else kCorrupt. \param errors  what dbt told as errors, at least one
Error OtherFailure(const std::vector<std::string>& errors);

/// Whether dbt lacks packages that `dbt deps` would fetch.
bool LacksPackages(const std::string& message);

}  // namespace calve::app
