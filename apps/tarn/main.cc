// The command line. The parser (CLI11, 13 s a file that includes it) stays in this file and its kin: leaf.h says which.

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "auction/placement/mechanism.h"
#include "crypto/start.h"
#include "net/tls.h"
#include "pool/placement_circuit.h"
#include "tarn/auction_bench.h"
#include "tarn/completion.h"
#include "tarn/isolation_bench.h"
#include "tarn/isolation_options.h"
#include "tarn/leaf.h"
#include "tarn/market_bench.h"
#include "tarn/market_options.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/serve_options.h"

namespace {

using tarn::kExitBug;
using tarn::leaf;

struct AllOptions {
  tarn::KeygenOptions keygen;
  tarn::IdOptions id;
  tarn::PlaceOptions place;
  tarn::DemoOptions demo;
  tarn::CircuitStatsOptions stats;
  tarn::CircuitWriteOptions write;
  tarn::BenchOptions bench;
  tarn::PoolBenchOptions pool_bench;
  tarn::DeliveryBenchOptions delivery_bench;
  tarn::IsolationBenchOptions isolation_bench;
  tarn::AuctionBenchOptions auction_bench;
  tarn::MarketBenchOptions market_bench;
  tarn::ProviderOptions provider;
  tarn::InventoryOptions inventory;
  tarn::DhtOptions dht;
  tarn::RequestOptions request;
  tarn::LeaseOptions lease;
  tarn::PoolOptions pool;
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
  CLI::App* demo = app.add_subcommand("demo", "a pool of processes on this machine, one request, and who learned what");
  auto* providers =
      demo->add_option("--providers", o.demo.providers, "how many: 3 to 12 (default 8)")->check(CLI::Range(1, 15));
  auto* quantity = demo->add_option("--quantity", o.demo.quantity, "how many units the requester wants");
  quantity->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 29));
  auto* mechanism = demo->add_option("--mechanism", o.demo.mechanism, auction::mechanism_names());
  auto* seed = demo->add_option("--seed", o.demo.seed, "invent the same books again; who is drawn stays chance's");
  demo->add_option("--rtt-ms", o.demo.rtt_ms, "as if the parties were so far apart")->check(CLI::Range(0, 10'000));
  demo->add_option("--config", o.demo.config, "take the books from this file instead");
  demo->add_flag("--placement", o.demo.placement,
                 "only one session, among parties that were told of each other: 1 to 15 providers (default 5)");
  for (CLI::Option* option : {quantity, mechanism}) option->capture_default_str();
  demo->footer(
      "Starts a node of the hash table, the providers and a requester, a process each; three quarters of the\n"
      "providers are drawn. A configuration:\n"
      "  mechanism = \"second-price\"\n"
      "  class     = \"cpu=1 memory=1Gi\"      # one unit\n"
      "  [requester]\n"
      "  quantity  = 32\n"
      "  max_price = \"0.08\"                  # credits for a unit and hour\n"
      "  [[providers]]                       # 3 to 12 of them\n"
      "  name     = \"north\"\n"
      "  capacity = 64\n"
      "  price    = \"0.041\"                  # or an expression (tarn provider --help)\n"
      "With --placement there are 1 to 15, amounts of money are whole numbers, and class is any text.\n");
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
  CLI::App* pool = bench->add_subcommand("pool", "whole requests to a pool on this machine, with and without privacy");
  pool->add_option("--providers", o.pool_bench.providers, "how many")->check(CLI::Range(3, 15))->capture_default_str();
  pool->add_option("--rtt-ms", o.pool_bench.rtt_ms, "distances: 0,50")->delimiter(',')->check(CLI::Range(0, 1'000));
  pool->add_option("--mechanism", o.pool_bench.mechanism, auction::mechanism_names())->capture_default_str();
  pool->add_flag("--first-meeting", o.pool_bench.first_meeting, "nobody has met anybody before: a new pool each time");
  pool->add_option("--repeat", o.pool_bench.repeat, "requests a row")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  leaf(pool, o.pool_bench, tarn::run_bench_pool, exit_code);
  CLI::App* delivery =
      bench->add_subcommand("delivery", "from a signed lease to a namespace in use, on a real cluster");
  delivery->add_option("--kubeconfig", o.delivery_bench.kubeconfig, "the cluster; as for tarn demo, Tarn is installed")
      ->required();
  delivery->add_option("--repeat", o.delivery_bench.repeat, "leases, one after the other")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  leaf(delivery, o.delivery_bench, tarn::run_bench_delivery, exit_code);
  CLI::App* isolation = bench->add_subcommand("isolation", "calls of the isolation service, on a lab of its own; root");
  isolation->add_option("--clients", o.isolation_bench.clients, "at the same time: 1,16 (the default)")
      ->delimiter(',')
      ->check(CLI::Range(1, 64));
  isolation->add_option("--repetitions", o.isolation_bench.repetitions, "of each call, all clients together")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  leaf(isolation, o.isolation_bench, tarn::run_bench_isolation, exit_code);
  CLI::App* auction = bench->add_subcommand("auction", "the market's mechanisms: welfare, regret, speed; minutes");
  auction->add_option("--only", o.auction_bench.only, "parts: reference,regret (the default: all)")
      ->delimiter(',')
      ->check(CLI::IsMember(tarn::auction_bench_parts()));
  leaf(auction, o.auction_bench, tarn::run_bench_auction, exit_code);
  CLI::App* market = bench->add_subcommand("market", "orders that a market takes a second, on SQLite and PostgreSQL");
  market->add_option("--clients", o.market_bench.clients, "at the same time: 1,16,64 (the default)")
      ->delimiter(',')
      ->check(CLI::Range(1, 128));
  market->add_option("--orders", o.market_bench.orders, "a row, all clients together")
      ->check(CLI::Range(1, 400'000))
      ->capture_default_str();
  leaf(market, o.market_bench, tarn::run_bench_market, exit_code);
}

void add_home(CLI::App* command, tarn::HomeOptions& home) {
  command->add_option("--config", home.config,
                      "configuration (default: ~/.config/tarn/requester.toml, if it is there)");
  command->add_option("--bootstrap", home.bootstrap, "HOST:PORT of a node of the pool's hash table; any will do");
}

void add_provider(CLI::App& app, AllOptions& o, int& exit_code) {
  CLI::App* provider = app.add_subcommand("provider", "offer compute in the pool: a daemon");
  provider->add_option("--config", o.provider.config, "the configuration (TOML)")->required();
  add_log_options(provider, o.provider);
  provider->add_option("--rtt-ms", o.provider.rtt_ms, "")->group("");
  provider->add_flag("--reveal-for-measurement", o.provider.reveal, "")->group("");
  provider->footer(
      "A configuration:\n"
      "  identity  = \"acme.key\"              # tarn keygen; paths are relative to this file\n"
      "  state_dir = \"/var/lib/tarn\"         # made if missing, mode 0700\n"
      "  listen    = \"0.0.0.0:7400\"          # TCP for sessions, UDP for probes\n"
      "  endpoint  = \"acme.example:7400\"     # as others reach it   (default: listen)\n"
      "  http      = \"127.0.0.1:7480\"        # metrics and health; \"off\" for none\n"
      "  [dht]\n"
      "  listen    = \"0.0.0.0:4222\"          # UDP\n"
      "  bootstrap = [\"pool.example:4222\"]   # any nodes of the pool; none: others begin with this one\n"
      "  [[offers]]\n"
      "  name     = \"small\"\n"
      "  class    = \"cpu=1 memory=1Gi\"       # one unit, in Kubernetes quantities\n"
      "  capacity = 64                         # units\n"
      "  price    = \"0.02 + 0.03 * leased / capacity\"   # credits a unit and hour, of what is left\n"
      "  per_session = 32                      # put at most so much into one session   (default: all)\n"
      "  bucket   = 8                          # round what is put in down to multiples (default: 1)\n"
      "  [limits]                              # all optional\n"
      "  quorum = 3                            # providers in a session, at least\n"
      "  sessions = 8\n"
      "  mechanisms = [\"second-price\"]        # take part in these only (default: all)\n"
      "  burst = 8                             # requests that one requester may make at once\n"
      "  refill_per_minute = 4\n"
      "  longest_lease = \"30d\"\n\n" +
      std::string(tarn::kExitCodesHelp));
  leaf(provider, o.provider, tarn::run_provider, exit_code);
  CLI::App* in_cluster = app.add_subcommand("operator", "offer what a Kubernetes cluster contributes: a daemon in it");
  in_cluster->add_option("--config", o.provider.config, "the configuration (TOML)")->required();
  add_log_options(in_cluster, o.provider);
  in_cluster->footer(
      "The configuration is a provider's without [[offers]]: those are the cluster's PoolContributions; with:\n"
      "  [kubernetes]\n"
      "  in_cluster  = true                            # or kubeconfig = \"FILE\"\n"
      "  api_address = \"https://api.example.org:6443\"  # as tenants reach the API server\n"
      "How to install it: deploy/kubernetes/operator.yaml.\n\n" +
      std::string(tarn::kExitCodesHelp));
  leaf(in_cluster, o.provider, tarn::run_operator, exit_code);
  CLI::App* dht = app.add_subcommand("dht", "a node of the pool's hash table and nothing else: where others begin");
  dht->add_option("--listen", o.dht.listen, "UDP address")->capture_default_str();
  dht->add_option("--bootstrap", o.dht.bootstrap, "HOST:PORT of other nodes");
  dht->add_option("--network", o.dht.network, "nodes of other networks are not talked to");
  dht->add_option("--rtt-ms", o.dht.rtt_ms, "")->group("");
  leaf(dht, o.dht, tarn::run_dht, exit_code);
}

void add_inventory(CLI::App& app, AllOptions& o, int& exit_code) {
  CLI::App* inventory = app.add_subcommand("inventory", "what a provider has put up, and to whom it is promised");
  inventory->require_subcommand(1);
  const auto common = [&](CLI::App* command, int (*handler)(const tarn::InventoryOptions&)) {
    auto* config =
        command->add_option("--config", o.inventory.config, "the provider's configuration; it may be running");
    command->add_option("--state-dir", o.inventory.state_dir, "or the state directory of one that is running")
        ->excludes(config);
    leaf(command, o.inventory, handler, exit_code);
  };
  common(inventory->add_subcommand("list", "offers, with what of them is free, and reservations"),
         tarn::run_inventory_list);
  CLI::App* reserve = inventory->add_subcommand(
      "reserve", "keep units out of the pool for a time, to promise them elsewhere: prints the reservation's id");
  reserve->add_option("OFFER", o.inventory.offer, "its name")->required();
  reserve->add_option("--units", o.inventory.units, "how many")->required()->check(CLI::PositiveNumber);
  reserve->add_option("--from", o.inventory.from, "2027-01-01T00:00:00Z, or from now: 4h")->capture_default_str();
  reserve->add_option("--until", o.inventory.until, "as --from")->required();
  reserve->add_option("--purpose", o.inventory.purpose, "what for; shown in the list");
  common(reserve, tarn::run_inventory_reserve);
  CLI::App* release = inventory->add_subcommand("release", "give reserved units back to the pool");
  release->add_option("ID", o.inventory.reservation, "the reservation's, or the beginning of it")->required();
  common(release, tarn::run_inventory_release);
}

void add_request(CLI::App& app, AllOptions& o, int& exit_code) {
  CLI::App* request = app.add_subcommand("request", "lease compute from the pool without telling anybody how much");
  tarn::RequestOptions& r = o.request;
  request->add_option("--cpu", r.cpu, "of one unit: 1, 500m");
  request->add_option("--memory", r.memory, "of one unit: 1Gi");
  request->add_option("--storage", r.storage, "ephemeral storage of one unit");
  request->add_option("--resource", r.resources, "any other of one unit: nvidia.com/gpu=1");
  request->add_option("--class", r.resource_class, "all of it at once: \"cpu=1 memory=1Gi\"");
  request->add_option("--quantity", r.quantity, "how many units")
      ->check(CLI::Range(1u, 0xffff'ffffu))
      ->capture_default_str();
  request->add_option("--max-price", r.max_price, "credits for a unit and hour, at most (default: whatever it costs)");
  request->add_option("--mechanism", r.mechanism, auction::mechanism_names())->capture_default_str();
  request->add_option("--deadline", r.deadline, "for everything")->capture_default_str();
  request->add_option("--lease", r.lease, "for how long: 30m, 4h, 7d")->capture_default_str();
  request->add_option("--out", r.out, "directory for the signed leases, and a kubeconfig for each that is delivered");
  request->add_option("--delivery-wait", r.delivery_wait, "with --out: how long for what was bought to be ready")
      ->capture_default_str();
  request->add_option("--providers", r.providers, "how many compute (default 8)")->check(CLI::Range(1, 15));
  request->add_option("--min-providers", r.min_providers, "with fewer, rather nothing (default 3)")
      ->check(CLI::Range(1, 15));
  request->add_option("--rtt-ms", r.rtt_ms, "")->group("");
  add_home(request, r.home);
  request->footer(
      "Example: tarn request --cpu 1 --memory 1Gi --quantity 32 --max-price 0.05 --bootstrap pool.example:4222\n\n" +
      std::string(tarn::kExitCodesHelp));
  leaf(request, r, tarn::run_request, exit_code);
}

void add_lease(CLI::App& app, AllOptions& o, int& exit_code) {
  CLI::App* lease = app.add_subcommand("lease", "look after leases");
  lease->require_subcommand(1);
  CLI::App* list = lease->add_subcommand("list", "the leases that are running");
  list->add_flag("--all", o.lease.all, "those that have ended, too");
  list->add_flag("--offline", o.lease.offline, "what is kept here, without asking the providers");
  add_home(list, o.lease.home);
  leaf(list, o.lease, tarn::run_lease_list, exit_code);
  const auto one = [&](const char* name, const char* what, int (*handler)(const tarn::LeaseOptions&)) {
    CLI::App* command = lease->add_subcommand(name, what);
    command->add_option("LEASE", o.lease.lease, "its id, or the beginning of it")->required();
    add_home(command, o.lease.home);
    leaf(command, o.lease, handler, exit_code);
    return command;
  };
  one("show", "ask the provider how the lease stands", tarn::run_lease_show);
  one("renew", "make it last longer", tarn::run_lease_renew)
      ->add_option("--for", o.lease.duration, "longer by: 30m, 4h")
      ->required();
  one("release", "give it back before its end", tarn::run_lease_release);
  CLI::App* kubeconfig = one("kubeconfig", "how to get into what was bought, renewed", tarn::run_lease_kubeconfig);
  kubeconfig->add_option("--out", o.lease.out, "write it to this file, for nobody else to read (default: stdout)");
  kubeconfig->add_flag("--exec", o.lease.exec, "without a token in it: kubectl asks tarn whenever it needs one");
  one("credential", "for kubectl: a token, as its credential plugins give it", tarn::run_lease_credential);
}

void add_pool(CLI::App& app, AllOptions& o, int& exit_code) {
  CLI::App* pool = app.add_subcommand("pool", "look at the pool");
  pool->require_subcommand(1);
  const auto common = [&](CLI::App* command, int (*handler)(const tarn::PoolOptions&)) {
    command->add_option("--class", o.pool.resource_class, "only who offers this: \"cpu=1 memory=1Gi\"");
    command->add_option("--wait", o.pool.wait, "how long to look")->capture_default_str();
    add_home(command, o.pool.home);
    leaf(command, o.pool, handler, exit_code);
  };
  CLI::App* map = pool->add_subcommand("map", "providers seen, how far they are, when they last announced themselves");
  map->add_option("--most", o.pool.most, "show at most so many")->check(CLI::Range(1, 1000))->capture_default_str();
  map->add_option("--rtt-ms", o.pool.rtt_ms, "")->group("");
  common(map, tarn::run_pool_map);
  common(pool->add_subcommand("doctor", "why does nobody answer? checks link by link"), tarn::run_pool_doctor);
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
  tarn::IsolationOptions isolation;
  tarn::MarketOptions market;
  int exit_code = 0;
  add_identity(app, options, exit_code);
  add_request(app, options, exit_code);
  add_lease(app, options, exit_code);
  add_provider(app, options, exit_code);
  add_inventory(app, options, exit_code);
  add_pool(app, options, exit_code);
  add_place(app, options, exit_code);
  add_demo(app, options, exit_code);
  add_circuit(app, options, exit_code);
  add_bench(app, options, exit_code);
  tarn::add_isolation(app, isolation, argc > 1 ? argv[1] : "", exit_code);
  tarn::add_market(app, market, argc > 1 ? argv[1] : "", exit_code);
  tarn::add_completion(app, exit_code);
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
