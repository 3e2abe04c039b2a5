// tarn completion bash: a script for bash that completes all commands and options, made from the parser's own tree, so
// that it cannot name what is not there. It needs nothing but bash; files are completed where nothing else fits.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace tarn {

void add_completion(CLI::App& app, int& exit_code);
std::string bash_completion(const CLI::App& app);

}  // namespace tarn
