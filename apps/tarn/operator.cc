// tarn operator: the provider's daemon inside a cluster, which offers what the cluster's administrators contribute and
// runs only while it leads. Its threads, besides the daemon's:
//   election   keeps the lead; when it is lost, the process ends at once: whoever leads next may already be at work, and
//              killed at any point the next start finds a sound inventory
//   following  watches the PoolContributions
//   telling    puts them into the inventory, writes their statuses, and the events
#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "drivers/kubernetes/contributions.h"
#include "drivers/kubernetes/leader_election.h"
#include "tarn/cluster.h"
#include "tarn/fenced_fulfiller.h"
#include "tarn/fulfillers.h"
#include "tarn/log.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/provider_daemon.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

constexpr int kElectionCallMs = 4'000, kSliceMs = 100, kRoundMs = 1'000;
constexpr std::int64_t kRepeatTroubleMs = 60'000;

std::string pod_name() {
  const char* const set = std::getenv("POD_NAME");  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return set == nullptr ? "tarn-operator" : set;
}

// One life of one process: a name and chance.
std::string identity_of_life(const std::string& pod) {
  crypto::OsRandom random;
  std::array<std::uint8_t, 8> chance{};
  random.fill(chance);
  return pod + "_" + base::to_hex(chance);
}

// Trouble that lasts is logged when it begins, and now and then.
class Trouble {
 public:
  Trouble(base::Log& log, const base::Clock& clock, const char* event) : log_(log), clock_(clock), event_(event) {}
  void note(const base::Status& status) {
    if (status.ok() || status.error().code == base::Code::kCancelled) return last_.clear();
    const std::int64_t now = clock_.steady_ms();
    if (status.error().message == last_ && now - told_at_ < kRepeatTroubleMs) return;
    last_ = status.error().message;
    told_at_ = now;
    log_.warning(event_, {{"error", last_}});
  }

 private:
  base::Log& log_;
  const base::Clock& clock_;
  const char* event_;
  std::string last_;
  std::int64_t told_at_ = 0;
};

void rest(const std::stop_token& stop, int ms) {
  for (; ms > 0 && !stop.stop_requested(); ms -= kSliceMs)
    std::this_thread::sleep_for(std::chrono::milliseconds(kSliceMs));
}

// Monitors of one who waits for the lead: alive, not ready.
std::jthread standby_pages(const std::string& at, base::Status& status) {
  if (at.empty()) return {};
  const auto open = [&]() -> base::Result<net::HttpServer> {
    TARN_ASSIGN(const net::Address address, net::Address::parse(at));
    TARN_ASSIGN(net::Fd bound, net::bind_at(address));
    return net::HttpServer::open(std::move(bound), [](const net::HttpRequest& request) {
      const bool live = request.path == "/healthz";
      return net::HttpResponse{live ? 200U : 503U, "text/plain", "waits for the lead\n"};
    });
  };
  auto server = open();
  if (!server.ok()) {
    status = server.error();
    return {};
  }
  return std::jthread([own = std::move(*server)](const std::stop_token& stop) mutable { own.run(stop); });
}

class Operator {
 public:
  Operator(ProviderConfig config, const DaemonOptions& options, base::Log& log)
      : config_(std::move(config)), options_(options), log_(log), pod_(pod_name()) {}

  base::Status run() {
    const KubernetesConfig& kubernetes = *config_.kubernetes;
    Cluster::Options calls;
    calls.timeout_ms = kElectionCallMs;
    TARN_ASSIGN(election_cluster_, Cluster::open(kubernetes, clock_, std::move(calls)));
    drivers::ElectionOptions rules;
    rules.name_space = kubernetes.home;
    rules.identity = identity_of_life(pod_);
    election_.emplace(election_cluster_->api(), clock_, rules);
    TARN_TRY(wait_for_lead());
    if (interrupted()) return {};
    const base::Status ended = lead();
    if (election_->leading()) (void)election_->release();  // else others wait until it is over
    return ended;
  }

