#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/check.h"
#include "app/commands.h"
#include "app/config/secret_settings.h"
#include "app/doctor_secrets.h"

namespace calve::app {
namespace {

/// What is named where; nothing is read.
Result<Document> ListSecrets(Session& session) {
  CALVE_ASSIGN(const ConfigLayers layers, session.LoadLayers());
  CALVE_ASSIGN(const Settings settings, GatherSettings(layers));
  CALVE_ASSIGN(const auto uses, FindSecretUses(layers.environment, settings));
  Document document;
  Table& table = document.AddTable({{"key"}, {"secret"}, {"named_by"}, {"may_give"}});
  for (const SecretUse& use : uses) {
    table.Add({use.key, use.reference.text(), use.origin, use.gives});
  }
  if (uses.empty()) {
    document.AddNote("the configuration names no secret");
  }
  return document;
}

Result<Document> Examine(Session& session) {
  Checks checks;
  AddSecretChecks(session, checks);
  return ChecksDocument("secrets", checks, session.messages());
}

}  // namespace

void AddSecretsCommands(Commands& commands) {
  Commands group = commands.Group("secrets", "Look after what is read from a vault");
  group.Add("ls", "Which secret the configuration names where; values are never shown",
            [](Session& session) { return ListSecrets(session); });
  group.Add("check", "Read each of them; exit 4 if one can't be read",
            [](Session& session) { return Examine(session); });
}

}  // namespace calve::app
