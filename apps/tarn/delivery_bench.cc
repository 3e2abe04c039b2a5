// tarn bench delivery: from a lease that both have signed to a namespace that its tenant uses, and to its end, on a real
// cluster. Providers are processes of their own, as in tarn bench pool; the requester is this one. What a provider asked
// of the API server meanwhile, it says in its log (level debug).
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "model/money.h"
#include "tarn/demo_cluster.h"
#include "tarn/lease_delivery.h"
#include "tarn/local_pool.h"
#include "tarn/options.h"
#include "tarn/output.h"
#include "tarn/pool_request.h"
#include "tarn/signals.h"
#include "tarn/tenant_access.h"

namespace tarn {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kProviders = 3, kWarmUps = 1;
constexpr int kWaitMs = 60'000;

double since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

struct Times {
  double credentials_ms = 0, usable_ms = 0, gone_ms = 0;
};

// Calls of one kind in the making of one namespace.
struct Calls {
  std::string what;
  double count = 0, ms = 0;  // a lease
};

// What a path of the API names, without names: "PATCH resourcequotas", "POST serviceaccounts/token".
std::string kind_of_call(const std::string& verb, std::string path) {
  path = path.substr(0, path.find('?'));
  std::vector<std::string> parts;
  std::istringstream in(path);
  for (std::string part; std::getline(in, part, '/');)
    if (!part.empty()) parts.push_back(part);
  std::size_t at = parts.size() > 0 && parts[0] == "api" ? 2 : 3;  // behind the group and its version
  if (parts.size() > at + 2 && parts[at] == "namespaces") at += 2;
  std::string out = at < parts.size() ? parts[at] : path;
  if (parts.size() > at + 2) out += "/" + parts[at + 2];
  return verb + " " + out;
}

// What a kind of call is for, in the order in which they are made.
std::string_view reason(const std::string& call) {
  static constexpr std::pair<std::string_view, std::string_view> kReasons[] = {
      {"GET poolleases", "is it written down already?"},
      {"POST poolleases", "write it down, before anything is made of it"},
      {"GET namespaces", "is it there, and ours?"},
      {"POST namespaces", "make it"},
      {"PATCH resourcequotas", "exactly what was bought"},
      {"PATCH limitranges", "what a container gets that names nothing"},
      {"PATCH networkpolicies", "closed, but for what the owner allows"},
      {"PATCH serviceaccounts", "the tenant; no tokens for pods that name no account"},
      {"PATCH secrets", "what tokens hang on, so that they can be revoked"},
      {"GET resourcequotas", "is the quota in force?"},
      {"GET serviceaccounts", "has the cluster put its own into the namespace?"},
      {"GET configmaps", "and its authority?"},
      {"PATCH rolebindings", "last: the tenant's rights"},
      {"PATCH poolleases/status", "tell the administrators"},
      {"POST serviceaccounts/token", "the tenant's token"},
  };
  for (const auto& [what, why] : kReasons)
    if (what == call) return why;
  return "";
}

// From a provider's log, beginning behind `from` bytes: the calls about this namespace and lease.
std::map<std::string, Calls> calls_in(const std::string& log, std::size_t from, const std::string& id) {
  std::map<std::string, Calls> out;
  std::istringstream lines(log.substr(std::min(from, log.size())));
  for (std::string line; std::getline(lines, line);) {
    const Json entry = Json::parse(line, nullptr, false);
    if (!entry.is_object() || entry.value("event", "") != "api_call") continue;
    // What is made goes to its collection, and names the lease in its body only; nothing else is made meanwhile.
    const std::string verb = entry.value("verb", ""), path = entry.value("path", "");
    if (verb != "POST" && path.find(id) == std::string::npos) continue;
    Calls& calls = out[kind_of_call(verb, path)];
    calls.count += 1;
    calls.ms += entry.value("ms", 0.0);
  }
  return out;
}

class Bench {
 public:
  static base::Result<std::unique_ptr<Bench>> open(const std::string& kubeconfig) {
    std::unique_ptr<Bench> out(new Bench);
    TARN_ASSIGN(out->cluster_, DemoCluster::open(kubeconfig));
    LocalPoolOptions options;
    options.drawn = kProviders;
    options.limits = "burst = 10000\nrefill_per_minute = 10000\nepoch = \"1ms\"\nsessions_of_one = 64\nsessions = 64";
    options.sections = out->cluster_->provider_section();
    std::vector<LocalBook> books;
    for (std::size_t i = 0; i < kProviders; ++i)
      books.push_back({"p" + std::to_string(i), 1'000, model::credits_text(10'000 + 1'000 * i)});
    progress("starting a pool of " + std::to_string(kProviders) + " providers");
    TARN_ASSIGN(out->pool_, LocalPool::start(std::move(books), options, [](const std::string&) {}));
    TARN_ASSIGN(const std::string config, out->pool_->new_requester());
    TARN_ASSIGN(out->home_, RequesterHome::open({config, {}}));
    TARN_ASSIGN(out->request_, PoolRequest::open(*out->home_, 0, [](auto, const auto&) {}));
    TARN_ASSIGN(out->wanted_.unit, model::ResourceClass::parse(options.resource_class));
    TARN_ASSIGN(out->wanted_.mechanism, auction::parse_mechanism("first-price"));
    out->wanted_.quantity = 8;
    out->wanted_.max_price = 1'000'000;
    out->wanted_.providers = out->wanted_.min_providers = kProviders;
    out->wanted_.deadline_ms = kWaitMs;
    return out;
  }

  // One lease, from its signatures to its end.
  base::Result<Times> measure() {
    pool::RequestResult result;
    TARN_TRY(request_->run(wanted_, result));
    if (result.leases.size() != 1) return base::Error{base::Code::kSomebodyMisbehaved, "no lease; this is a bug"};
    const pool::LeaseId id = result.leases[0].document.terms.id;
    std::vector<std::size_t> before;
    for (std::size_t i = 0; i < kProviders; ++i) before.push_back(pool_->log(i).size());

    Times times;
    const auto begin = Clock::now();
    LeaseCalls calls(*home_, interrupted);
    TARN_ASSIGN(const store::LeaseRecord record, calls.named(pool::text(id)));
    const auto bought = await_delivery(calls, {record}, kWaitMs, home_->clock());
    if (!bought[0].ok()) return bought[0].error();
    if (const std::string why = not_yet(bought[0]); !why.empty()) return base::Error{base::Code::kDeadline, why};
    times.credentials_ms = since(begin);
    Handover handover;
    handover.kubeconfig = pool_->directory() + "/tenant.kubeconfig";
    TARN_TRY(write_kubeconfig(id, *bought[0], handover.kubeconfig));
    TARN_TRY(cluster_->make_something(handover));
    times.usable_ms = since(begin);
    const std::string name = base::to_hex(base::ByteView(id).first(8));
    for (std::size_t i = 0; i < kProviders; ++i)
      for (const auto& [what, one] : calls_in(pool_->log(i), before[i], name)) {
        Calls& all = calls_[what];
        all.what = what;
        all.count += one.count;
        all.ms += one.ms;
      }
    ++leases_;
    TARN_TRY(calls.release(id));
    TARN_TRY(cluster_->await_gone(handover));
    times.gone_ms = static_cast<double>(*handover.gone_ms);
    return times;
  }

  void forget() { calls_.clear(), leases_ = 0; }
  std::vector<Calls> calls() const {
    std::vector<Calls> out;
    for (const auto& [what, all] : calls_)
      out.push_back({what, all.count / static_cast<double>(leases_), all.ms / static_cast<double>(leases_)});
    std::ranges::sort(out, [](const Calls& a, const Calls& b) { return a.ms > b.ms; });
    return out;
  }

 private:
  Bench() = default;
  std::unique_ptr<DemoCluster> cluster_;
  std::unique_ptr<LocalPool> pool_;
  std::unique_ptr<RequesterHome> home_;
  std::unique_ptr<PoolRequest> request_;
  pool::Wanted wanted_;
  std::map<std::string, Calls> calls_;
  std::size_t leases_ = 0;
};

void print(const std::vector<Times>& rows, const std::vector<Calls>& calls) {
  const auto of = [&](double Times::* field) {
    std::vector<double> values;
    for (const Times& row : rows) values.push_back(row.*field);
    return median(std::move(values));
  };
  double count = 0, ms = 0;
  for (const Calls& c : calls) count += c.count, ms += c.ms;
  if (json_wanted()) {
    Json out{{"leases", rows.size()},
             {"credentials_ms", of(&Times::credentials_ms)},
             {"usable_ms", of(&Times::usable_ms)},
             {"gone_ms", of(&Times::gone_ms)},
             {"api_calls", count},
             {"api_calls_ms", ms},
             {"calls", Json::array()}};
    for (const Calls& c : calls)
      out["calls"].push_back({{"call", c.what}, {"count", c.count}, {"ms", c.ms}, {"why", reason(c.what)}});
    std::printf("%s\n", out.dump(2).c_str());
    return;
  }
  std::printf("%s\n",
              table({{"leases", "won to credentials ms", "to the tenant's first object ms", "release to gone ms"},
                     {std::to_string(rows.size()), fixed(of(&Times::credentials_ms), 0),
                      fixed(of(&Times::usable_ms), 0), fixed(of(&Times::gone_ms), 0)}})
                  .c_str());
  std::vector<std::vector<std::string>> lines{{"call, until credentials", "a lease", "ms", "why"}};
  for (const Calls& c : calls)
    lines.push_back({c.what, fixed(c.count, 1), fixed(c.ms, 1), std::string(reason(c.what))});
  lines.push_back({"all", fixed(count, 1), fixed(ms, 1), ""});
  std::printf("%s", table(lines).c_str());
}

base::Status run(const DeliveryBenchOptions& options) {
  TARN_ASSIGN(const auto bench, Bench::open(options.kubeconfig));
  std::vector<Times> rows;
  for (std::size_t i = 0; i < kWarmUps + options.repeat; ++i) {
    if (i == kWarmUps) bench->forget();
    TARN_ASSIGN(const Times times, bench->measure());
    if (i < kWarmUps) continue;
    rows.push_back(times);
    progress(std::to_string(rows.size()) + " of " + std::to_string(options.repeat) + " leases");
  }
  print(rows, bench->calls());
  return {};
}

}  // namespace

int run_bench_delivery(const DeliveryBenchOptions& options) {
  catch_signals();
  const base::Status done = run(options);
  return done.ok() ? kExitDone : report(done.error());
}

}  // namespace tarn
