// tarn bench pool: whole requests to a pool of processes on this machine, from asking to the allocation known, phase by
// phase, beside the same allocation without privacy and Angler's figures.
// The requester is this process: a node of the hash table, as an organisation that asks often keeps one.
#include <algorithm>
#include <cstdio>

#include "model/money.h"
#include "model/organisation.h"
#include "tarn/local_pool.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/pool_request.h"
#include "tarn/report.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

constexpr std::size_t kWarmUps = 3;  // make acquaintances, learn distances and are not measured
constexpr std::size_t kTries = 5;    // a request
constexpr int kDeadlineMs = 30'000;

// The same requester again and again is what providers otherwise refuse.
constexpr char kLimits[] =
    "burst = 10000\nrefill_per_minute = 10000\nepoch = \"1ms\"\nsessions_of_one = 64\nsessions = 64";

struct Subject {
  auction::Mechanism mechanism{};
  auction::RequesterInput request{32, 0xffff'ffff};
  std::vector<auction::ProviderInput> offers;
  LocalPoolOptions pool;
};

Subject subject_of(auction::Mechanism mechanism, std::size_t providers, int rtt_ms) {
  Subject out;
  out.mechanism = mechanism;
  for (std::size_t i = 0; i < providers; ++i) out.offers.push_back({20 + 15 * i, 70'000 - 3'000 * i});
  out.pool.drawn = providers;
  out.pool.rtt_ms = rtt_ms;
  out.pool.reveal = true;
  out.pool.limits = kLimits;
  return out;
}

base::Result<std::unique_ptr<LocalPool>> pool_of(const Subject& subject) {
  std::vector<LocalBook> books;
  for (const auto& offer : subject.offers)
    books.push_back({"p" + std::to_string(books.size()), offer.capacity, model::credits_text(offer.price)});
  return LocalPool::start(std::move(books), subject.pool, [](const std::string&) {});
}

// A requester that nobody has met.
class Client {
 public:
  static base::Result<std::unique_ptr<Client>> open(LocalPool& pool, const Subject& subject) {
    std::unique_ptr<Client> out(new Client(pool, subject));
    TARN_ASSIGN(const std::string config, pool.new_requester());
    TARN_ASSIGN(out->home_, RequesterHome::open({config, {}}));
    TARN_ASSIGN(out->request_, PoolRequest::open(*out->home_, subject.pool.rtt_ms / 2, [](auto, const auto&) {}));
    TARN_ASSIGN(out->wanted_.unit, model::ResourceClass::parse(subject.pool.resource_class));
    out->wanted_.quantity = subject.request.quantity;
    out->wanted_.max_price = subject.request.max_price;
    out->wanted_.mechanism = subject.mechanism;
    out->wanted_.providers = out->wanted_.min_providers = subject.offers.size();
    out->wanted_.deadline_ms = kDeadlineMs;
    return out;
  }

  base::Result<PoolBenchRow> measure() {
    pool::RequestResult secure, plain;
    TARN_TRY(request_->run(wanted_, secure));
    request_->give_back(secure.leases);
    if (!correct(secure))
      return base::Error{base::Code::kSomebodyMisbehaved,
                         "the leases are not what the open evaluation gives; this is a bug"};
    TARN_TRY(request_->run_plain(wanted_, plain));
    PoolBenchRow out;
    out.acquainted = secure.acquainted;
    out.attempts = secure.attempts.size();
    out.discovery_ms = static_cast<double>(secure.discovery_ms);
    out.agreement_ms = static_cast<double>(secure.agreement_ms);
    out.mpc_ms = static_cast<double>(secure.mpc_ms);
    out.delivery_ms = static_cast<double>(secure.delivery_ms);
    out.total_ms = static_cast<double>(secure.total_ms - secure.delivery_ms);
    out.plain_ms = static_cast<double>(plain.total_ms);
    return out;
  }

 private:
  Client(const LocalPool& pool, const Subject& subject) : pool_(pool), subject_(subject) {}

  bool correct(const pool::RequestResult& result) const {
    const auto& [mechanism, request, offers, options] = subject_;
    const auto awards = place_plain(mechanism, wanted_.width, request, offers).requester.awards;
    if (awards.size() != result.leases.size()) return false;
    return std::ranges::all_of(awards, [&](const auction::Award& award) {
      return std::ranges::any_of(result.leases, [&](const pool::HeldLease& held) {
        const pool::LeaseTerms& terms = held.document.terms;
        return model::OrganisationId{terms.provider}.text() == pool_.id(award.provider) &&
               terms.units == award.quantity &&
               terms.hourly_payment == pool::hourly_payment(award.payment, award.quantity);
      });
    });
  }

