#include "app/transformer.h"

#include <memory>
#include <utility>
#include <vector>

#include "app/dbt_setup.h"
#include "app/interrupt.h"
#include "flow/table_watch.h"

namespace calve::app {
namespace {

std::vector<std::string> NamesOf(const std::vector<const contract::Model*>& models) {
  std::vector<std::string> names;
  names.reserve(models.size());
  for (const contract::Model* model : models) {
    names.push_back(model->name);
  }
  return names;
}

/// Runs dbt where there may be something to do.
class DbtTransformer {
 public:
  explicit DbtTransformer(DbtProgram program) : program_(std::move(program)) {}

  Result<flow::TransformReport> Run(const flow::Pipeline& pipeline,
                                    const flow::TransformRequest& request,
                                    Progress& progress) {
    CALVE_ASSIGN(const auto models, contract::Select(pipeline.project, request.select));
    CALVE_ASSIGN(const std::string landing, LandingVersion(pipeline));
    if (!request.full_refresh && !landing.empty() && landing == done_) {
      return flow::TransformReport{.models = {}, .commits = 0, .input_known = false};
    }
    CALVE_ASSIGN(const flow::TableWatch watch, flow::TableWatch::Begin(pipeline));
    // All: also models of the user's that are none of Calve's.
    const auto names =
        request.select.empty() ? std::vector<std::string>() : NamesOf(models);
    CALVE_TRY(RunDbtModels(program_, names, request.full_refresh, progress));
    done_ = landing;
    return watch.Gains(pipeline, models);
  }

 private:
  /// The landing table's metadata file, by which any change shows; "" without a table.
  static Result<std::string> LandingVersion(const flow::Pipeline& pipeline) {
    auto location = pipeline.catalog->MetadataLocation(pipeline.landing_table);
    if (!location && location.error().kind == ErrorKind::kNotFound) {
      return std::string();
    }
    return location;
  }

  DbtProgram program_;
  std::string done_;  // LandingVersion before the last run that went well
};

}  // namespace

Result<Transformer> MakeTransformer(const Config& config,
                                    const Environment& environment) {
  if (config.engine == Engine::kNative) {
    return Transformer(flow::Transform);
  }
  CALVE_ASSIGN(DbtProgram program, MakeDbtProgram(config, environment));
  program.interrupted = Interrupted;
  const auto dbt = std::make_shared<DbtTransformer>(std::move(program));
  return Transformer(
      [dbt](const flow::Pipeline& pipeline, const flow::TransformRequest& request,
            Progress& progress) { return dbt->Run(pipeline, request, progress); });
}

}  // namespace calve::app
