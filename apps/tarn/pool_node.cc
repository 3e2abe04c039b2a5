#include "tarn/pool_node.h"

#include <filesystem>
#include <fstream>

#include "net/address.h"
#include "tarn/config.h"
#include "tarn/stopwatch.h"

namespace tarn {
namespace {

struct Bind {
  std::string host;  // empty: everywhere
  std::uint16_t port = 0;
};

// As net::Address, but port 0 lets the system choose.
base::Result<Bind> parse_bind(const std::string& listen) {
  const bool any_port = listen.ends_with(":0");
  const auto address = net::Address::parse(any_port ? listen.substr(0, listen.size() - 1) + "1" : listen);
  if (!address.ok())
    return base::Error{base::Code::kInvalidInput, "dht listen must be \"host:port\"; port 0 lets the system choose"};
  const bool anywhere = address->host == "0.0.0.0" || address->host == "::";
  return Bind{anywhere ? "" : address->host, any_port ? std::uint16_t{0} : address->port};
}

base::Result<drivers::DhtOptions> options_of(const PoolNode::Setup& setup) {
  drivers::DhtOptions out;
  TARN_ASSIGN(const Bind bind, parse_bind(setup.dht.listen));
  out.bind_host = bind.host;
  out.port = bind.port;
  out.bootstrap = setup.dht.bootstrap;
  if (setup.dht.network != 0) out.network = setup.dht.network;
  if (!setup.state_dir.empty()) out.nodes_file = setup.state_dir + "/dht.nodes";
  out.one_way_delay_ms = setup.one_way_delay_ms;
  out.may_store = [](std::uint64_t slot, base::ByteView value, const base::ByteView* replaced) {
    return discovery::may_store(WallClock().unix_ms(), slot, value, replaced);
  };
  return out;
}

// What was learnt before; anything else counts as nothing.
discovery::Coordinate load(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  base::Bytes bytes(1024);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return discovery::Coordinate::decode(bytes).value_or(discovery::Coordinate{});
}

}  // namespace

base::Result<std::unique_ptr<PoolNode>> PoolNode::open(const Setup& setup, const base::Clock& clock) {
  TARN_ASSIGN(auto dht, open_dht_node(setup));
  const discovery::Coordinate start = setup.coordinate ? *setup.coordinate : load(setup.state_dir + "/coordinate");
  return std::unique_ptr<PoolNode>(new PoolNode(setup, clock, std::move(dht), start));
}

base::Result<std::unique_ptr<drivers::DhtNode>> open_dht_node(const PoolNode::Setup& setup) {
  TARN_ASSIGN(const drivers::DhtOptions options, options_of(setup));
  return drivers::open_dht(options);
}

PoolNode::PoolNode(const Setup& setup, const base::Clock& clock, std::unique_ptr<drivers::DhtNode> dht,
                   const discovery::Coordinate& start)
    : clock_(clock),
      file_(setup.state_dir + "/coordinate"),
      fixed_(setup.coordinate.has_value()),
      dht_(std::move(dht)),
      prober_(random_, setup.one_way_delay_ms),
      vivaldi_(random_, start),
      own_(start) {}

std::size_t PoolNode::learn(const std::vector<discovery::Announcement>& others, int timeout_ms) {
  std::vector<discovery::ProbeTarget> targets;
  for (const auto& other : others) targets.push_back({other.key, other.endpoint});
  std::size_t answered = 0;
  prober_.probe(targets, timeout_ms, [&](const discovery::ProbeAnswer& answer) {
    ++answered;
    if (!fixed_) vivaldi_.observe(targets[answer.target].key, answer.coordinate, answer.rtt_ms, clock_.unix_ms());
    return true;
  });
  publish();
  return answered;
}

std::vector<discovery::Candidate> PoolNode::find(const discovery::Query& query,
                                                 const std::function<void(const discovery::Candidate&)>& on_found) {
  discovery::Finder finder(*dht_, prober_, vivaldi_, clock_);
  auto found = finder.find(query, on_found);
  publish();
  return found;
}

void PoolNode::publish() {
  const std::lock_guard lock(mutex_);
  if (!fixed_) own_ = vivaldi_.own();
}

discovery::Coordinate PoolNode::coordinate() const {
  const std::lock_guard lock(mutex_);
  return own_;
}

// A crash may lose what was learnt since; it is learnt again in a minute.
base::Status PoolNode::save() const {
  if (fixed_) return {};
  const base::Bytes bytes = coordinate().encode();
  const std::string next = file_ + ".new";
  std::ofstream out(next, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  out.close();
  std::error_code failed;
  if (out) std::filesystem::rename(next, file_, failed);
  if (!out || failed) return base::Error{base::Code::kStorage, file_ + ": cannot be written"};
  return {};
}

}  // namespace tarn
