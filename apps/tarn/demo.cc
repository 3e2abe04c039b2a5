// tarn demo: a pool of processes on this machine, one request in it, and what each of them learned.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "crypto/identity.h"
#include "crypto/random.h"
#include "inventory/price.h"
#include "model/money.h"
#include "model/organisation.h"
#include "pool/placement_circuit.h"
#include "tarn/demo_cluster.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/pool_demo.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

constexpr std::size_t kWidth = auction::kDefaultWidth;
constexpr std::chrono::milliseconds kPatience{60'000}, kStep{50};

base::Error in_vain(const std::string& what) { return {base::Code::kDeadline, what}; }

// Until `holds`, which may fail: what processes write down after they have answered.
template <class Holds>
base::Status await(const Holds& holds, const std::string& what) {
  for (const auto end = std::chrono::steady_clock::now() + kPatience; std::chrono::steady_clock::now() < end;
       std::this_thread::sleep_for(kStep)) {
    if (interrupted()) return base::Error{base::Code::kCancelled, "interrupted; all processes were stopped"};
    TARN_ASSIGN(const bool so, holds());
    if (so) return {};
  }
  return in_vain(what);
}

base::Result<std::vector<PoolDemoProvider>> providers_of(const PoolBooks& books, auction::Mechanism mechanism) {
  std::vector<PoolDemoProvider> out;
  for (const LocalBook& book : books.providers) {
    const auto named = [&](const base::Error& e) { return base::Error{e.code, book.name + ": " + e.message}; };
    PoolDemoProvider p;
    p.book = book;
    const auto function = inventory::PriceFunction::parse(book.price);
    if (!function.ok()) return named(function.error());
    const auto price = function->micro_credits({book.capacity, book.capacity, 0, 0});
    if (!price.ok()) return named(price.error());
    p.price = *price;
    const auto fits = pool::encode(mechanism, kWidth, auction::ProviderInput{book.capacity, p.price});
    if (!fits.ok()) return named(fits.error());
    out.push_back(std::move(p));
  }
  return out;
}

// Three quarters of them are drawn, so that the draw has something to choose.
std::size_t drawn_of(std::size_t providers) { return std::max<std::size_t>(3, providers * 3 / 4); }

base::Result<RequestSaid> request(LocalPool& pool, const PoolBooks& books, int rtt_ms, bool delivered) {
  std::vector<std::string> arguments{"request",
                                     "--config",
                                     pool.requester(),
                                     "--class",
                                     books.resource_class,
                                     "--quantity",
                                     std::to_string(books.quantity),
                                     "--max-price",
                                     model::credits_text(books.max_price),
                                     "--mechanism",
                                     books.mechanism,
                                     "--deadline",
                                     "60s",
                                     "--lease",
                                     "1h",
                                     "--output",
                                     "json",
                                     "--rtt-ms",
                                     std::to_string(rtt_ms)};
  if (delivered)
    arguments.insert(arguments.end(), {"--out", pool.directory() + "/delivered", "--delivery-wait", "60s"});
  TARN_ASSIGN(const CommandEnd end, pool.run(arguments));
  auto said = parse_request(end.output);
  if (!said || (end.exit_code != kExitDone && end.exit_code != kExitNoWinner))
    return base::Error{base::Code::kUnreachable, "the request failed:\n" + end.errors};
  return *said;
}

base::Status release(LocalPool& pool, const std::vector<DemoLease>& leases) {
  for (const DemoLease& lease : leases) {
    TARN_ASSIGN(const CommandEnd end, pool.run({"lease", "release", lease.id, "--config", pool.requester()}));
    if (end.exit_code != kExitDone)
      return base::Error{base::Code::kUnreachable, "the lease could not be released:\n" + end.errors};
  }
  return {};
}

base::Status read_fates(LocalPool& pool, PoolDemo& demo) {
  return await(
      [&]() -> base::Result<bool> {
        std::size_t known = 0;
        for (std::size_t i = 0; i < pool.size(); ++i) {
          demo.providers[i].fate = fate_of(pool.log(i));
          known += demo.providers[i].fate == Fate::kUnasked ? std::size_t{0} : std::size_t{1};
        }
        return known >= demo.request.asked;
      },
      "a provider does not write down how the request ended");
}

// Each provider's own figures, once they are what they should be: `leased` units a provider, and nothing held.
template <class Leased>
base::Status read_units(LocalPool& pool, PoolDemo& demo, Units PoolDemoProvider::* units, const Leased& leased) {
  for (std::size_t i = 0; i < pool.size(); ++i) {
    PoolDemoProvider& p = demo.providers[i];
    TARN_TRY(await(
        [&]() -> base::Result<bool> {
          TARN_ASSIGN(const std::string page, pool.metrics(i));
          const auto now = units_of(page);
          if (!now) return false;  // not measured yet
          p.*units = *now;
          return now->held == 0 && now->leased == leased(p) && now->free + now->leased == p.book.capacity;
        },
        p.book.name + "'s figures do not become what they should be"));
  }
  return {};
}

// What the winners have delivered, tried out with nothing but the kubeconfigs that the request wrote.
base::Status try_out(const DemoCluster& cluster, PoolDemo& demo) {
  for (const DemoLease& lease : demo.request.leases) {
    if (lease.kubeconfig.empty()) return base::Error{base::Code::kUnreachable, lease.id + " was not delivered in time"};
    Handover handover;
    handover.lease = lease.id;
    handover.kubeconfig = lease.kubeconfig;
    TARN_TRY(cluster.try_out(handover));
    demo.handovers.push_back(std::move(handover));
  }
  return {};
}

base::Status tell(LocalPool& pool, const DemoCluster* cluster, auction::Mechanism mechanism, PoolDemo& demo) {
  for (std::size_t i = 0; i < pool.size(); ++i) {
    demo.providers[i].id = pool.id(i);
    demo.providers[i].rtt_ms = rtt_on_map(pool.map(), pool.id(i));
  }
  progress("the requester asks");
  TARN_ASSIGN(demo.request, request(pool, demo.books, demo.rtt_ms, cluster != nullptr));
  const auto identity = crypto::Identity::load(pool.requester_key());
  if (!identity.ok()) return identity.error();
  demo.requester = model::OrganisationId{identity->public_key()}.text();
  for (const DemoLease& lease : demo.request.leases)
    for (PoolDemoProvider& p : demo.providers)
      if (p.id == lease.provider) p.lease = lease;
  TARN_TRY(read_fates(pool, demo));
  demo.equals_plain = equals_plain(demo, mechanism);
  progress("reading the providers' own figures");
  TARN_TRY(read_units(pool, demo, &PoolDemoProvider::leased,
                      [](const PoolDemoProvider& p) { return p.lease ? p.lease->units : 0; }));
  if (cluster != nullptr) {
    progress("the tenant tries out what was delivered");
    TARN_TRY(try_out(*cluster, demo));
  }
  progress("the requester gives back what it leased");
  TARN_TRY(release(pool, demo.request.leases));
  if (cluster != nullptr) progress("waiting until the namespaces are gone");
  for (Handover& handover : demo.handovers) TARN_TRY(cluster->await_gone(handover));
  return read_units(pool, demo, &PoolDemoProvider::released, [](const PoolDemoProvider&) { return std::uint64_t{0}; });
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): the only thread
  return value == nullptr ? "" : value;
}

