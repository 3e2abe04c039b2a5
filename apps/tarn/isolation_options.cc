#include "tarn/isolation_options.h"

#include <array>

#include "tarn/client_options.h"
#include "tarn/leaf.h"
#include "tarn/serve_options.h"

namespace tarn {
namespace {

const char* const kGroup = "Isolation service";

constexpr std::array kGroups{
    ClientGroup{"bmc", "let its project use a node's controller, or no longer"},
    ClientGroup{"metadata", "notes on a node, which nodes are found by"},
    ClientGroup{"nic", "tell the service of a node's network cards"},
    ClientGroup{"power", "turn a node on or off, or look"},
    ClientGroup{"token", "tokens to log in with, your own"},
};

const char* group_help(std::string_view word) { return help_of(kGroups, word); }

void add_serve(CLI::App* isolation, ServeOptions& o, int& exit_code) {
  CLI::App* serve = isolation->add_subcommand("serve", "hand servers and networks to projects: a daemon");
  add_serve_options(serve, o, kIsolationPort, "plain HTTP, on a loopback address only");
  serve->footer(
      "A configuration; everything but state_dir has the default that is shown:\n"
      "  [http]\n"
      "  listen       = \"127.0.0.1:7600\"\n"
      "  certificate  = \"server.pem\"          # PEM, with its chain   (default: made at the first start)\n"
      "  key          = \"server.key\"          # relative to this file, as all paths\n"
      "  development  = false                 # plain HTTP, on a loopback address only\n"
      "  metrics      = true                  # GET /metrics, for anybody who reaches the address\n"
      "  connections  = 1024\n"
      "  [storage]\n"
      "  state_dir    = \"/var/lib/tarn-isolation\"\n"
      "  postgres     = \"host=db dbname=tarn\"  # instead of SQLite in state_dir\n"
      "  [vlans]\n"
      "  first        = 100                   # the pool\n"
      "  last         = 4000\n"
      "  [limits]\n"
      "  give_up      = \"1m\"                  # a change that its switch did not take by then is in error\n"
      "  changes_in_operation = 4096\n"
      "  changes_waiting = 8                  # in line at one NIC\n"
      "  switch_timeout = \"5s\"\n"
      "  bmc_timeout  = \"10s\"\n"
      "  reconcile_every = \"1m\"\n"
      "  keep_events  = \"90d\"\n\n" +
      std::string(kExitCodesHelp));
  leaf(serve, o, run_isolation_serve, exit_code);
}

void add_import(CLI::App* isolation, IsolationImportOptions& o, int& exit_code) {
  CLI::App* import =
      isolation->add_subcommand("import", "bring the service to what an inventory says; what is there already stays");
  import->add_option("FILE", o.file, "the inventory (YAML)")->required();
  import->add_flag("--dry-run", o.dry_run, "print what would be done, and do nothing");
  add_connection(import, o.home);
  import->footer(
      "An inventory; each list may be left out:\n"
      "  projects:\n"
      "    - {name: physics, nodes: 10, networks: 4}\n"
      "  users:\n"
      "    - {name: alice, role: member, projects: [physics], password_file: alice.secret}\n"
      "  switches:\n"
      "    - {name: rack1, type: ovsdb, settings: {endpoint: \"tcp:10.0.0.2:6640\", bridge: br0}, ports: [p1, p2]}\n"
      "  nodes:\n"
      "    - name: n1\n"
      "      owner: physics\n"
      "      bmc: {type: ipmi, address: 10.0.1.1, user: admin, password_file: bmc.secret}\n"
      "      nics:\n"
      "        - {name: eth0, mac: \"52:54:00:00:00:01\", switch: rack1, port: p1}\n"
      "  networks:\n"
      "    - {name: lab, owner: physics, access: [chemistry]}\n"
      "    - {name: internet, public: true, vlan: 10}\n");
  leaf(import, o, run_isolation_import, exit_code);
}

void add_lab(CLI::App* isolation, IsolationLabOptions& o, int& exit_code) {
  CLI::App* lab = isolation->add_subcommand(
      "lab", "a whole datacenter on this machine: Open vSwitch, namespaces as servers, simulated controllers");
  lab->add_option("--sites", o.shape.sites, "how many, each with a switch")->capture_default_str();
  lab->add_option("--nodes", o.shape.nodes, "servers of a site")->capture_default_str();
  lab->add_option("--nics", o.shape.nics, "network cards of a server")->capture_default_str();
  lab->add_option("--dir", o.directory, "where its files and sockets are; one lab a directory")->capture_default_str();
  lab->add_flag("--down", o.down, "remove every trace of it: processes, namespaces, files; also after a crash");
  lab->add_flag("--tls", o.tls, "its service with TLS, as in production, instead of in development mode");
  add_connection(lab, o.service);
  lab->footer(
      "Registers everything with a service of its own on loopback, or with the one that --url names. Needs root and\n"
      "Debian's openvswitch-switch, openipmi and iproute2. docs/isolation/lab.md has a tour.\n");
  leaf(lab, o, run_isolation_lab, exit_code);
}

}  // namespace

void add_isolation(CLI::App& app, IsolationOptions& options, std::string_view chosen, int& exit_code) {
  CLI::App* isolation = app.add_subcommand("isolation", "the isolation service: servers and networks between projects");
  isolation->require_subcommand(1);
  isolation->group(kGroup);
  add_client_groups(app, isolation_groups(), kGroup, chosen);
  if (is_wanted("isolation", chosen)) {
    add_serve(isolation, options.serve, exit_code);
    add_import(isolation, options.import, exit_code);
    add_lab(isolation, options.lab, exit_code);
  }
  add_client_commands(app, isolation_commands(), "isolation", group_help, chosen, options.calls, exit_code);
}

}  // namespace tarn
