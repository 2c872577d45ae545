#include <memory>

#include "app/commands.h"
#include "app/scaffold.h"

namespace calve::app {

void AddInitCommand(Commands& commands) {
  auto folder = std::make_shared<std::string>(".");
  CommandOptions parser = commands.Add(
      "init", "Write calve.yaml and a dbt project to start from",
      [folder](Session& session) -> Result<Document> {
        CALVE_ASSIGN(const std::vector<std::string> written, WriteScaffold(*folder));
        Document document;
        Table& table = document.AddTable({{"file"}});
        for (const std::string& path : written) {
          table.Add({path});
        }
        session.Say("Next: set source.postgres.dsn in " + *folder +
                    "/calve.yaml, then run `calve plan` there.");
        return document;
      });
  parser.Text("dir", *folder, "Folder to write to (default: here)");
}

}  // namespace calve::app