 private:
  base::Status wait_for_lead() {
    base::Status status;
    const auto pages = standby_pages(config_.http, status);
    TARN_TRY(status);
    Trouble trouble(log_, clock_, "election");
    std::string holder;
    log_.info("operator_waits", {{"pod", pod_}});
    while (!interrupted() && !election_->leading()) {
      trouble.note(election_->run_once());
      if (const std::string now = election_->holder(); now != holder && !election_->leading())
        log_.info("operator_stands_by", {{"leader", holder = now}});
      for (int ms = 0; ms < kRoundMs && !interrupted() && !election_->leading(); ms += kSliceMs)
        std::this_thread::sleep_for(std::chrono::milliseconds(kSliceMs));
    }
    return {};
  }

  base::Status lead() {
    log_.info("operator_leads", {{"pod", pod_}});
    std::jthread election([this](const std::stop_token& stop) { keep_lead(stop); });
    const MakeFulfiller fulfiller =
        [this](const crypto::PublicKey& provider) -> base::Result<std::unique_ptr<inventory::Fulfiller>> {
      TARN_ASSIGN(auto inner, open_kubernetes(*config_.kubernetes, provider, clock_,
                                              {.cancelled = interrupted, .on_call = logged_to(log_)}));
      return std::unique_ptr<inventory::Fulfiller>(
          std::make_unique<FencedFulfiller>(std::move(inner), [this] { return election_->leading(); }));
    };
    TARN_ASSIGN(const auto daemon, ProviderDaemon::open(config_, options_, fulfiller, log_));
    daemon->metrics().leads(true);
    Cluster::Options calls;
    calls.cancelled = interrupted;
    calls.on_call = [&daemon](const drivers::ApiCall& call) { daemon->metrics().api_called(call.verb, call.status); };
    TARN_ASSIGN(const auto cluster, Cluster::open(*config_.kubernetes, clock_, std::move(calls)));
    return offer(*cluster, *daemon);
  }

  base::Status offer(Cluster& cluster, ProviderDaemon& daemon) {
    drivers::EventOptions telling;
    telling.name_space = config_.kubernetes->home;
    telling.instance = pod_;
    drivers::Events events(cluster.api(), telling);
    drivers::ContributionOptions options;
    options.name_space = config_.kubernetes->home;
    options.rules = rules_of(*config_.kubernetes);
    drivers::Contributions contributions(cluster.api(), daemon.inventory(), events, log_, clock_, options);
    std::jthread following([&](const std::stop_token& stop) {
      Trouble trouble(log_, clock_, "contributions");
      while (!stop.stop_requested()) {
        trouble.note(contributions.follow());
        rest(stop, kRoundMs);
      }
    });
    std::jthread telling_thread([&](const std::stop_token& stop) {
      Trouble trouble(log_, clock_, "contributions_status");
      while (!stop.stop_requested()) {
        if (election_->leading()) {
          trouble.note(contributions.run_once());
          events.flush(clock_.unix_ms());
        }
        const auto summary = contributions.summary();
        daemon.metrics().contributions(summary.accepted, summary.refused);
        rest(stop, kRoundMs);
      }
    });
    const base::Status ended = daemon.run();
    contributions.stop();
    return ended;
  }

  void keep_lead(const std::stop_token& stop) {
    Trouble trouble(log_, clock_, "election");
    while (!stop.stop_requested()) {
      trouble.note(election_->run_once());
      if (!election_->leading()) {
        log_.error("lead_lost", {{"leader", election_->holder()}});
        std::_Exit(kExitUnreachable);
      }
      rest(stop, kSliceMs);
    }
  }

  const ProviderConfig config_;
  const DaemonOptions options_;
  base::Log& log_;
  const std::string pod_;
  WallClock clock_;
  std::unique_ptr<Cluster> election_cluster_;
  std::optional<drivers::LeaderElection> election_;
};

}  // namespace

int run_operator(const ProviderOptions& options) {
  ::mallopt(M_ARENA_MAX, 2);  // NOLINT(concurrency-mt-unsafe): no other thread yet; see provider.cc
  auto config = load_provider_config(options.config, OffersFrom::kCluster);
  if (!config.ok()) return report(config.error());
  WallClock clock;
  const auto level = log_level(options.log_level);
  StreamLog log(STDERR_FILENO, options.log_format == "json" ? LogFormat::kJson : LogFormat::kText,
                level.value_or(base::LogLevel::kInfo), clock);
  catch_signals();
  Operator self(std::move(*config), {options.rtt_ms / 2, options.reveal}, log);
  const base::Status ended = self.run();
  return ended.ok() ? kExitDone : report(ended.error());
}

}  // namespace tarn
