// What `tarn demo` is given and what it finds out, as values. The books are known to nobody but the demo: each provider
// process has its own, the requester none. Money is in micro-credits.
// Configuration (TOML, strict; the file's words as --help lists them) and invention from a seed: pool_demo_config.cc.
// What other processes said, and JSON: pool_demo_report.cc. The text and its picture: pool_picture.cc. Comparison with
// the open evaluation: pool_demo_check.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "auction/placement/mechanism.h"
#include "base/result.h"
#include "tarn/demo_cluster.h"
#include "tarn/local_pool.h"

namespace tarn {

struct PoolBooks {
  std::string mechanism = "second-price", resource_class = "cpu=1 memory=1Gi";
  std::uint64_t quantity = 32, max_price = 0;
  std::vector<LocalBook> providers;
  std::uint64_t seed = 0;
};
base::Result<PoolBooks> parse_pool_books(const std::string& text, const std::string& file);
base::Result<PoolBooks> load_pool_books(const std::string& file);
PoolBooks invented_books(std::uint64_t seed, std::size_t providers, std::uint64_t quantity, bool one_winner);

// How a provider came out of the request, by its own log.
enum class Fate { kUnasked, kRefused, kNotDrawn, kFailed, kLost, kWon };
std::string_view word(Fate fate);
Fate fate_of(const std::string& log);

struct Units {
  std::uint64_t free = 0, held = 0, leased = 0;
};
std::optional<Units> units_of(const std::string& metrics);  // of a provider's one offer

struct DemoLease {
  std::string id, provider;
  std::uint64_t units = 0, hourly_payment = 0;
  std::string kubeconfig{};  // a file; empty: nothing was delivered
};
struct RequestSaid {  // `tarn request --output json`
  std::vector<DemoLease> leases;
  std::size_t attempts = 0;
  std::size_t asked = 0;  // providers, in the last attempt
  double discovery_ms = 0, agreement_ms = 0, mpc_ms = 0, delivery_ms = 0, total_ms = 0;
};
std::optional<RequestSaid> parse_request(const std::string& json);
// The measured distance of a provider on `tarn pool map --output json`.
std::optional<double> rtt_on_map(const std::string& json, const std::string& id);

struct PoolDemoProvider {
  LocalBook book;
  std::uint64_t price = 0;  // of the book, with nothing leased
  std::string id;
  std::optional<double> rtt_ms;
  Fate fate = Fate::kUnasked;
  std::optional<DemoLease> lease;
  Units leased, released;  // while the lease runs, and after it was given back
};
struct PoolDemo {
  PoolBooks books;
  int rtt_ms = 0;
  std::string requester;
  std::vector<PoolDemoProvider> providers;
  RequestSaid request;
  std::string cluster;  // where it was delivered; empty: nowhere
  std::vector<Handover> handovers;
  bool equals_plain = false;
};
// Whether the leases are what the open evaluation of the books of those who computed gives, and each provider knows of
// its own. Their order in the session only decides among equals, so the winners go first, the sold-out ones before the
// one who sold the rest: any tie is then theirs, as it was.
bool equals_plain(const PoolDemo& demo, auction::Mechanism mechanism);
std::string to_json(const PoolDemo& demo);
// `unicode`: boxes and marks; else ASCII, as wide.
std::string to_text(const PoolDemo& demo, bool unicode);

}  // namespace tarn