// Whether the terminal's locale has box characters.
bool unicode() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string locale = environment(variable);
    if (locale.empty()) continue;
    for (const char* name : {"UTF-8", "utf-8", "UTF8", "utf8"})
      if (locale.find(name) != std::string_view::npos) return true;
    return false;
  }
  return false;
}

int run_story(PoolBooks books, int rtt_ms) {
  const auto mechanism = auction::parse_mechanism(books.mechanism);
  if (!mechanism.ok()) return report(mechanism.error());
  const auto fits = pool::encode(*mechanism, kWidth, auction::RequesterInput{books.quantity, books.max_price});
  if (!fits.ok()) return report({fits.error().code, "requester: " + fits.error().message});
  auto providers = providers_of(books, *mechanism);
  if (!providers.ok()) return report(providers.error());
  catch_signals();
  LocalPoolOptions options;
  options.resource_class = books.resource_class;
  options.drawn = drawn_of(books.providers.size());
  options.rtt_ms = rtt_ms;
  progress("starting a node of the hash table and " + std::to_string(books.providers.size()) + " providers");
  std::unique_ptr<DemoCluster> cluster;
  if (const std::string file = environment("KUBECONFIG"); !file.empty()) {
    auto opened = DemoCluster::open(file);
    if (!opened.ok()) return report(opened.error());
    cluster = std::move(*opened);
    progress("KUBECONFIG is set: what is leased is delivered on " + cluster->server());
    options.sections = cluster->provider_section();
  }
  auto pool = LocalPool::start(books.providers, options, progress);
  if (!pool.ok()) return report(pool.error());
  PoolDemo demo;
  demo.books = std::move(books);
  demo.rtt_ms = rtt_ms;
  if (cluster) demo.cluster = cluster->server();
  demo.providers = std::move(*providers);
  if (const base::Status told = tell(**pool, cluster.get(), *mechanism, demo); !told.ok()) return report(told.error());
  std::printf("%s", json_wanted() ? (to_json(demo) + "\n").c_str() : to_text(demo, unicode()).c_str());
  return demo.equals_plain ? kExitDone : kExitDiffers;
}

int run_pool_demo(const DemoOptions& options) {
  if (!options.config.empty()) {
    auto books = load_pool_books(options.config);
    if (!books.ok()) return report(books.error());
    if (options.mechanism_given) books->mechanism = options.mechanism;
    return run_story(std::move(*books), options.rtt_ms);
  }
  const auto mechanism = auction::parse_mechanism(options.mechanism);
  if (!mechanism.ok()) return report(mechanism.error());
  PoolBooks books = invented_books(options.seed, options.providers, options.quantity, has_one_winner(*mechanism));
  books.mechanism = options.mechanism;
  return run_story(std::move(books), options.rtt_ms);
}

}  // namespace

int run_demo(const DemoOptions& given) {
  DemoOptions options = given;
  if (!options.config.empty() && (options.shape_given || options.seed_given))
    return report({base::Code::kInvalidInput,
                   "--config says who takes part and with what; leave out --providers, --quantity and --seed"});
  const std::size_t least = options.placement ? 1 : 3, most = options.placement ? 15 : 12;
  if (options.providers == 0) options.providers = options.placement ? 5 : 8;
  if (options.providers < least || options.providers > most)
    return report(
        {base::Code::kInvalidInput, "--providers must be " + std::to_string(least) + " to " + std::to_string(most)});
  if (!options.seed_given && options.config.empty()) {
    crypto::OsRandom random;
    std::array<std::uint8_t, 2> bytes{};
    random.fill(bytes);
    options.seed = static_cast<std::uint64_t>(bytes[0]) << 8 | bytes[1];
    progress("inputs invented; the same again with --seed " + std::to_string(options.seed));
  }
  return options.placement ? run_placement_demo(options) : run_pool_demo(options);
}

}  // namespace tarn
