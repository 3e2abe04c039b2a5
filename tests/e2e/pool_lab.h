// A pool of real processes on this machine: a bootstrap node, providers with configurations, keys and metrics of their
// own, and requesters with homes. A provider's ports come from the kernel and are kept for it; one that is started again
// has its own again.
#pragma once

#include "e2e/tarn_lab.h"

namespace e2e {

class PoolLab {
 public:
  static constexpr std::uint64_t kCapacity = 64;
  struct Provider {
    std::string listen, http;
    std::optional<Process> process;
    Descriptor datagrams;  // what is at `listen` while it does not run, as that port is shared for streams alone
  };

  // `limits` goes into every provider's [limits]; `sections` are more of its configuration.
  explicit PoolLab(std::size_t count, std::string limits = "", std::string sections = "")
      : limits_(std::move(limits)), sections_(std::move(sections)) {
    bootstrap_.emplace(start_tarn({"dht", "--listen", "127.0.0.1:0", "--output", "json"}));
    EXPECT_TRUE(eventually([&] {
      bootstrap_->wait(milliseconds(20));
      return bootstrap_->out().find('}') != std::string::npos;
    }));
    const json said = json::parse(bootstrap_->out(), nullptr, false);
    EXPECT_TRUE(said.is_object());
    address_ = "127.0.0.1:" + std::to_string(said.value("port", 0));
    while (providers.size() < count) {
      const std::string listen = kept_address();
      Descriptor datagrams = bind_datagrams(listen);
      if (datagrams.valid()) providers.push_back({listen, kept_address(), {}, std::move(datagrams)});
    }
    for (std::size_t i = 0; i < count; ++i) {
      write_config(i);
      start(i);
    }
    EXPECT_TRUE(eventually([&] { return seen() >= count; })) << "not all providers are announced";
  }

