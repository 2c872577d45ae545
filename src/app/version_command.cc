#include <arrow/config.h>

#include "app/commands.h"

namespace calve::app {

void AddVersionCommand(Commands& commands) {
  commands.Add("version", "Show the version",
               [](Session& /*session*/) -> Result<Document> {
                 Document document;
                 Record& record = document.AddRecord();
                 record.Add("calve", std::string(CALVE_VERSION));
                 record.Add("iceberg_format", std::string("2"));
                 record.Add("arrow", arrow::GetBuildInfo().version_string);
                 record.Add("compiler", std::string("GCC " __VERSION__));
                 return document;
               });
}

}  // namespace calve::app
