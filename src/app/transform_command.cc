#include <memory>

#include "app/commands.h"
#include "app/report_parts.h"
#include "app/transformer.h"

namespace calve::app {
namespace {

struct TransformOptions {
  std::string select;
  bool full_refresh = false;
  std::string engine;  // empty: as the configuration says
};

Result<Document> Transform(Session& session, const TransformOptions& options) {
  if (!options.engine.empty()) {
    session.Set("engine", options.engine);
  }
  const PipelineNeeds needs{.catalog = true, .models = true, .engine = true};
  CALVE_ASSIGN(const Config config, session.LoadConfig(needs));
  CALVE_ASSIGN(const Transformer transform,
               MakeTransformer(config, session.environment()));
  CALVE_ASSIGN(const flow::Pipeline pipeline,
               BuildPipeline(config, needs, session.environment()));
  CALVE_ASSIGN(const flow::TransformReport report,
               transform(pipeline,
                         {.select = options.select, .full_refresh = options.full_refresh},
                         session.progress()));
  Document document;
  document.AddRecord("transform").Add("commits", report.commits);
  AddModels(report, document);
  return document;
}

}  // namespace

void AddTransformCommand(Commands& commands) {
  auto options = std::make_shared<TransformOptions>();
  CommandOptions parser =
      commands.Add("transform", "Bring staging and marts up to the landing table",
                   [options](Session& session) { return Transform(session, *options); });
  parser
      .Text("-s,--select", options->select,
            "Models: names, layers, +name, name+ (default: all)")
      .Flag("--full-refresh", options->full_refresh,
            "Build the models again from their upstream")
      .Choice("--engine", options->engine, {"native", "trino"},
              "What computes them (default: `engine` of calve.yaml)");
}

}  // namespace calve::app