  const LocalPool& pool_;
  const Subject& subject_;
  std::unique_ptr<RequesterHome> home_;
  std::unique_ptr<PoolRequest> request_;
  pool::Wanted wanted_;
};

PoolBenchRow medians(const std::vector<PoolBenchRow>& rows) {
  PoolBenchRow out = rows.front();
  const auto of = [&](double PoolBenchRow::* field) {
    std::vector<double> values;
    for (const PoolBenchRow& row : rows) values.push_back(row.*field);
    std::ranges::sort(values);
    out.*field = values[values.size() / 2];
  };
  of(&PoolBenchRow::discovery_ms);
  of(&PoolBenchRow::agreement_ms);
  of(&PoolBenchRow::mpc_ms);
  of(&PoolBenchRow::delivery_ms);
  of(&PoolBenchRow::total_ms);
  of(&PoolBenchRow::plain_ms);
  for (const PoolBenchRow& row : rows) {
    out.acquainted = out.acquainted && row.acquainted;
    out.attempts = std::max(out.attempts, row.attempts);
  }
  return out;
}

// In a pool of seconds the hash table may not show everybody yet; who fails is heard of, and not measured.
base::Result<PoolBenchRow> measure(Client& client) {
  for (std::size_t tries = 1;; ++tries) {
    auto row = client.measure();
    if (row.ok() || row.error().code != base::Code::kUnreachable || tries == kTries) return row;
    progress("failed, and is made again: " + row.error().message);
  }
}

base::Result<std::vector<PoolBenchRow>> requests(const Subject& subject, std::size_t count) {
  TARN_ASSIGN(const auto pool, pool_of(subject));
  TARN_ASSIGN(const auto client, Client::open(*pool, subject));
  std::vector<PoolBenchRow> rows;
  while (rows.size() < count) {
    progress(std::to_string(subject.pool.rtt_ms) + " ms RTT: request " + std::to_string(rows.size() + 1) + " of " +
             std::to_string(count));
    TARN_ASSIGN(rows.emplace_back(), measure(*client));
  }
  return rows;
}

base::Result<PoolBenchRow> measure_row(const Subject& subject, const PoolBenchOptions& options) {
  std::vector<PoolBenchRow> rows;
  if (options.first_meeting) {
    while (rows.size() < options.repeat) {
      TARN_ASSIGN(const auto one, requests(subject, 1));
      rows.push_back(one.front());
    }
  } else {
    TARN_ASSIGN(rows, requests(subject, kWarmUps + options.repeat));
    rows.erase(rows.begin(), rows.begin() + kWarmUps);
  }
  PoolBenchRow out = medians(rows);
  if (out.acquainted == options.first_meeting)
    return base::Error{base::Code::kStorage, "acquaintances were not kept, or made before"};
  out.providers = subject.offers.size();
  out.rtt_ms = subject.pool.rtt_ms;
  out.ratio = out.total_ms / out.plain_ms;
  // What Angler's authors fitted to their measurements of the computation alone; their n counts the requester.
  const double n = static_cast<double>(out.providers + 1);
  out.angler_mpc_ms = (29'916 * n + 22'475.0 * out.rtt_ms - 38'622 + 100'000) / 1000;
  return out;
}

void print(const std::vector<PoolBenchRow>& rows) {
  if (json_wanted()) {
    std::printf("%s\n", to_json(rows).c_str());
    return;
  }
  std::vector<std::vector<std::string>> lines{{"providers", "rtt ms", "met", "discovery ms", "agreement ms", "mpc ms",
                                               "total ms", "plain ms", "ratio", "delivery ms", "attempts",
                                               "Angler mpc ms"}};
  for (const PoolBenchRow& r : rows)
    lines.push_back({std::to_string(r.providers), std::to_string(r.rtt_ms), r.acquainted ? "yes" : "no",
                     fixed(r.discovery_ms, 0), fixed(r.agreement_ms, 0), fixed(r.mpc_ms, 0), fixed(r.total_ms, 0),
                     fixed(r.plain_ms, 0), fixed(r.ratio, 1), fixed(r.delivery_ms, 0), std::to_string(r.attempts),
                     fixed(r.angler_mpc_ms, 0)});
  std::printf("%s", table(lines).c_str());
}

}  // namespace

int run_bench_pool(const PoolBenchOptions& options) {
  const auto mechanism = auction::parse_mechanism(options.mechanism);
  if (!mechanism.ok()) return report(mechanism.error());
  catch_signals();
  std::vector<PoolBenchRow> rows;
  for (const int rtt_ms : options.rtt_ms) {
    auto row = measure_row(subject_of(*mechanism, options.providers, rtt_ms), options);
    if (!row.ok()) return report(row.error());
    rows.push_back(*row);
  }
  print(rows);
  return kExitDone;
}

}  // namespace tarn
