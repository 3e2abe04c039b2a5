#include <netinet/in.h>
#include <signal.h>

#include <barrier>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "api/json.h"
#include "base/base64.h"
#include "crypto/api_token.h"
#include "crypto/random.h"
#include "market/rules.h"
#include "market/terms.h"
#include "net/http_client.h"
#include "net/socket.h"
#include "store/market_store.h"
#include "tarn/market_bench.h"
#include "tarn/signals.h"
#include "tarn/stopwatch.h"

namespace tarn {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::int64_t kHourMs = 3'600'000, kDayMs = 24 * kHourMs;
constexpr std::size_t kOrdersAMember = 50;
constexpr int kTimeoutMs = 30'000;
constexpr const char* kMarket = "hours";
constexpr const char* kCurrency = "credits";

struct Member {
  crypto::Identity identity;
  std::string token;
  market::OrganisationId id() const { return {identity.public_key()}; }
};

std::string base64(base::ByteView bytes) {
  return base::to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

base::Result<std::string> token_for(market::Transaction& all, base::Random& random,
                                    const std::optional<market::OrganisationId>& whose, market::Role role) {
  crypto::ApiTokenText text;
  crypto::make_api_token(random, text);
  const auto hash = crypto::api_token_hash(text.text);
  market::ApiToken token;
  token.organisation = whose;
  token.role = role;
  token.label = "bench";
  token.hash.assign(hash->begin(), hash->end());
  TARN_TRY(all.insert_token(token));
  return text.text;
}

// What a market and its members are before the daemon starts: an open market whose next call is far away.
class Books {
 public:
  Books(crypto::OsRandom& random, std::int64_t now) : random_(random), now_(now) {}

  base::Result<std::vector<Member>> fill(const store::MarketStoreSettings& settings, std::size_t members) {
    TARN_ASSIGN(const auto store, store::open_market_store(settings));
    std::vector<Member> out;
    TARN_TRY(store->write([&](market::Transaction& all) -> base::Status {
      const market::Context context{.now = now_, .random = &random_, .limits = &limits_};
      market::Rules rules(all, {{}, market::Role::kOperator, "operator", {}}, context);
      TARN_TRY(make_market(rules));
      TARN_TRY(token_for(all, random_, {}, market::Role::kOperator));
      for (std::size_t i = 0; i < members; ++i) {
        TARN_ASSIGN(Member member, join(all, rules, i));
        out.push_back(std::move(member));
      }
      return {};
    }));
    return out;
  }

 private:
  static base::Status make_market(market::Rules& rules) {
    market::Market made;
    TARN_ASSIGN(made.currency, rules.create_currency(kCurrency, {}));
    made.name = kMarket;
    made.call_period_ms = 31 * kDayMs;
    const auto market = rules.create_market(made);
    return market.ok() ? base::Status() : market.error();
  }
  base::Result<Member> join(market::Transaction& all, market::Rules& rules, std::size_t number) {
    Member member{crypto::Identity::generate(random_), ""};
    TARN_TRY(rules.add_member(member.id(), "member-" + std::to_string(number)));
    TARN_TRY(rules.grant(kCurrency, member.id(), 1'000'000'000'000, "to begin with"));
    TARN_ASSIGN(member.token, token_for(all, random_, member.id(), market::Role::kTrader));
    return member;
  }

  crypto::OsRandom& random_;
  std::int64_t now_;
  market::Limits limits_;
};

// A bid for an hour or more of tomorrow, as a request that is ready to be sent.
base::HttpRequest bid(const Member& member, const crypto::PublicKey& service, std::size_t number, std::int64_t now,
                      crypto::OsRandom& random) {
  market::Terms terms;
  terms.service = service;
  terms.market = kMarket;
  terms.market_revision = 1;
  terms.side = market::Side::kBid;
  terms.organisation = member.id();
  random.fill(terms.nonce);
  terms.price = static_cast<std::int64_t>(10'000 + number % 1'000);
  terms.max_units = static_cast<std::uint32_t>(1 + number % 8);
  terms.earliest = (now / kDayMs + 2) * kDayMs + static_cast<std::int64_t>(number % 24) * kHourMs;
  terms.latest = terms.earliest + static_cast<std::int64_t>(1 + number % 3) * kHourMs;
  terms.min_duration_ms = terms.max_duration_ms = terms.latest - terms.earliest;
  terms.expires = terms.earliest;
  const market::SignedTerms order = market::sign(terms, member.identity);
  const api::Json body =
      api::Json::object({{"document", base64(order.document)}, {"signature", base64(order.signature)}});
  return {.method = "POST",
          .target = "/v1/orders",
          .headers = {{"Authorization", "Bearer " + member.token},
                      {"Content-Type", "application/json"},
                      {"Idempotency-Key", base::to_hex(terms.nonce)}},
          .body = body.dump()};
}

// `tarn market serve` as an administrator would run it.
class Daemon {
 public:
  static base::Result<std::unique_ptr<Daemon>> start(const TemporaryDirectory& directory, const std::string& postgres) {
    std::unique_ptr<Daemon> out(new Daemon(directory));
    const std::string config = directory / "market.toml";
    std::ofstream(config) << "[storage]\nstate_dir = \"state\"\n"
                          << (postgres.empty() ? "" : "postgres = " + toml_text(postgres) + "\n");
    TARN_ASSIGN(const net::Address any, net::Address::parse("127.0.0.1:1"));
    std::vector<net::Endpoint> endpoints = net::numeric_endpoints(any);
    reinterpret_cast<sockaddr_in&>(endpoints.front().storage).sin_port = 0;
    TARN_ASSIGN(const net::Fd socket, net::bind_at(endpoints.front()));
    TARN_ASSIGN(const net::Endpoint at, net::local_endpoint(socket));
    out->port_ = ntohs(reinterpret_cast<const sockaddr_in&>(at.storage).sin_port);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> log(std::fopen((directory / "log").c_str(), "we"),
                                                              &std::fclose);
    if (!log) return system_error(directory / "log");
    const int to = ::fileno(log.get());
    TARN_ASSIGN(out->process_, spawn({"market", "serve", "--config", config, "--listen-fd", std::to_string(kListenFd)},
                                     {.output = to, .errors = to, .listener = socket.get()}));
    TARN_TRY(out->await_answer());
    return out;
  }
  ~Daemon() {
    if (process_ <= 0) return;
    ::kill(process_, SIGTERM);
    (void)reap(process_);
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  base::Result<std::unique_ptr<net::HttpClient>> client() const {
    net::HttpClientOptions options;
    options.host = "127.0.0.1";
    options.port = port_;
    options.authorities = read_all(directory_ / "state/server.pem");
    options.cancelled = interrupted;
    return net::HttpClient::create(std::move(options));
  }

 private:
  explicit Daemon(const TemporaryDirectory& directory) : directory_(directory) {}
  base::Status await_answer() const {
    for (const auto end = Clock::now() + std::chrono::milliseconds(kTimeoutMs); Clock::now() < end;) {
      if (interrupted()) return base::Error{base::Code::kCancelled, "interrupted"};
      // Its certificate is there before it answers, but not from the beginning.
      const auto client = this->client();
      if (client.ok() && (*client)->send({.target = "/healthz"}, kTimeoutMs).ok()) return {};
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return base::Error{base::Code::kDeadline, "the market does not answer: " + read_all(directory_ / "log")};
  }

  const TemporaryDirectory& directory_;
  pid_t process_ = 0;
  std::uint16_t port_ = 0;
};

// So many clients, each on a connection of its own, that take one request after the other from those that are left.
class Clients {
 public:
  static base::Result<MarketBenchRow> run(const Daemon& daemon, const std::string& store, std::size_t clients,
                                          const std::vector<base::HttpRequest>& requests) {
    std::vector<std::unique_ptr<net::HttpClient>> connections;
    for (std::size_t i = 0; i < clients; ++i) {
      TARN_ASSIGN(auto client, daemon.client());
      TARN_TRY(client->send({.target = "/healthz"}, kTimeoutMs));  // shakes hands before the clock starts
      connections.push_back(std::move(client));
    }
    Clients all(requests);
    std::vector<std::jthread> threads;
    std::barrier line(static_cast<std::ptrdiff_t>(clients) + 1);
    for (const auto& connection : connections)
      threads.emplace_back([&all, &line, http = connection.get()] {
        line.arrive_and_wait();
        all.send_all(*http);
      });
    line.arrive_and_wait();
    Stopwatch watch;
    threads.clear();
    const double whole_ms = watch.lap_ms();
    if (all.failed_) return *all.failed_;
    return market_bench_row(store, clients, std::move(all.times_), whole_ms);
  }

 private:
  explicit Clients(const std::vector<base::HttpRequest>& requests) : requests_(requests) {
    times_.reserve(requests.size());
  }
  const base::HttpRequest* next() {
    const std::lock_guard lock(mutex_);
    return failed_ || next_ == requests_.size() ? nullptr : &requests_[next_++];
  }
  void send_all(net::HttpClient& http) {
    while (const base::HttpRequest* const request = next()) {
      Stopwatch watch;
      const auto reply = http.send(*request, kTimeoutMs);
      const double ms = watch.lap_ms();
      const std::lock_guard lock(mutex_);
      times_.push_back(ms);
      if (!reply.ok()) failed_ = reply.error();
      if (reply.ok() && reply->status != 201)
        failed_ = base::Error{base::Code::kConflict, "an order was not accepted: " + reply->body};
    }
  }

  const std::vector<base::HttpRequest>& requests_;
  std::mutex mutex_;
  std::size_t next_ = 0;
  std::vector<double> times_;
  std::optional<base::Error> failed_;
};

}  // namespace

base::Result<MarketBenchRow> measure_orders(const std::string& postgres, std::size_t clients, std::size_t orders) {
  TARN_ASSIGN(const TemporaryDirectory directory, TemporaryDirectory::make());
  std::error_code failed;
  std::filesystem::create_directory(directory / "state", failed);
  if (!failed) std::filesystem::permissions(directory / "state", std::filesystem::perms::owner_all, failed);
  if (failed) return base::Error{base::Code::kStorage, directory.path() + ": " + failed.message()};
  crypto::OsRandom random;
  const crypto::Identity service = crypto::Identity::generate(random);
  TARN_TRY(service.save(directory / "state/market.key"));  // which its orders name
  const std::int64_t now = WallClock().unix_ms();
  const std::string file = postgres.empty() ? directory / "state/market.db" : "";
  TARN_ASSIGN(const std::vector<Member> members,
              Books(random, now).fill({file, postgres}, (orders + kOrdersAMember - 1) / kOrdersAMember));
  // Members take turns, as they would: the book of one grows while others trade.
  std::vector<base::HttpRequest> requests;
  for (std::size_t i = 0; i < orders; ++i)
    requests.push_back(bid(members[i % members.size()], service.public_key(), i, now, random));
  TARN_ASSIGN(const auto daemon, Daemon::start(directory, postgres));
  return Clients::run(*daemon, postgres.empty() ? "sqlite" : "postgresql", clients, requests);
}

}  // namespace tarn
