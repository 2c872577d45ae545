#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/commands.h"

namespace calve::app {
namespace {

/// The words that may follow `parser`'s name.
std::string WordsOf(const CLI::App& parser) {
  std::string words;
  for (const CLI::App* command : parser.get_subcommands({})) {
    words += command->get_name() + " ";
  }
  for (const CLI::Option* option : parser.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      words += "--" + name + " ";
    }
  }
  return words;
}

/// `run) words='…' ;;` for each command; those of a group as `table ls)`.
std::string Cases(const CLI::App& parser, const std::string& path) {
  std::string cases;
  for (const CLI::App* command : parser.get_subcommands({})) {
    const std::string name = path + command->get_name();
    cases += fmt::format("    '{}') words='{}' ;;\n", name, WordsOf(*command));
    cases += Cases(*command, name + " ");
  }
  return cases;
}

std::string BashScript(const CLI::App& root) {
  return fmt::format(R"(_calve() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" path='' words word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$word" in
      -*) ;;
      *) case " $path " in *' table '*|'  ') path="${{path:+$path }}$word" ;; esac ;;
    esac
  done
  case "$path" in
{}    *) words='{}' ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ ${{#COMPREPLY[@]}} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}}
complete -o filenames -F _calve calve
)",
                     Cases(root, ""), WordsOf(root));
}

std::string FishScript(const CLI::App& root) {
  std::string script = "complete -c calve -f -n __fish_use_subcommand\n";
  for (const CLI::App* command : root.get_subcommands({})) {
    script += fmt::format("complete -c calve -n __fish_use_subcommand -a {} -d '{}'\n",
                          command->get_name(), command->get_description());
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        script +=
            fmt::format("complete -c calve -n '__fish_seen_subcommand_from {}' -l {}\n",
                        command->get_name(), name);
      }
    }
  }
  return script;
}

/// zsh runs bash's script.
std::string ZshScript(const CLI::App& root) {
  return "autoload -U +X bashcompinit && bashcompinit\n" + BashScript(root);
}

}  // namespace

void AddCompletionsCommand(Commands& commands) {
  auto shell = std::make_shared<std::string>();
  const CLI::App& root = commands.parser();
  CommandOptions parser =
      commands.Add("completions", "Print a shell's completion script",
                   [shell, &root](Session& /*session*/) -> Result<Document> {
                     Document document;
                     document.AddNote(*shell == "fish"  ? FishScript(root)
                                      : *shell == "zsh" ? ZshScript(root)
                                                        : BashScript(root));
                     return document;
                   });
  parser.Choice("shell", *shell, {"bash", "zsh", "fish"}, "Which shell").Required();
}

}  // namespace calve::app