  const std::string& bootstrap() const { return address_; }
  std::string config(std::size_t i) const { return directory / ("provider" + std::to_string(i) + ".toml"); }
  std::string state_dir(std::size_t i) const { return directory / ("provider" + std::to_string(i)); }
  void start(std::size_t i) {
    providers[i].datagrams.close();
    providers[i].process.emplace(start_tarn({"provider", "--config", config(i)}));
    EXPECT_TRUE(providers[i].process->says("provider_started")) << providers[i].process->err();
  }
  void kill(std::size_t i) {
    providers[i].process->send(SIGKILL);
    providers[i].process->wait();
    providers[i].process.reset();
    providers[i].datagrams = bind_datagrams(providers[i].listen);
  }
  // A requester's environment; `home` is a name.
  ProcessOptions home(const std::string& name) const {
    ProcessOptions out;
    out.added = {{"HOME", directory / name}, {"XDG_STATE_HOME", ""}, {"XDG_CONFIG_HOME", ""}};
    return out;
  }
  std::vector<std::string> request(std::uint64_t quantity, std::vector<std::string> more = {}) const {
    std::vector<std::string> out{
        "request",     "--cpu",  "1",          "--memory", "1Gi",      "--quantity", std::to_string(quantity),
        "--bootstrap", address_, "--deadline", "20s",      "--output", "json"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }

  struct Units {
    std::uint64_t free = 0, held = 0, leased = 0, reserved = 0, offered = 0;
    bool known = false;
  };
  Units units(std::size_t i) const {
    const std::string page = get(providers[i].http, "/metrics");
    Units out;
    out.free = figure(page, "tarn_units", "free", out.known);
    out.held = figure(page, "tarn_units", "held", out.known);
    out.leased = figure(page, "tarn_units", "leased", out.known);
    out.reserved = figure(page, "tarn_units", "reserved", out.known);
    out.offered = figure(page, "tarn_leases", "offered", out.known);
    return out;
  }
  // Sound now, and in time nothing is held or waits for a signature; how much is leased then.
  std::uint64_t expect_at_rest() {
    std::uint64_t leased = 0;
    const auto begin = steady_clock::now();
    for (std::size_t i = 0; i < providers.size(); ++i) {
      Units last;
      EXPECT_TRUE(eventually([&] {
        const bool new_ones = measured_after(begin, i);
        last = units(i);
        EXPECT_TRUE(!last.known || last.free + last.held + last.leased + last.reserved == kCapacity);
        std::this_thread::sleep_for(milliseconds(200));
        return new_ones && last.known && last.held == 0 && last.offered == 0;
      })) << "provider "
          << i << " holds " << last.held << ", offers " << last.offered;
      leased += last.leased;
    }
    return leased;
  }

  TemporaryDirectory directory;
  std::vector<Provider> providers;

 private:
  const std::string& kept_address() {
    ports_.push_back(bind_loopback());
    return ports_.back().address;
  }
  static sockaddr_in place(const std::string& address) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
    return at;
  }
  // Invalid if somebody has the port.
  static Descriptor bind_datagrams(const std::string& address) {
    Descriptor out(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_in at = place(address);
    if (::bind(out.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) out.close();
    return out;
  }
  void write_config(std::size_t i) {
    const std::string name = "provider" + std::to_string(i);
    EXPECT_EQ(tarn({"keygen", "--out", directory / (name + ".key")}).code, kDone);
    write_file(config(i),
               "identity = \"" + name + ".key\"\nstate_dir = \"" + name + "\"\nlisten = \"" + providers[i].listen +
                   "\"\nhttp = \"" + providers[i].http + "\"\n[dht]\nlisten = \"127.0.0.1:0\"\nbootstrap = [\"" +
                   address_ +
                   "\"]\n[limits]\nfrom_one_place = 1000\nepoch = \"10ms\"\nburst = 1000\nrefill_per_minute = 1000\n" +
                   limits_ + "\n[[offers]]\nname = \"units\"\nclass = \"cpu=1 memory=1Gi\"\ncapacity = " +
                   std::to_string(kCapacity) + "\nprice = \"0.0" + std::to_string(i + 1) + "\"\n" + sections_);
  }
  std::size_t seen() const {
    const End end = tarn({"pool", "map", "--bootstrap", address_, "--output", "json"}, home("onlooker"));
    const json map = json::parse(end.out, nullptr, false);
    return map.is_object() && map.contains("providers") ? map["providers"].size() : 0;
  }
  // Whether its figures have been brought up to date since then. That is done every few seconds, before it looks at its
  // storage; how long ago that was it tells in whole seconds.
  bool measured_after(steady_clock::time_point then, std::size_t i) const {
    const auto now = steady_clock::now();
    const std::string page = get(providers[i].http, "/healthz");
    const json health = json::parse(page.substr(std::min(page.find("\r\n\r\n"), page.size())), nullptr, false);
    const json::json_pointer looked("/checks/storage/age_s");
    if (!health.is_object() || !health.contains(looked)) return false;
    return now - std::chrono::seconds(health[looked].get<int>() + 1) > then;
  }
  // The sum of a metric's values whose labels have the word; `known` if there was one.
  static std::uint64_t figure(const std::string& page, const std::string& name, const std::string& word, bool& known) {
    double sum = 0;
    std::size_t begin = 0;
    while (begin < page.size()) {
      const std::size_t end = std::min(page.find('\n', begin), page.size());
      const std::string line = page.substr(begin, end - begin);
      begin = end + 1;
      if (!line.starts_with(name + "{") || line.find("\"" + word + "\"") == std::string::npos) continue;
      sum += std::atof(line.substr(line.rfind(' ')).c_str());
      known = true;
    }
    return static_cast<std::uint64_t>(sum);
  }
  static std::string get(const std::string& address, const std::string& path) {
    const Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in at = place(address);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) return "";
    const std::string ask = "GET " + path + " HTTP/1.1\r\nHost: tarn\r\nConnection: close\r\n\r\n";
    (void)::send(fd.get(), ask.data(), ask.size(), MSG_NOSIGNAL);
    std::string out;
    std::array<char, 4096> part{};
    for (::ssize_t n = 0; (n = ::recv(fd.get(), part.data(), part.size(), 0)) > 0;)
      out.append(part.data(), static_cast<std::size_t>(n));
    return out;
  }

  std::string limits_, sections_, address_;
  std::vector<Port> ports_;
  std::optional<Process> bootstrap_;
};

}  // namespace e2e
