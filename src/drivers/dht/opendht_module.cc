// libtarn_dht.so: DhtNode over OpenDHT 2.4. Of its ways only these matter here: its own EC identities do not verify, so
// it has none and what we put is signed by us; a search may end without having reached anybody (begin again); a value
// that is stored elsewhere under the same id is only sent anew if its sequence number is higher than the one there,
// which is 0 for values without an owner.
#include <opendht/dhtrunner.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "drivers/dht/delayed_socket.h"
#include "drivers/dht/module.h"
#include "drivers/dht/value_stream.h"

namespace drivers {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kAskAgain{200};  // after a search that reached nobody
constexpr milliseconds kTick{20};       // how often the asker hears that nothing has come
constexpr std::chrono::seconds kUpkeep{1};
constexpr std::chrono::seconds kSaveEvery{60};  // the known nodes
constexpr std::size_t kSmallNetwork = 32;       // good nodes; with fewer we make acquaintances ourselves
constexpr std::size_t kTargets = 8;             // of the searches that do; each reaches more nodes than an eighth of 32
constexpr std::size_t kMaxSavedNodes = 64;
constexpr dht::ValueType::Id kValueType = 0x5441;  // "TA"

std::uint64_t slot_of(const dht::Value& value) { return value.id - 1; }
dht::Value::Id id_of(std::uint64_t slot) { return slot + 1; }  // 0 is no id

dht::InfoHash hash_of(const discovery::DirectoryKey& key) { return dht::InfoHash::get(key.data(), key.size()); }

// What may be stored here, and stay. Every node of the network needs this type.
dht::ValueType value_type(decltype(DhtOptions::may_store) may_store) {
  const auto allowed = [may_store = std::move(may_store)](const dht::Value& value, const dht::Value* old) {
    if (value.data.size() > discovery::Directory::kMaxValue) return false;
    if (!may_store) return true;
    const base::ByteView replaced = old == nullptr ? base::ByteView() : base::ByteView(old->data);
    return may_store(slot_of(value), value.data, old == nullptr ? nullptr : &replaced);
  };
  return {kValueType, "tarn", DhtNode::kKeep,
          [allowed](const dht::InfoHash&, std::shared_ptr<dht::Value>& value, const dht::InfoHash&,
                    const dht::SockAddr&) { return allowed(*value, nullptr); },
          [allowed](const dht::InfoHash&, const std::shared_ptr<dht::Value>& old, std::shared_ptr<dht::Value>& value,
                    const dht::InfoHash&,
                    const dht::SockAddr&) { return value->type == kValueType && allowed(*value, old.get()); }};
}

struct BindTo {
  dht::SockAddr v4, v6;
  bool loopback = false;
};

// Both families always: OpenDHT with one of them is half a node. Beside a given address the other family stays within
// the machine.
BindTo bind_to(const DhtOptions& options) {
  BindTo to;
  to.v4.setFamily(AF_INET);
  to.v6.setFamily(AF_INET6);
  if (!options.bind_host.empty()) {
    const bool v6 = options.bind_host.find(':') != std::string::npos;
    to.v4.setAddress(v6 ? "127.0.0.1" : options.bind_host.c_str());
    to.v6.setAddress(v6 ? options.bind_host.c_str() : "::1");
    to.loopback = to.v4.isLoopback() && to.v6.isLoopback();
  }
  to.v4.setPort(options.port);
  to.v6.setPort(options.port);
  return to;
}

dht::DhtRunner::Config config(const DhtOptions& options, const BindTo& to) {
  dht::DhtRunner::Config config;
  config.bind4 = to.v4;
  config.bind6 = to.v6;
  auto& node = config.dht_config.node_config;
  node.node_id = dht::InfoHash::getRandom();
  node.network = options.network;
  if (to.loopback) node.max_req_per_sec = node.max_peer_req_per_sec = -1;  // everybody there has the same address
  return config;
}

struct HostPort {
  std::string host, port;
};

// host:port or [v6]:port.
HostPort split(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  std::uint16_t port = 0;
  const std::string digits = colon == std::string::npos ? "" : address.substr(colon + 1);
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (failure != std::errc{} || end != digits.data() + digits.size() || port == 0 || host.empty())
    throw std::invalid_argument("a node to begin with is host:port");
  return {host, digits};
}

// One in each eighth of the space of names.
std::array<dht::InfoHash, kTargets> targets() {
  std::array<dht::InfoHash, kTargets> all;
  for (std::size_t i = 0; i < kTargets; ++i) {
    all[i] = dht::InfoHash::getRandom();
    for (unsigned bit = 0; bit < 3; ++bit) all[i].setBit(bit, (i >> bit & 1U) != 0);
  }
  return all;
}

class OpendhtNode final : public DhtNode {
 public:
  explicit OpendhtNode(const DhtOptions& options) : nodes_file_(options.nodes_file) {
    const BindTo to = bind_to(options);
    dht::DhtRunner::Context context;
    if (options.one_way_delay_ms > 0) {
      context.sock = std::make_unique<DelayedSocket>(to.v4, to.v6, milliseconds(options.one_way_delay_ms));
    } else {
      context.sock = std::make_unique<dht::net::UdpSocket>(to.v4, to.v6);
    }
    const bool wants_v6 = options.bind_host.find(':') != std::string::npos;
    port_ = context.sock->getPort(wants_v6 ? AF_INET6 : AF_INET);
    if (port_ == 0) throw std::invalid_argument("cannot bind its UDP port " + std::to_string(options.port));
    std::vector<HostPort> first = saved_nodes();
    for (const std::string& address : options.bootstrap) first.push_back(split(address));
    runner_.run(config(options, to), std::move(context));
    runner_.registerType(value_type(options.may_store));
    for (const HostPort& node : first) runner_.bootstrap(node.host, node.port);
    upkeep_ = std::jthread([this](const std::stop_token& stop) { run_upkeep(stop); });
  }
  ~OpendhtNode() override { stop(); }

