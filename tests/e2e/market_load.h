// A market under load: organisations that send real signed orders over HTTPS, again and again until an answer comes,
// whatever happens to the daemon meanwhile, and a record of what they were told. What was told has to stay true.
// Each trader is a thread with a connection of its own, and draws what it does from a seed.
// Threads: Told any; the rest one.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <stop_token>
#include <thread>

#include "api/json.h"
#include "base/base64.h"
#include "crypto/api_token.h"
#include "crypto/random.h"
#include "e2e/tarn_lab.h"
#include "market/ids.h"
#include "market/rules.h"
#include "market/terms.h"
#include "net/http_client.h"

namespace e2e {

inline constexpr std::int64_t kSlotMs = 1'000;

inline constexpr int kTimeoutMs = 5'000;  // of a request to a daemon that may be dead

inline std::int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

// What the market has answered.
struct Answers {
  std::map<base::Bytes, market::Id> accepted;  // orders, by what was signed
  std::set<base::Bytes> refused;               // and not asked for again
  std::set<market::Id> closed;                 // orders that were taken back
  std::set<std::string> granted;               // by what the grant says it is for
  std::size_t repeated = 0;                    // answers that were had a second time
  std::size_t unanswered = 0;                  // times that no answer came
  std::vector<std::string> strange;            // what it must not answer
};
class Told {
 public:
  void add(const std::function<void(Answers&)>& what) {
    const std::lock_guard lock(mutex_);
    what(answers_);
  }
  Answers all() const {
    const std::lock_guard lock(mutex_);
    return answers_;
  }
  std::size_t accepted() const {
    const std::lock_guard lock(mutex_);
    return answers_.accepted.size();
  }

 private:
  mutable std::mutex mutex_;
  Answers answers_;
};

// Where a daemon is, and how it is known.
struct Door {
  std::uint16_t port = 0;
  std::string pin;              // as it is printed: "sha256:…"
  crypto::PublicKey service{};  // which its orders name
};

struct Trader {
  std::string name;
  crypto::Identity identity;
  std::string token;
  bool sells = false;
  market::OrganisationId id() const { return {identity.public_key()}; }
};

// One that asks: with a token, over one connection.
class Asker {
 public:
  Asker(const Door& door, const std::string& token, Told& told, std::uint64_t seed) : told(told), random(seed) {
    net::HttpClientOptions options;
    options.host = "127.0.0.1";
    options.port = door.port;
    const auto pin = base::from_hex(door.pin.substr(door.pin.find(':') + 1));
    options.pin.emplace();
    std::copy_n(pin->begin(), options.pin->size(), options.pin->begin());
    options.bearer = [token]() -> base::Result<std::string> { return token; };
    auto made = net::HttpClient::create(std::move(options));
    if (!made.ok()) std::abort();
    http_ = std::move(made).value();
  }

  // Until an answer comes, or it is all over. A change always goes with the same Idempotency-Key.
  std::optional<base::HttpReply> ask(const base::HttpRequest& request, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      auto reply = http_->send(request, kTimeoutMs);
      if (reply.ok()) {
        if (reply->status >= 500)
          told.add([&](Answers& all) { all.strange.push_back(request.target + ": " + reply->body); });
        return std::move(reply).value();
      }
      told.add([](Answers& all) { ++all.unanswered; });
      std::this_thread::sleep_for(milliseconds(3));
    }
    return std::nullopt;
  }
  base::HttpRequest change(const std::string& method, const std::string& target, const std::string& body) {
    base::HttpRequest out{
        method, target, {{"Idempotency-Key", std::to_string(random()) + "-" + std::to_string(++sent_)}}, body};
    if (!body.empty()) out.headers.emplace_back("Content-Type", "application/json");
    return out;
  }
  std::uint64_t below(std::uint64_t n) { return random() % n; }

  Told& told;
  std::mt19937_64 random;

 private:
  std::unique_ptr<net::HttpClient> http_;
  std::uint64_t sent_ = 0;
};

