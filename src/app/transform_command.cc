#include <memory>

#include "app/commands.h"
#include "app/report_parts.h"
#include "flow/transform.h"

namespace calve::app {
namespace {

struct TransformOptions {
  std::string select;
  bool full_refresh = false;
  std::string engine = "native";
};

Result<Document> Transform(Session& session, const TransformOptions& options) {
  if (options.engine != "native") {
    return Error{ErrorKind::kUnsupported,
                 "--engine trino comes in a later version; use native"};
  }
  CALVE_ASSIGN(const flow::Pipeline pipeline,
               session.LoadPipeline({.catalog = true, .models = true}));
  CALVE_ASSIGN(
      const flow::TransformReport report,
      flow::Transform(pipeline,
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
      .Choice("--engine", options->engine, {"native", "trino"}, "What computes them");
}

}  // namespace calve::app