  void put(const discovery::DirectoryKey& key, std::uint64_t slot, base::Bytes value) override {
    CHECK(value.size() <= kMaxValue);
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    kept_[{hash_of(key), id_of(slot)}] = Clock::now();
    auto made = std::make_shared<dht::Value>(kValueType, std::move(value), id_of(slot));
    made->seq = 1;  // higher than what any node says that it has
    runner_.put(hash_of(key), made, dht::DoneCallback(), dht::time_point::max(), true);
  }

  void get(std::span<const discovery::DirectoryKey> keys, int timeout_ms,
           const std::function<bool(std::size_t, base::ByteView)>& on_value) override {
    const auto stream = std::make_shared<ValueStream>(keys.size());
    std::vector<std::size_t> wanted(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) wanted[i] = i;
    const Clock::time_point end = Clock::now() + milliseconds(std::max(timeout_ms, 0));
    Clock::time_point ask_at = Clock::time_point::min();
    for (bool more = true; more;) {
      if (!wanted.empty() && Clock::now() >= ask_at) {
        if (!ask(keys, wanted, stream)) break;
        wanted.clear();
      }
      const auto tick = Clock::now() + kTick;
      const ValueStream::Next next = stream->next(std::min({wanted.empty() ? end : ask_at, end, tick}));
      if (next.event == ValueStream::Event::kValue) {
        more = on_value(next.key, next.value);
      } else if (next.event == ValueStream::Event::kFailed) {
        if (wanted.empty()) ask_at = Clock::now() + kAskAgain;
        wanted.push_back(next.key);
      } else {
        more = next.event == ValueStream::Event::kTimeout && Clock::now() < end && on_value(0, {});
      }
    }
    stream->close();
  }

  std::uint16_t bound_port() const override { return port_; }

  Nodes nodes() const override {
    const std::lock_guard lock(mutex_);
    return stopped_ ? Nodes() : count_nodes();
  }

  void stop() override {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return;
      stopped_ = true;
      for (const auto& reader : readers_)
        if (const auto stream = reader.lock()) stream->interrupt();
    }
    upkeep_ = {};
    save_nodes();
    runner_.join();
  }

 private:
  Nodes count_nodes() const {
    Nodes nodes;
    for (const sa_family_t family : {sa_family_t{AF_INET}, sa_family_t{AF_INET6}}) {
      const dht::NodeStats stats = runner_.getNodesStats(family);
      nodes.good += stats.good_nodes;
      nodes.dubious += stats.dubious_nodes;
      nodes.searches += stats.searches;
    }
    return nodes;
  }

