#include "tarn/client_options.h"

#include <algorithm>
#include <utility>

#include "tarn/leaf.h"

namespace tarn {
namespace {

using Kind = ClientParameter::Kind;
using Shows = ClientCommand::Shows;

void add_parameter(CLI::App* command, const ClientParameter& parameter, ClientCall& call) {
  auto& given = call.given[parameter.name];
  const std::string name = parameter.name;
  if (parameter.kind == Kind::kFlag) {
    command->add_flag_callback(name, [&given] { given = {"true"}; }, parameter.help);
    return;
  }
  CLI::Option* option = nullptr;
  if (parameter.kind == Kind::kNics || parameter.kind == Kind::kTexts) {
    option = command->add_option(name, given, parameter.help);
  } else if (parameter.kind == Kind::kLabels || parameter.kind == Kind::kAttributes) {
    option = command->add_option(name, given, parameter.help)->allow_extra_args(false);
  } else {  // a list of one would take all the arguments that follow
    option = command->add_option_function<std::string>(
        name, [&given](const std::string& value) { given = {value}; }, parameter.help);
  }
  if (parameter.required || !name.starts_with("--")) option->required();
}

CLI::App* existing(CLI::App& app, const std::string& name) {
  const auto found = app.get_subcommands([&](CLI::App* one) { return one->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

void add_client_command(CLI::App& app, const ClientCommand& command, const char* service, GroupHelp group_help,
                        std::deque<ClientCall>& calls, int& exit_code) {
  ClientCall& call = calls.emplace_back();
  call.command = &command;
  call.home.service = service;
  CLI::App* const place = place_of(app, command.words, command.help, group_help);
  for (const ClientParameter& parameter : command.parameters) add_parameter(place, parameter, call);
  if (command.shows == Shows::kOperation || command.shows == Shows::kRelease) {
    place->add_flag("--wait,!--no-wait", call.wait, "until it is done (the default)");
    place->add_option("--timeout", call.timeout, "of waiting")->capture_default_str();
  }
  add_connection(place, call.home);
  if (*command.more != '\0') place->footer(command.more);
  leaf(place, call, command.carry_out == nullptr ? run_client_command : command.carry_out, exit_code);
}

}  // namespace

void add_connection(CLI::App* command, ServiceHome& home) {
  const char* const kConnection = "Connection";
  const bool market = home.service == "market";
  const std::string named = market ? "$TARN_MARKET_" : "$TARN_ISOLATION_";
  command
      ->add_option("--url", home.url,
                   "the service: https://HOST:PORT (default: " + named + "URL, the url of ~/.config/tarn/" +
                       home.service + ".toml)")
      ->group(kConnection);
  command->add_option("--ca", home.ca, "a file with the authority of its certificate, PEM")->group(kConnection);
  command
      ->add_option("--pin", home.pin, "its certificate's fingerprint, as it prints it: sha256:… (or " + named + "PIN)")
      ->group(kConnection);
  command->add_option("--token-file", home.token_file, "a file with your token (or " + named + "TOKEN)")
      ->group(kConnection);
  if (market) {
    command
        ->add_option("--identity", home.identity,
                     "your organisation's key file, to come in by it (or $TARN_MARKET_IDENTITY)")
        ->group(kConnection);
    command
        ->add_option("--market-key", home.market_key,
                     "the market's id, org_…: any other is refused (default: $TARN_MARKET_KEY, the market_key of "
                     "~/.config/tarn/market.toml, else whatever the service says it is)")
        ->group(kConnection);
    return;
  }
  command->add_option("--login", home.login, "your name, to come in by password instead of a token")
      ->group(kConnection);
  command->add_option("--login-password-file", home.login_password_file, "a file with it; else it is asked for")
      ->group(kConnection);
}

// The command of these words below `app`; those in between are made.
CLI::App* place_of(CLI::App& app, std::string_view words, const char* help, GroupHelp group_help) {
  CLI::App* at = &app;
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    const std::string word(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
    CLI::App* next = existing(*at, word);
    if (next == nullptr) {
      next = at->add_subcommand(word, words.empty() ? help : group_help(word));
      if (!words.empty()) next->require_subcommand(1);
    }
    at = next;
  }
  return at;
}

const char* help_of(std::span<const ClientGroup> groups, std::string_view name) {
  const auto found =
      std::ranges::find(groups, name, [](const ClientGroup& group) { return std::string_view(group.name); });
  return found == groups.end() ? "" : found->help;
}

bool is_wanted(std::string_view group, std::string_view chosen) { return chosen == "completion" || chosen == group; }

void add_client_groups(CLI::App& app, std::span<const ClientGroup> groups, const char* title, std::string_view chosen) {
  for (const ClientGroup& group : groups) {
    CLI::App* const made = app.add_subcommand(group.name, group.help);
    made->group(title);
    if (is_wanted(group.name, chosen)) made->require_subcommand(1);
  }
}

void add_client_commands(CLI::App& app, std::span<const ClientCommand> commands, const char* service,
                         GroupHelp group_help, std::string_view chosen, std::deque<ClientCall>& calls, int& exit_code) {
  for (const ClientCommand& command : commands) {
    const std::string_view words = command.words;
    if (is_wanted(words.substr(0, words.find(' ')), chosen))
      add_client_command(app, command, service, group_help, calls, exit_code);
  }
}

}  // namespace tarn
