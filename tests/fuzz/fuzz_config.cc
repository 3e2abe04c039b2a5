// Configuration files of any text, as a party's, a demo's, a provider's, a requester's and a market's. What is refused is
// refused with the file's name; what is accepted keeps every promise of tarn/config.h, so that the code behind needs no
// checks of its own.
#include "tarn/config.h"

#include <set>

#include "auction/placement/mechanism.h"
#include "fuzz/input.h"
#include "net/address.h"
#include "tarn/market_config.h"
#include "tarn/pool_config.h"

namespace {

void party(const std::string& text) {
  const auto config = tarn::parse_party_config(text, "party.toml", "/home");
  if (!config.ok()) {
    CHECK(config.error().code == base::Code::kInvalidInput && !config.error().message.empty());
    return;
  }
  CHECK(!config->identity.empty() && !config->state_dir.empty() && !config->resource_class.empty());
  CHECK(config->width >= 2 && config->width <= auction::kMaxWidth);
  CHECK(config->extension_k == 1 || config->extension_k == 2 || config->extension_k == 4 || config->extension_k == 8);
  CHECK(config->deadline_ms > 0 && config->deadline_ms <= 86'400'000);
  CHECK(!(config->request && config->offer));
  CHECK(config->parties.size() >= 2 && config->parties.size() <= 16);
  std::set<model::OrganisationId> seen;
  for (const tarn::ConfigParty& p : config->parties) CHECK(seen.insert(p.id).second && !p.address.empty());
  for (const char c : config->resource_class) CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

void demo(const std::string& text) {
  const auto config = tarn::parse_demo_config(text, "demo.toml");
  if (!config.ok()) {
    CHECK(config.error().code == base::Code::kInvalidInput && config.error().message.starts_with("demo.toml"));
    return;
  }
  CHECK(!config->providers.empty() && config->providers.size() <= pool::kMaxProviders);
  for (const auto& provider : config->providers) CHECK(!provider.name.empty());
}

void provider(const std::string& text) {
  const auto config = tarn::parse_provider_config(text, "provider.toml", "/home");
  if (!config.ok()) {
    CHECK(config.error().code == base::Code::kInvalidInput && !config.error().message.empty());
    return;
  }
  CHECK(!config->identity.empty() && !config->state_dir.empty() && net::Address::parse(config->listen).ok());
  CHECK(net::Address::parse(config->endpoint).ok());
  const auto& rules = config->rules.admission;
  CHECK(rules.max_sessions >= 1 && rules.max_sessions <= 64 && rules.quorum >= 1 && rules.quorum <= 15);
  CHECK(rules.burst >= 1 && rules.refill_per_minute >= 1 && rules.coverage >= 0 && rules.coverage <= 1);
  std::set<std::string> names;
  for (const auto& offer : config->offers) {
    CHECK(names.insert(offer.name).second && offer.bucket >= 1 && offer.capacity <= 0xffff'ffff);
    CHECK(!offer.unit.amounts.empty());
    (void)offer.price.micro_credits({offer.capacity, offer.capacity, 0, 0});
  }
}

void requester(const std::string& text) {
  const auto config = tarn::parse_requester_config(text, "requester.toml", "/home");
  if (!config.ok()) {
    CHECK(config.error().code == base::Code::kInvalidInput && !config.error().message.empty());
    return;
  }
  CHECK(config->providers >= 1 && config->providers <= 15 && config->min_providers >= 1);
}

void service(const std::string& text) {
  const auto config = tarn::parse_market_config(text, "market.toml", "/home");
  if (!config.ok()) {
    CHECK(config.error().code == base::Code::kInvalidInput && config.error().message.starts_with("market.toml"));
    return;
  }
  CHECK(config->limits.members >= 1 && config->limits.orders_in_call >= 1 && config->limits.combinatorial_orders >= 1);
  CHECK(config->clock.tick_ms >= 10 && config->clock.keep_events_ms > 0 && config->clock.keep_replies_ms > 0);
  CHECK(config->max_clock_step_ms == 0 || config->max_clock_step_ms >= 1'000);
  CHECK(config->connections >= 1 && config->threads >= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  const std::string text(fuzz::text(in.rest()));
  party(text);
  demo(text);
  provider(text);
  requester(text);
  service(text);
  const auto duration_ms = tarn::parse_duration_ms(text.substr(0, 32));
  if (duration_ms.ok()) CHECK(*duration_ms > 0 && *duration_ms <= 86'400'000);
  return 0;
}
