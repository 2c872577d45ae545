#pragma once

/// \file app/dbt/dbt_log.h
/// What dbt tells while it runs (`--log-format json`), as progress and as an outcome.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/progress.h"

namespace calve::app {

/// A model that dbt is done with.
struct DbtModel {
  std::string name;
  std::string table;                     // namespace.name, as in the catalog
  std::string status;                    // success, error, skipped, …
  std::string message;                   // dbt's, of an error several lines
  std::optional<int64_t> rows_affected;  // as the adapter says
};

/// Takes dbt's log, line by line. Not thread-safe.
class DbtLog {
 public:
  /// `progress` outlives this.
  explicit DbtLog(Progress& progress) : progress_(progress) {}

  /// Takes a line; what is no event of dbt's is passed over.
  void Take(const std::string& line);

  /// In the order in which they ended.
  const std::vector<DbtModel>& models() const { return models_; }
  /// What ended dbt before, or beside, its models; "" where nothing did.
  const std::string& failure() const { return failure_; }
  /// The first that it told as errors, such as a hook's and the reason.
  const std::vector<std::string>& errors() const { return errors_; }
  /// Of dbt-core and of the adapter; "" while dbt has not said.
  const std::string& dbt_version() const { return dbt_version_; }
  const std::string& adapter() const { return adapter_; }
  const std::string& adapter_version() const { return adapter_version_; }
  /// What dbt warned of.
  const std::vector<std::string>& warnings() const { return warnings_; }
  /// The lines of `dbt debug` that name a fault.
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  void Started(const std::string& table);
  void Finished(DbtModel model);
  void Show(const DbtModel& model);

  Progress& progress_;
  std::vector<DbtModel> models_;
  std::string failure_;
  std::vector<std::string> errors_;
  std::string dbt_version_;
  std::string adapter_;
  std::string adapter_version_;
  std::vector<std::string> warnings_;
  std::vector<std::string> faults_;
  // Steps show one after the other, models may run beside each other: the first of these
  // shows, what ends behind it waits.
  std::deque<std::string> running_;
  std::vector<DbtModel> waiting_;
};

}  // namespace calve::app
