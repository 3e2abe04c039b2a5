// leaf(): what all commands that do something have in common. Included by the files that make the command line only
// (main.cc, isolation_options.cc, completion.cc): its parser takes 13 s to compile.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tarn/output.h"

namespace tarn {

// Every leaf command takes --output, and runs `handler` with its options when chosen.
template <class Options>
void leaf(CLI::App* command, const Options& options, int (*handler)(const Options&), int& exit_code) {
  command
      ->add_option_function<std::string>(
          "--output", [](const std::string& format) { use_json(format == "json"); },
          "how to print the result: text, json")
      ->check(CLI::IsMember({"text", "json"}))
      ->default_str("text");
  command->callback([&options, handler, &exit_code] { exit_code = handler(options); });
}

}  // namespace tarn
