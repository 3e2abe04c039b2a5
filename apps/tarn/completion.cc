#include "tarn/completion.h"

#include <cstdio>

#include "tarn/leaf.h"

namespace tarn {
namespace {

// One line of the script's table for each command: its words, and what may come next.
void add_lines(const CLI::App& app, const std::string& words, std::string& out) {
  std::string next;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!command->get_group().empty()) next += " " + command->get_name();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    for (const std::string& name : option->get_lnames()) next += " --" + name;
  }
  out += "    '" + words + "') next='" + (next.empty() ? "" : next.substr(1)) + "' ;;\n";
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!command->get_group().empty())
      add_lines(*command, words.empty() ? command->get_name() : words + " " + command->get_name(), out);
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string lines;
  add_lines(app, "", lines);
  return "# bash completion for tarn; made by: tarn completion bash\n"
         "_tarn_next() {\n"
         "  local next=\n"
         "  case \"$1\" in\n" +
         lines +
         "    *) return 1 ;;\n"
         "  esac\n"
         "  printf '%s' \"$next\"\n"
         "}\n"
         "_tarn() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} command= i longer\n"
         "  # The longest command that the words so far begin with: options and arguments are in between.\n"
         "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
         "    longer=\"${command:+$command }${COMP_WORDS[i]}\"\n"
         "    if _tarn_next \"$longer\" >/dev/null; then command=$longer; fi\n"
         "  done\n"
         "  COMPREPLY=()\n"
         "  while IFS= read -r i; do COMPREPLY+=(\"$i\"); done \\\n"
         "    < <(compgen -W \"$(_tarn_next \"$command\")\" -- \"$word\")\n"
         "}\n"
         "complete -o bashdefault -o default -F _tarn tarn\n";
}

void add_completion(CLI::App& app, int& exit_code) {
  CLI::App* completion = app.add_subcommand("completion", "scripts that complete this program's command line");
  completion->require_subcommand(1);
  CLI::App* bash = completion->add_subcommand("bash", "for bash: source <(tarn completion bash)");
  bash->callback([&app, &exit_code] {
    std::printf("%s", bash_completion(app).c_str());
    exit_code = kExitDone;
  });
}

}  // namespace tarn
