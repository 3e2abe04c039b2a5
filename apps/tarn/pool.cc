// tarn pool map, tarn pool doctor; tarn dht.
#include <algorithm>
#include <cstdio>
#include <thread>

#include "model/duration.h"
#include "net/switchboard.h"
#include "pool/lease.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/pool_node.h"
#include "tarn/pool_report.h"
#include "tarn/requester_home.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

// What both commands look with.
struct Look {
  std::unique_ptr<RequesterHome> home;
  std::unique_ptr<PoolNode> node;
  std::optional<model::ResourceClass> unit;  // nothing: whatever is offered
  int wait_ms = 0;
};

base::Result<Look> look_with(const PoolOptions& options) {
  Look out;
  TARN_ASSIGN(out.home, RequesterHome::open(options.home));
  if (out.home->config().dht.bootstrap.empty())
    return base::Error{base::Code::kInvalidInput,
                       "where does the pool begin? --bootstrap HOST:PORT of any of its nodes"};
  if (!options.resource_class.empty()) {
    TARN_ASSIGN(out.unit, model::ResourceClass::parse(options.resource_class));
  }
  TARN_ASSIGN(const std::int64_t wait, model::parse_duration_ms(options.wait, 60'000));
  out.wait_ms = static_cast<int>(wait);
  TARN_ASSIGN(out.node, PoolNode::open({out.home->config().dht, out.home->directory(), out.home->config().coordinate,
                                        options.rtt_ms / 2},
                                       out.home->clock()));
  return out;
}

std::vector<discovery::Candidate> find(Look& look, std::size_t most) {
  discovery::Query query;
  query.family = model::ResourceClass{}.family();
  query.fits = [&](const discovery::Announcement& a) { return !look.unit || a.covers(*look.unit); };
  query.k = (most + 1) / 2;
  query.timeout_ms = look.wait_ms;
  query.cancelled = interrupted;
  auto found = look.node->find(query);
  found.resize(std::min(found.size(), most));
  (void)look.node->save();
  return found;
}

// The chain from here to a provider's answer, link by link; the first that fails is the reason.
class Doctor {
 public:
  explicit Doctor(Look& look) : look_(look) {}

  std::vector<DoctorCheck> examine() {
    if (check_bootstrap() && check_table() && check_announcements()) check_doors();
    check_reputation();
    return std::move(checks_);
  }

 private:
  bool say(const std::string& what, bool well, const std::string& finding, const std::string& advice) {
    checks_.push_back({what, finding, well ? "" : advice, well});
    return well;
  }

  bool check_bootstrap() {
    std::size_t resolved = 0;
    std::string trouble;
    for (const std::string& node : look_.home->config().dht.bootstrap) {
      const auto address = net::Address::parse(node);
      const auto endpoints =
          address.ok() ? net::resolve(*address) : base::Result<std::vector<net::Endpoint>>(address.error());
      if (endpoints.ok())
        ++resolved;
      else
        trouble = node + ": " + endpoints.error().message;
    }
    return say("bootstrap names", resolved > 0,
               std::to_string(resolved) + " resolve" + (trouble.empty() ? "" : "; " + trouble),
               "correct [dht] bootstrap or --bootstrap: HOST:PORT of any node of the pool");
  }

  bool check_table() {
    const std::int64_t end = look_.home->clock().steady_ms() + look_.wait_ms;
    while (look_.node->dht().nodes().good == 0 && look_.home->clock().steady_ms() < end && !interrupted())
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const auto nodes = look_.node->dht().nodes();
    return say(
        "hash table", nodes.good > 0,
        std::to_string(nodes.good) + " nodes answer, " + std::to_string(nodes.dubious) + " do not (yet)",
        "no node answers: does UDP get through to the bootstrap nodes and back? is the network number the same?");
  }

  bool check_announcements() {
    found_ = find(look_, 32);
    const auto answering = static_cast<std::size_t>(
        std::count_if(found_.begin(), found_.end(), [](const auto& c) { return c.rtt_ms.has_value(); }));
    const bool any = say("announcements", !found_.empty(),
                         std::to_string(found_.size()) + " providers are announced" +
                             (look_.unit ? " that offer " + look_.unit->text() : ""),
                         "nobody announces this here: is a provider running, and this machine's clock right? tarn pool "
                         "map without --class shows all classes");
    if (!any) return false;
    return say("probes", answering > 0,
               std::to_string(answering) + " of " + std::to_string(found_.size()) + " answer a probe",
               "UDP to the providers' ports is filtered, or their endpoints are wrong");
  }

  // A question about a lease that nobody has: refused at once by everybody who is well.
  void check_doors() {
    net::LineOptions options;
    options.cancelled = interrupted;
    const auto lines = net::Switchboard::create(look_.home->identity(), nullptr, options);
    if (!lines.ok()) return void(say("calls", false, lines.error().message, "this machine's own trouble"));
    std::vector<pool::Peer> peers;
    for (const auto& c : found_) peers.push_back({c.announcement.key, c.announcement.endpoint});
    const std::vector<base::Bytes> messages(peers.size(), pool::LeaseMessage{}.encode());
    std::size_t answered = 0;
    std::string trouble;
    (*lines)->call(peers, messages, pool::kMaxCallMessage, look_.wait_ms, [&](pool::Lines::Reply reply) {
      if (reply.message.ok())
        ++answered;
      else
        trouble = located(peers[reply.peer].address, reply.message.error().message);
      return !interrupted();
    });
    say("calls", answered == peers.size(),
        std::to_string(answered) + " of " + std::to_string(peers.size()) + " take calls" +
            (trouble.empty() ? "" : "; " + trouble),
        "TCP to these endpoints is filtered, or another key answers there");
  }

  void check_reputation() {
    const auto entries = look_.home->reputation().list(look_.home->clock().unix_ms());
    const auto out =
        std::count_if(entries.begin(), entries.end(), [](const auto& e) { return pool::excluded(e.score); });
    say("left out", true, std::to_string(out) + " providers are left out for what they did lately", "");
  }

  Look& look_;
  std::vector<DoctorCheck> checks_;
  std::vector<discovery::Candidate> found_;
};

}  // namespace

int run_pool_map(const PoolOptions& options) {
  catch_signals();
  auto look = look_with(options);
  if (!look.ok()) return report(look.error());
  const auto found = find(*look, options.most);
  if (interrupted()) return report({base::Code::kCancelled, "interrupted"});
  if (json_wanted())
    std::printf("%s\n", map_json(found, look->node->coordinate()).c_str());
  else if (!found.empty())
    std::printf("%s\n", map_table(found).c_str());
  if (!found.empty()) return kExitDone;
  progress("no provider found (tarn pool doctor looks for the reason)");
  return kExitUnreachable;
}

int run_pool_doctor(const PoolOptions& options) {
  catch_signals();
  auto look = look_with(options);
  if (!look.ok()) return report(look.error());
  const auto checks = Doctor(*look).examine();
  if (json_wanted()) {
    std::printf("%s\n", doctor_json(checks).c_str());
  } else {
    for (const DoctorCheck& check : checks) {
      std::printf("%s %s: %s\n", check.well ? "well  " : "wrong ", check.what.c_str(), check.finding.c_str());
      if (!check.well) std::printf("       %s\n", check.advice.c_str());
    }
  }
  const bool well = std::all_of(checks.begin(), checks.end(), [](const auto& c) { return c.well; });
  return well ? kExitDone : kExitUnreachable;
}

int run_dht(const DhtOptions& options) {
  catch_signals();
  DhtConfig config{options.listen, options.bootstrap, options.network};
  const WallClock clock;
  auto node = open_dht_node({config, "", std::nullopt, options.rtt_ms / 2});
  if (!node.ok()) return report(node.error());
  if (json_wanted())
    std::printf("{\"port\":%u}\n", static_cast<unsigned>((*node)->bound_port()));
  else
    std::printf("a node of the pool's hash table at UDP port %u; others begin here with --bootstrap HOST:%u\n",
                static_cast<unsigned>((*node)->bound_port()), static_cast<unsigned>((*node)->bound_port()));
  std::fflush(stdout);
  while (!interrupted()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  (*node)->stop();
  return kExitDone;
}

}  // namespace tarn
