// The commands of the isolation service on the command line: `tarn isolation …` and its clients, `tarn project …`,
// `tarn node …` and so on, which are made of the table in isolation_commands.h.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "tarn/isolation_commands.h"
#include "tarn/isolation_lab.h"
#include "tarn/serve.h"

namespace CLI {
class App;
}

namespace tarn {

struct IsolationImportOptions {
  ServiceHome home;
  std::string file;
  bool dry_run = false;
};

struct IsolationOptions {
  ServeOptions serve;
  IsolationImportOptions import;
  IsolationLabOptions lab;
  std::deque<ClientCall> calls;  // one a command of the table; the parser points into them
};

int run_isolation_serve(const ServeOptions& options);
int run_isolation_import(const IsolationImportOptions& options);

// `chosen`: the first word of the command line (client_options.h).
void add_isolation(CLI::App& app, IsolationOptions& options, std::string_view chosen, int& exit_code);

}  // namespace tarn