  // False once the node has stopped.
  bool ask(std::span<const discovery::DirectoryKey> keys, const std::vector<std::size_t>& wanted,
           const std::shared_ptr<ValueStream>& stream) {
    const std::lock_guard lock(mutex_);
    if (stopped_) return false;
    std::erase_if(readers_, [](const auto& reader) { return reader.expired(); });
    readers_.push_back(stream);
    for (const std::size_t key : wanted) {
      const std::size_t search = stream->begin(key);
      runner_.get(
          hash_of(keys[key]),
          [stream, key](const std::vector<std::shared_ptr<dht::Value>>& values) {
            return std::all_of(values.begin(), values.end(), [&](const auto& value) {
              return value->type != kValueType || value->data.size() > kMaxValue || stream->offer(key, value->data);
            });
          },
          [stream, key, search](bool to_end) { stream->end(key, search, to_end); });
    }
    return true;
  }

  // In a network of a few nodes OpenDHT takes minutes until they know more than the one that they began with: who has
  // only been heard of is told to nobody, and asked only when a search passes by. So we search whenever the
  // acquaintances have changed, and then less and less often; always for the same few names, in turn, since OpenDHT
  // remembers each name that was searched for, with the nodes around it, for an hour.
  void run_upkeep(const std::stop_token& stop) {
    Nodes known;
    unsigned quiet_s = 0;
    std::size_t searched = 0;
    Clock::time_point save_at = Clock::now() + kSaveEvery;
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, stop, kUpkeep, [&] { return stop.stop_requested(); })) {
      const Nodes now = count_nodes();
      quiet_s = now.good == known.good && now.dubious == known.dubious ? quiet_s + 1 : 0;
      known = now;
      const bool due = quiet_s == 0 || std::has_single_bit(quiet_s);
      if (due && now.good < kSmallNetwork && now.good + now.dubious > 0)
        runner_.query(targets_[searched++ % kTargets], [](const auto&) { return true; }, dht::DoneCallback());
      forget_before(Clock::now() - kKeep);
      if (Clock::now() < save_at) continue;
      save_nodes();
      save_at = Clock::now() + kSaveEvery;
    }
  }

  void forget_before(Clock::time_point then) {
    std::erase_if(kept_, [&](const auto& entry) {
      if (entry.second >= then) return false;
      runner_.cancelPut(entry.first.first, entry.first.second);
      return true;
    });
  }

  // One numeric address a line. Written beside and renamed; what cannot be kept is not needed either.
  void save_nodes() const {
    if (nodes_file_.empty()) return;
    const auto nodes = runner_.exportNodes();
    if (nodes.empty()) return;  // better what was known at the last start
    const std::string beside = nodes_file_ + ".new";
    std::ofstream file(beside, std::ios::trunc);
    for (std::size_t i = 0; i < std::min(nodes.size(), kMaxSavedNodes); ++i) {
      file << dht::SockAddr(nodes[i].ss, nodes[i].sslen).toString() << '\n';
    }
    file.close();
    if (file.good()) (void)std::rename(beside.c_str(), nodes_file_.c_str());
  }

  std::vector<HostPort> saved_nodes() const {
    std::vector<HostPort> nodes;
    std::ifstream file(nodes_file_);
    for (std::string line; nodes.size() < kMaxSavedNodes && std::getline(file, line);) {
      try {
        nodes.push_back(split(line));
      } catch (const std::invalid_argument&) {  // a line that a hand or a crash has spoiled
      }
    }
    return nodes;
  }

  const std::string nodes_file_;
  const std::array<dht::InfoHash, kTargets> targets_ = targets();
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;  // callbacks never take it: OpenDHT calls them under locks that our calls need
  bool stopped_ = false;
  std::vector<std::weak_ptr<ValueStream>> readers_;
  std::map<std::pair<dht::InfoHash, dht::Value::Id>, Clock::time_point> kept_;  // last put
  dht::DhtRunner runner_;
  std::condition_variable_any wake_;
  std::jthread upkeep_;
};

}  // namespace

extern "C" [[gnu::visibility("default")]] DhtNode* tarn_dht_open_1(const DhtOptions& options, std::string& why) {
  try {
    return new OpendhtNode(options);
  } catch (const std::exception& failure) {
    why = failure.what();
    return nullptr;
  }
}

}  // namespace drivers