// Places orders in all markets, and takes some back.
class Trading {
 public:
  Trading(const Trader& who, const std::vector<std::string>& markets, const Door& door, Told& told, std::uint64_t seed)
      : who_(who), markets_(markets), service_(door.service), asker_(door, who.token, told, seed) {}

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      place(stop);
      if (asker_.below(8) == 0) take_one_back(stop);
      std::this_thread::sleep_for(milliseconds(asker_.below(30)));
    }
  }

 private:
  // Windows of two or three seconds that begin in the next two, so that whoever looks for something finds somebody.
  market::Terms drawn() {
    const std::size_t market = asker_.below(markets_.size());
    market::Terms terms;
    terms.service = service_;
    terms.market = markets_[market];
    terms.market_revision = 1;
    terms.side = who_.sells ? market::Side::kOffer : market::Side::kBid;
    terms.organisation = who_.id();
    for (auto& byte : terms.nonce) byte = static_cast<std::uint8_t>(asker_.random());
    terms.max_units = static_cast<std::uint32_t>(1 + asker_.below(4));
    terms.min_units = who_.sells ? 1 : static_cast<std::uint32_t>(1 + asker_.below(terms.max_units));
    // Whole micro-credits a slot; buyers pay more than sellers want, as a rule.
    terms.price = static_cast<std::int64_t>((who_.sells ? 1 : 60) + asker_.below(100)) * (3'600'000 / kSlotMs);
    terms.earliest = (wall_ms() / kSlotMs + 1 + static_cast<std::int64_t>(asker_.below(2))) * kSlotMs;
    const auto slots = static_cast<std::int64_t>(market == 0 ? 1 + asker_.below(2) : 2);
    terms.min_duration_ms = terms.max_duration_ms = slots * kSlotMs;
    terms.latest = terms.earliest + 2 * kSlotMs;  // in the first market a bid may slide
    if (who_.sells) terms.max_duration_ms = 2 * kSlotMs;
    terms.expires = terms.latest - terms.min_duration_ms;
    if (who_.sells) terms.lot = "rack";
    return terms;
  }

  void place(const std::stop_token& stop) {
    const market::SignedTerms order = market::sign(drawn(), who_.identity);
    const auto base64 = [](base::ByteView bytes) {
      return base::to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    };
    const base::HttpRequest request =
        asker_.change("POST", "/v1/orders",
                      json{{"document", base64(order.document)}, {"signature", base64(order.signature)}}.dump());
    const std::size_t times = asker_.below(6) == 0 ? 2 : 1;  // some ask again though they know
    for (std::size_t time = 0; time < times; ++time) {
      const auto reply = asker_.ask(request, stop);
      if (!reply) return;
      note(order.document, *reply, time + 1 == times);
    }
  }
  // Only the last refusal is one for ever: a market that was full need not be so when it is asked again.
  void note(const base::Bytes& document, const base::HttpReply& reply, bool last) {
    const json body = json::parse(reply.body, nullptr, false);
    asker_.told.add([&](Answers& all) {
      if (reply.status != 201) {
        if (last) all.refused.insert(document);
        if (all.accepted.contains(document)) all.strange.push_back("was accepted, and then: " + reply.body);
        return;
      }
      const auto id = market::parse_order_id(body.is_object() ? body.value("id", "") : "");
      if (!id.ok()) return all.strange.push_back("201, and: " + reply.body);
      const auto [at, first] = all.accepted.emplace(document, id->second);
      if (!first) ++all.repeated;
      if (at->second != id->second) all.strange.push_back("one order twice: " + reply.body);
      if (first) open_.push_back(body.value("id", ""));
    });
  }

  void take_one_back(const std::stop_token& stop) {
    if (open_.empty()) return;
    const std::string order = open_[open_.size() - 1 - asker_.below(std::min<std::size_t>(open_.size(), 4))];
    const auto reply = asker_.ask(asker_.change("DELETE", "/v1/orders/" + order, ""), stop);
    if (reply && reply->status == 200)
      asker_.told.add([&](Answers& all) { all.closed.insert(market::parse_order_id(order)->second); });
  }

  const Trader& who_;
  const std::vector<std::string>& markets_;
  crypto::PublicKey service_;
  Asker asker_;
  std::vector<std::string> open_;
};

// The operator: grants, which nothing but their Idempotency-Key makes once, and calls out of turn.
class Operating {
 public:
  Operating(const std::string& token, const std::vector<Trader>& traders, const std::string& market, const Door& door,
            Told& told, std::uint64_t seed)
      : traders_(traders), market_(market), asker_(door, token, told, seed), seed_(seed) {}

  void run(const std::stop_token& stop) {
    for (std::size_t round = 0; !stop.stop_requested(); ++round) {
      const std::string why = "grant " + std::to_string(seed_) + "/" + std::to_string(round);
      const Trader& to = traders_[asker_.below(traders_.size())];
      const auto reply =
          asker_.ask(asker_.change("POST", "/v1/currencies/credits/grants",
                                   json{{"to", to.id().text()}, {"amount", "0.01"}, {"why", why}}.dump()),
                     stop);
      if (reply && reply->status == 201) asker_.told.add([&](Answers& all) { all.granted.insert(why); });
      if (round % 4 == 0) (void)asker_.ask(asker_.change("POST", "/v1/markets/" + market_ + "/clear", ""), stop);
      std::this_thread::sleep_for(milliseconds(asker_.below(60)));
    }
  }

 private:
  const std::vector<Trader>& traders_;
  const std::string& market_;
  Asker asker_;
  std::uint64_t seed_;
};

}  // namespace e2e
