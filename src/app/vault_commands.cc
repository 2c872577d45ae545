#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/config/secret_settings.h"
#include "app/vault_init.h"

namespace calve::app {
namespace {

struct InitWords {
  std::string input;
  std::string mount = "secret";
  bool enable_mount = false;
  VaultInitOptions options;
};

const char* ActionName(VaultInitAction action) {
  switch (action) {
    case VaultInitAction::kCreated:
      return "create";
    case VaultInitAction::kExtended:
      return "add fields";
    case VaultInitAction::kOverwritten:
      return "overwrite";
    case VaultInitAction::kUnchanged:
      return "nothing";
    case VaultInitAction::kKept:
      break;
  }
  return "keep what differs";
}

Status ReadInput(const std::string& path, SecretRecords& records) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) {
      return Error{
          ErrorKind::kInvalidArgument,
          fmt::format("cannot read the input {}; name a file, or - for stdin", path)};
    }
  }
  std::istream& stream = path == "-" ? std::cin : file;
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  Status added = AddInput(text, records);
  secrets::Wipe(text);
  return added;
}

/// All that the configuration, the environment and the input give; the vault is known to
/// the session's store afterwards.
Result<SecretRecords> GatherRecords(Session& session, const InitWords& words) {
  CALVE_ASSIGN(const ConfigLayers layers, session.LoadLayers());
  CALVE_ASSIGN(const Settings raw, GatherSettings(layers));
  CALVE_TRY(UseVaultOf(layers.environment, raw, session.secrets()));
  Settings plain = raw;
  // What the vault gives already is not what it should be given.
  std::erase_if(plain,
                [](const auto& setting) { return setting.first.ends_with(".secret"); });
  CALVE_TRY(
      ResolveSettings(layers.environment, SecretNeeds{}, &session.secrets(), plain));
  CALVE_ASSIGN(SecretRecords records,
               RecordsOf(raw, plain, layers.environment, words.mount));
  if (!words.input.empty()) {
    CALVE_TRY(ReadInput(words.input, records));
  }
  if (records.empty()) {
    return Error{
        ErrorKind::kInvalidArgument,
        "neither the configuration nor the environment holds a login to put into "
        "the vault; give one as JSON: --input -"};
  }
  return records;
}

/// From now on no message shows any of them.
void Mask(Session& session, const SecretRecords& records) {
  std::vector<std::string> values;
  for (const auto& [path, record] : records) {
    for (const auto& [field, value] : record) {
      if (secrets::IsSensitive(field)) {
        values.push_back(value.Reveal());
      }
    }
  }
  session.MaskSecrets(std::move(values));
}

Status EnableMounts(secrets::VaultClient& vault, const SecretRecords& records) {
  for (const auto& [path, record] : records) {
    CALVE_TRY(vault.EnableMount(path));
  }
  return {};
}

Result<Document> Init(Session& session, const InitWords& words) {
  auto records = GatherRecords(session, words);
  Mask(session, records ? *records : SecretRecords());
  CALVE_TRY(records);
  CALVE_ASSIGN(secrets::VaultClient* const vault, session.secrets().Vault());
  if (words.options.overwrite && !words.options.dry_run) {
    CALVE_TRY(session.Confirm("Overwriting what differs in the vault"));
  }
  if (words.enable_mount && !words.options.dry_run) {
    CALVE_TRY(EnableMounts(*vault, *records));
  }
  Document document;
  Table& table = document.AddTable({{"secret"}, {"action"}, {"fields"}});
  for (const auto& [path, record] : *records) {
    CALVE_ASSIGN(VaultInitResult result, InitSecret(*vault, path, record, words.options));
    document.found_something |= result.action == VaultInitAction::kKept;
    table.Add({result.path, ActionName(result.action), std::move(result.fields)});
  }
  if (document.found_something) {
    session.Say(
        "The vault has other values for some fields, which were kept; --overwrite "
        "writes ours.");
  }
  return document;
}

}  // namespace

void AddVaultCommands(Commands& commands) {
  Commands group = commands.Group("vault", "Put secrets into a vault");
  auto words = std::make_shared<InitWords>();
  CommandOptions parser = group.Add(
      "init", "Write the logins of the configuration and the environment into the vault",
      [words](Session& session) { return Init(session, *words); });
  parser
      .Text("--input", words->input,
            "JSON file with more secrets, - for stdin: {\"mount/path\": {\"field\": …}}")
      .Text("--mount", words->mount, "Mount of the usual paths (default: secret)")
      .Flag("--enable-mount", words->enable_mount,
            "Mount a key-value engine (version 2) where there is none")
      .Flag("--overwrite", words->options.overwrite,
            "Write fields whose value in the vault is another")
      .Flag("--dry-run", words->options.dry_run, "Only say what would be written");
}

}  // namespace calve::app
