#include "app/dbt/dbt_log.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/foreign_json.h"

namespace calve::app {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostErrors = 2;
constexpr double kMostRows = 9e18;  // as an int64_t holds them

/// `staging.stg_orders` of an event about a model.
std::string TableOf(const Json& data) {
  return JsonTextAt(data, {"node_info", "node_relation", "schema"}) + "." +
         JsonTextAt(data, {"node_info", "node_relation", "alias"});
}

bool IsAboutModel(const Json& data) {
  return JsonTextAt(data, {"node_info", "resource_type"}) == "model";
}

DbtModel ModelOf(const Json& data) {
  DbtModel model{.name = JsonTextAt(data, {"node_info", "node_name"}),
                 .table = TableOf(data),
                 .status = JsonTextAt(data, {"run_result", "status"}),
                 .message = JsonTextAt(data, {"run_result", "message"}),
                 .rows_affected = {}};
  const Json& rows = JsonAt(data, {"run_result", "adapter_response", "rows_affected"});
  // Trino's adapter says -1 where it does not know.
  if (rows.is_number() && rows.get<double>() >= 0 && rows.get<double>() < kMostRows) {
    model.rows_affected = static_cast<int64_t>(rows.get<double>());
  }
  return model;
}

/// `1.11.0` of `=1.11.0`.
std::string PlainVersion(std::string version) {
  version.erase(0, version.starts_with('=') ? 1 : 0);
  return version;
}

}  // namespace

void DbtLog::Take(const std::string& line) {
  const Json event = ParseForeignJson(line);
  const std::string name = JsonTextAt(event, {"info", "name"});
  const Json& data = JsonAt(event, {"data"});
  const std::string level = JsonTextAt(event, {"info", "level"});
  if (level == "error" && errors_.size() < kMostErrors) {
    errors_.push_back(JsonTextAt(event, {"info", "msg"}));
  }
  if (name == "LogStartLine" && IsAboutModel(data)) {
    Started(TableOf(data));
  } else if (name == "NodeFinished" && IsAboutModel(data)) {
    Finished(ModelOf(data));
  } else if (name == "MainEncounteredError") {
    failure_ = JsonTextAt(data, {"exc"});
  } else if (name == "MainReportVersion") {
    dbt_version_ = PlainVersion(JsonTextAt(data, {"version"}));
  } else if (name == "AdapterRegistered") {
    adapter_ = JsonTextAt(data, {"adapter_name"});
    adapter_version_ = PlainVersion(JsonTextAt(data, {"adapter_version"}));
  } else if (name.starts_with("DebugCmd")) {
    const std::string text = JsonTextAt(event, {"info", "msg"});
    if (text.find("ERROR") != std::string::npos) {
      faults_.push_back(text);
    }
  } else if (level == "warn" &&
             name != "BehaviorChangeEvent") {  // dbt's own plans, said at every start
    warnings_.push_back(JsonTextAt(event, {"info", "msg"}));
  }
}

void DbtLog::Started(const std::string& table) {
  running_.push_back(table);
  if (running_.size() == 1) {
    progress_.Begin("dbt " + table, 0, "rows");
  }
}

void DbtLog::Finished(DbtModel model) {
  models_.push_back(model);
  const auto at = std::find(running_.begin(), running_.end(), model.table);
  if (at == running_.end()) {
    return;  // It was skipped.
  }
  if (at != running_.begin()) {
    running_.erase(at);
    waiting_.push_back(std::move(model));
    return;
  }
  running_.pop_front();
  Show(model);
  for (const DbtModel& other : std::exchange(waiting_, {})) {
    progress_.Begin("dbt " + other.table, 0, "rows");
    Show(other);
  }
  if (!running_.empty()) {
    progress_.Begin("dbt " + running_.front(), 0, "rows");
  }
}

void DbtLog::Show(const DbtModel& model) {
  if (model.rows_affected) {
    progress_.Advance(*model.rows_affected);
  }
  progress_.End(model.status == "success"
                    ? fmt::format("{} rows", model.rows_affected.value_or(0))
                    : model.status);
}

}  // namespace calve::app
