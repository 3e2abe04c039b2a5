#include "tarn/pool_config.h"

#include "auction/placement/mechanism.h"
#include "discovery/announcement.h"
#include "model/duration.h"
#include "model/organisation.h"
#include "net/address.h"
#include "tarn/config.h"
#include "tarn/config_fields.h"
#include "tarn/toml_table.h"

namespace tarn {
namespace {

constexpr std::size_t kMaxConfig = 64 * 1024, kMaxOffers = 16, kMaxBootstrap = 16, kMaxBuyers = 256;
constexpr std::uint64_t kMaxUnits = 0xffff'ffff;  // what sessions of 32 bits can hold

void read_duration(Table& table, const char* key, std::int64_t most_ms, const std::function<void(std::int64_t)>& set) {
  const auto value = table.text(key, false, 32);
  if (!value) return;
  const auto parsed = model::parse_duration_ms(*value, most_ms);
  if (parsed.ok())
    set(*parsed);
  else
    table.complain(table.node(), std::string(key) + " " + parsed.error().message);
}

void read_dht(Table& top, const std::string& file, DhtConfig& out, base::Status& status) {
  const toml::table* entry = top.table("dht", false);
  if (entry == nullptr) return;
  Table dht(*entry, file, "[dht]");
  out.listen = dht.text("listen", false, 300).value_or(out.listen);
  out.bootstrap = dht.texts("bootstrap", false, kMaxBootstrap, 300);
  read_count(dht, "network", 0, 0xffff'ffff, out.network);
  for (const std::string& node : out.bootstrap)
    if (!net::Address::parse(node).ok()) dht.complain(dht.node(), "bootstrap must be texts like \"host:port\"");
  status = dht.finish();
}

// To whom an offer is made, and for how long at most.
void read_terms(Table& table, inventory::Offer& out) {
  for (const std::string& text : table.texts("buyers", false, kMaxBuyers, 100)) {
    const auto id = model::OrganisationId::parse(text);
    if (!id.ok())
      table.complain(table.node(), "buyers must be organisations like \"org_…\", as tarn keygen prints them");
    else
      out.buyers.insert(id->key);
  }
  read_duration(table, "longest_lease", std::int64_t{366} * 86'400'000, [&](std::int64_t ms) {
    out.max_lease_seconds = static_cast<std::uint32_t>(ms / 1000);
    if (ms < 60'000) table.complain(table.node(), "longest_lease must be 1m or more");
  });
}

base::Status read_offer(const toml::table& entry, const std::string& file, std::vector<inventory::Offer>& out) {
  Table table(entry, file, "[[offers]]");
  const auto name = table.text("name", true, 40), unit = table.text("class", true, 1000);
  (void)table.amount("capacity", true);  // there, and then within limits
  const auto price = table.text("price", true, inventory::PriceFunction::kMaxText);
  inventory::Offer offer;
  read_count(table, "capacity", 0, kMaxUnits, offer.capacity);
  read_count(table, "per_session", 1, kMaxUnits, offer.per_session);
  read_count(table, "bucket", 1, kMaxUnits, offer.bucket);
  read_terms(table, offer);
  TARN_TRY(table.finish());
  auto parsed = model::ResourceClass::parse(*unit);
  if (!parsed.ok()) table.complain(table.node(), "class: " + parsed.error().message);
  auto function = inventory::PriceFunction::parse(*price);
  if (!function.ok()) table.complain(table.node(), "price: " + function.error().message);
  if (!printable(*name)) table.complain(table.node(), "name must be one printable line");
  for (const inventory::Offer& other : out)
    if (other.name == *name) table.complain(table.node(), "another offer has this name, too");
  TARN_TRY(table.finish());
  offer.name = *name;
  offer.unit = std::move(*parsed);
  offer.price = std::move(*function);
  out.push_back(std::move(offer));
  return {};
}

base::Status read_limits(Table& top, const std::string& file, ProviderConfig& out) {
  const toml::table* entry = top.table("limits", false);
  if (entry == nullptr) return {};
  Table limits(*entry, file, "[limits]");
  pool::AdmissionRules& rules = out.rules.admission;
  read_count(limits, "sessions", 1, 64, rules.max_sessions);
  read_count(limits, "sessions_of_one", 1, 64, rules.max_sessions_of_one);
  read_count(limits, "from_one_place", 1, 1024, out.from_one_place);
  read_count(limits, "burst", 1, 10'000, rules.burst);
  read_count(limits, "refill_per_minute", 1, 10'000, rules.refill_per_minute);
  read_count(limits, "quorum", 1, 15, rules.quorum);
  for (const std::string& name : limits.texts("mechanisms", false, 16, 64)) {
    if (!auction::parse_mechanism(name).ok())
      limits.complain(limits.node(), "mechanisms are some of: " + auction::mechanism_names());
    rules.mechanisms.insert(name);
  }
  std::uint64_t coverage_percent = 50;
  read_count(limits, "coverage_percent", 0, 100, coverage_percent);
  rules.coverage = static_cast<double>(coverage_percent) / 100;
  read_duration(limits, "epoch", 3'600'000, [&](std::int64_t ms) { rules.epoch_ms = ms; });
  read_duration(limits, "longest_lease", std::uint64_t{366} * 86'400'000,
                [&](std::int64_t ms) { rules.max_lease_seconds = static_cast<std::uint32_t>(ms / 1000); });
  return limits.finish();
}

std::optional<discovery::Coordinate> read_coordinate(Table& top) {
  const auto numbers = top.numbers("coordinate", false, discovery::kDimensions + 1);
  if (numbers.empty()) return std::nullopt;
  discovery::Coordinate out;
  std::copy_n(numbers.begin(), discovery::kDimensions, out.position_ms.begin());
  out.height_ms = numbers.back();
  out.error = 0.1;
  if (out.valid()) return out;
  top.complain(top.node(), "coordinate must be 8 positions and a height in milliseconds, as tarn pool map prints them");
  return std::nullopt;
}

}  // namespace

base::Result<ProviderConfig> parse_provider_config(const std::string& text, const std::string& file,
                                                   const std::string& directory, OffersFrom offers_from) {
  TARN_ASSIGN(const toml::table parsed, parse_toml(text, file));
  Table top(parsed, file, "the file");
  ProviderConfig out;
  const auto identity = top.text("identity", true), state_dir = top.text("state_dir", true);
  const auto listen = top.text("listen", true, 300);
  out.endpoint = top.text("endpoint", false, 300).value_or(listen.value_or(""));
  out.http = top.text("http", false, 300).value_or(out.http);
  out.coordinate = read_coordinate(top);
  base::Status dht;
  read_dht(top, file, out.dht, dht);
  TARN_TRY(dht);
  std::vector<const toml::table*> offers;
  if (offers_from == OffersFrom::kFile) offers = top.tables("offers");
  TARN_TRY(read_limits(top, file, out));
  TARN_TRY(read_kubernetes(top, file, directory, out.kubernetes));
  TARN_TRY(top.finish());
  if (offers_from == OffersFrom::kCluster && !out.kubernetes)
    return refused(file + ": an operator needs [kubernetes]: its offers are the cluster's PoolContributions");
  if (offers.size() > kMaxOffers) return refused(file + ": at most " + std::to_string(kMaxOffers) + " [[offers]]");
  for (const toml::table* offer : offers) TARN_TRY(read_offer(*offer, file, out.offers));
  for (inventory::Offer& offer : out.offers) offer.delivered = out.kubernetes.has_value();
  const auto at = net::Address::parse(*listen);
  if (!at.ok()) return refused(file + ": listen: " + at.error().message);
  const auto dialled = net::Address::parse(out.endpoint);
  if (!dialled.ok() || !discovery::is_endpoint(out.endpoint))
    return refused(file + ": endpoint must be \"host:port\", as others reach this provider");
  if (dialled->host == "0.0.0.0" || dialled->host == "::")
    return refused(file + ": nobody can dial " + dialled->host +
                   ": say with endpoint = \"host:port\" where others reach this provider");
  out.identity = resolved(*identity, directory);
  out.state_dir = resolved(*state_dir, directory);
  out.listen = *listen;
  if (out.http == "off") out.http.clear();
  return out;
}

base::Result<ProviderConfig> load_provider_config(const std::string& file, OffersFrom offers) {
  TARN_ASSIGN(const std::string text, read_text_file(file, kMaxConfig));
  return parse_provider_config(text, file, std::filesystem::path(file).parent_path().string(), offers);
}

base::Result<RequesterConfig> parse_requester_config(const std::string& text, const std::string& file,
                                                     const std::string& directory) {
  TARN_ASSIGN(const toml::table parsed, parse_toml(text, file));
  Table top(parsed, file, "the file");
  RequesterConfig out;
  const auto identity = top.text("identity", false), state_dir = top.text("state_dir", false);
  read_count(top, "providers", 1, 15, out.providers);
  read_count(top, "min_providers", 1, 15, out.min_providers);
  out.coordinate = read_coordinate(top);
  base::Status dht;
  read_dht(top, file, out.dht, dht);
  TARN_TRY(dht);
  TARN_TRY(top.finish());
  if (identity) out.identity = resolved(*identity, directory);
  if (state_dir) out.state_dir = resolved(*state_dir, directory);
  return out;
}

base::Result<RequesterConfig> load_requester_config(const std::string& file) {
  TARN_ASSIGN(const std::string text, read_text_file(file, kMaxConfig));
  return parse_requester_config(text, file, std::filesystem::path(file).parent_path().string());
}

}  // namespace tarn
