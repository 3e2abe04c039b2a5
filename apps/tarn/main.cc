// The command line. The parser (CLI11, 13 s a file that includes it) stays in this file.

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "crypto/start.h"
#include "net/tls.h"
#include "pool/placement_circuit.h"
#include "tarn/options.h"
#include "tarn/output.h"

namespace {

using tarn::kExitBug;

// Every leaf command takes --output, and runs `handler` with its options when chosen.
template <class Options>
void leaf(CLI::App* command, const Options& options, int (*handler)(const Options&), int& exit_code) {
  command
      ->add_option_function<std::string>(
          "--output", [](const std::string& format) { tarn::use_json(format == "json"); },
          "how to print the result: text, json")
      ->check(CLI::IsMember({"text", "json"}))
      ->default_str("text");
  command->callback([&options, handler, &exit_code] { exit_code = handler(options); });
}

struct AllOptions {
  tarn::KeygenOptions keygen;
  tarn::IdOptions id;
  tarn::PlaceOptions place;
  tarn::DemoOptions demo;
  tarn::CircuitStatsOptions stats;
  tarn::CircuitWriteOptions write;
  tarn::BenchOptions bench;
};

void add_identity(CLI::App& app, AllOptions& o, int& exit_code) {
  CLI::App* keygen =
      app.add_subcommand("keygen", "make an organisation's identity: an Ed25519 key in a new file (mode 0600)");
  keygen->add_option("--out", o.keygen.out, "the file to make; never overwritten")->required();
  keygen->footer("Prints the id that the others need. Example: tarn keygen --out acme.key");
  leaf(keygen, o.keygen, tarn::run_keygen, exit_code);
  CLI::App* id = app.add_subcommand("id", "print the id of a key file");
  id->add_option("FILE", o.id.file, "the key file")->required();
  leaf(id, o.id, tarn::run_id, exit_code);
}

void add_place(CLI::App& app, AllOptions& o, int& exit_code) {
  CLI::App* place = app.add_subcommand("place", "take part in a private placement: one party on one host");
  place->add_option("--config", o.place.config, "this party's configuration (TOML)")->required();
  place->add_option("--wait", o.place.wait, "how long to wait for the others: 30s, 2m")->default_str("2m");
  place->add_option("--rtt-ms", o.place.rtt_ms, "hold messages back as over such a distance (tests)")
      ->check(CLI::Range(0, 10'000));
  place->add_option("--listen-fd", o.place.listen_fd, "")->group("");
  place->add_option("--circuit", o.place.circuit, "")->group("");
  place->footer(
      "A configuration; what is marked * must be the same at all parties:\n"
      "  identity    = \"acme.key\"            # tarn keygen; paths are relative to this file\n"
      "  state_dir   = \"acme.state\"          # made if missing, mode 0700; keeps what saves time with known parties\n"
      "  class       = \"1 vCPU, 1 GiB\"       # * what is placed\n"
      "  mechanism   = \"second-price\"        # * one of those below      (default second-price)\n"
      "  deadline    = \"30s\"                 # * from when all are connected   (default 30s)\n"
      "  width       = 32                    # * bits of every amount    (default 32)\n"
      "  extension_k = 4                     # * 8: fewer bytes for more work, on slow links   (default 4)\n"
      "  listen      = \"0.0.0.0:7000\"        # default: the own address\n"
      "  [input]                             # the requester:\n"
      "  quantity  = 32                      #   a provider instead:  capacity = 100\n"
      "  max_price = 80                      #                        price    = 55\n"
      "  [[parties]]                         # * 2 to 16, in the same order everywhere; the requester is the first\n"
      "  id      = \"org_…\"                   # * tarn id FILE\n"
      "  address = \"acme.example:7000\"\n"
      "  name    = \"acme\"                    # for messages here\n\n"
      "Mechanisms: " +
      auction::mechanism_names() + "\n" + std::string(tarn::kExitCodesHelp));
  leaf(place, o.place, tarn::run_place, exit_code);
}

void add_demo(CLI::App& app, AllOptions& o, int& exit_code) {
  CLI::App* demo = app.add_subcommand("demo", "a private placement among processes on this machine");
  auto* providers = demo->add_option("--providers", o.demo.providers, "how many providers")->check(CLI::Range(1, 15));
  auto* quantity = demo->add_option("--quantity", o.demo.quantity, "how many units the requester wants");
  quantity->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 29));
  auto* mechanism = demo->add_option("--mechanism", o.demo.mechanism, auction::mechanism_names());
  auto* seed = demo->add_option("--seed", o.demo.seed, "invent the same inputs again");
  demo->add_option("--rtt-ms", o.demo.rtt_ms, "as if the parties were so far apart")->check(CLI::Range(0, 10'000));
  demo->add_option("--config", o.demo.config, "take the inputs from this file instead");
  for (CLI::Option* option : {providers, quantity, mechanism}) option->capture_default_str();
  demo->footer(
      "A configuration:\n"
      "  mechanism = \"second-price\"\n"
      "  [requester]\n"
      "  quantity = 32\n"
      "  max_price = 80\n"
      "  [[providers]]                       # 1 to 15 of them\n"
      "  name = \"north\"\n"
      "  capacity = 64\n"
      "  price = 41\n");
  demo->parse_complete_callback([=, &o] {
    o.demo.seed_given = seed->count() > 0;
    o.demo.shape_given = providers->count() > 0 || quantity->count() > 0;
    o.demo.mechanism_given = mechanism->count() > 0;
  });
  leaf(demo, o.demo, tarn::run_demo, exit_code);
}

void add_circuit(CLI::App& app, AllOptions& o, int& exit_code) {
  CLI::App* circuit = app.add_subcommand("circuit", "look at the circuits");
  circuit->require_subcommand(1);
  CLI::App* stats = circuit->add_subcommand("stats", "size of a mechanism's circuit");
  stats->add_option("--mechanism", o.stats.mechanism, auction::mechanism_names())->capture_default_str();
  stats->add_option("--providers", o.stats.providers, "how many providers")
      ->check(CLI::Range(1, 15))
      ->capture_default_str();
  stats->add_option("--width", o.stats.width, "bits of every amount")->check(CLI::Range(2, 63))->capture_default_str();
  leaf(stats, o.stats, tarn::run_circuit_stats, exit_code);
  CLI::App* write = circuit->add_subcommand("write", "write a reference circuit in Bristol Fashion, to bench with");
  write->add_option("NAME", o.write.name, "aes-128 or sha-256")
      ->required()
      ->check(CLI::IsMember({"aes-128", "sha-256"}));
  write->add_option("--out", o.write.out, "the file to write")->required();
  leaf(write, o.write, tarn::run_circuit_write, exit_code);
}

void add_bench(CLI::App& app, AllOptions& o, int& exit_code) {
  CLI::App* bench = app.add_subcommand("bench", "measure whole sessions: a process a party, on loopback, medians");
  bench->require_subcommand(1);
  const auto common = [&](CLI::App* command) {
    command->add_option("--parties", o.bench.parties, "how many parties: 2,3,5,8")
        ->required()
        ->delimiter(',')
        ->check(CLI::Range(2, 16));
    command->add_option("--rtt-ms", o.bench.rtt_ms, "distances: 0,50")->delimiter(',')->check(CLI::Range(0, 10'000));
    command->add_flag("--acquainted", o.bench.acquainted, "the parties have met before");
    command->add_option("--repeat", o.bench.repeat, "sessions a row")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command->add_option("--extension-k", o.bench.extension_k, "1, 2, 4 or 8: fewer bytes for more work")
        ->check(CLI::IsMember({1, 2, 4, 8}))
        ->capture_default_str();
    leaf(command, o.bench, tarn::run_bench, exit_code);
  };
  CLI::App* placement = bench->add_subcommand("placement", "a placement mechanism");
  placement->add_option("--mechanism", o.bench.mechanism, auction::mechanism_names())->capture_default_str();
  common(placement);
  CLI::App* circuit = bench->add_subcommand("circuit", "any circuit in Bristol Fashion; value v is party v mod N's");
  circuit->add_option("FILE", o.bench.circuit, "the circuit (tarn circuit write makes some)")->required();
  common(circuit);
}

// What is printed must not end up in a file or connection that happened to get a closed stream's number.
bool open_standard_streams() {
  for (int fd = ::open("/dev/null", O_RDWR); fd >= 0; fd = ::open("/dev/null", O_RDWR)) {
    if (fd > 2) {
      ::close(fd);
      return true;
    }
  }
  return false;
}

bool wants_json(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--output=json" || (word == "--output" && i + 1 < argc && std::string_view(argv[i + 1]) == "json"))
      return true;
  }
  return false;
}

int parse_and_run(int argc, char** argv) {
  CLI::App app{"tarn: organisations that do not trust each other trade compute without showing their books", "tarn"};
  app.set_version_flag("--version", "tarn " TARN_VERSION);
  app.require_subcommand(1);
  app.footer(std::string(tarn::kExitCodesHelp) +
             "Every command: --help, --output json. stdout is the result, stderr progress.");
  AllOptions options;
  int exit_code = 0;
  add_identity(app, options, exit_code);
  add_place(app, options, exit_code);
  add_demo(app, options, exit_code);
  add_circuit(app, options, exit_code);
  add_bench(app, options, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    tarn::use_json(wants_json(argc, argv));
    return tarn::report({base::Code::kInvalidInput, std::string(e.what()) + " (tarn --help, tarn COMMAND --help)"});
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  if (!open_standard_streams() || !crypto::start()) {
    std::fprintf(stderr, "tarn: the system has no /dev/null or no random numbers\n");
    return kExitBug;
  }
  const rlimit no_core{0, 0};  // a crash must not write keys to a disk
  (void)::setrlimit(RLIMIT_CORE, &no_core);
  net::initialise_tls();
  const int exit_code = parse_and_run(argc, argv);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "tarn: the result could not be written\n");
    return tarn::kExitStorage;
  }
  return exit_code;
}
