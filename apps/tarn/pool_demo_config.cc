#include "auction/placement/mechanism.h"
#include "crypto/random.h"
#include "inventory/price.h"
#include "model/money.h"
#include "model/resource_class.h"
#include "pool/placement_circuit.h"
#include "tarn/config.h"
#include "tarn/pool_demo.h"
#include "tarn/toml_table.h"

namespace tarn {
namespace {

constexpr std::size_t kMaxConfig = 64 * 1024, kMinProviders = 3, kMaxProviders = 12;

void read_requester(const toml::table& entry, const std::string& file, PoolBooks& out, base::Status& status) {
  Table table(entry, file, "[requester]");
  const auto quantity = table.amount("quantity", true);
  const auto max_price = table.text("max_price", true, 40);
  if (max_price) {
    const auto parsed = model::parse_credits(*max_price);
    if (parsed.ok())
      out.max_price = *parsed;
    else
      table.complain(table.node(), "max_price: " + parsed.error().message);
  }
  out.quantity = quantity.value_or(0);
  status = table.finish();
}

base::Result<LocalBook> read_provider(const toml::table& entry, const std::string& file, std::size_t number) {
  Table table(entry, file, "[[providers]]");
  const auto name = table.text("name", false, 40);
  const auto capacity = table.amount("capacity", true);
  const auto price = table.text("price", true, inventory::PriceFunction::kMaxText);
  if (name && !printable(*name)) table.complain(table.node(), "name must be one printable line");
  if (capacity && *capacity > 0xffff'ffff) table.complain(table.node(), "capacity must be at most 4294967295");
  if (price) {
    const auto parsed = inventory::PriceFunction::parse(*price);
    if (!parsed.ok()) table.complain(table.node(), "price: " + parsed.error().message);
  }
  TARN_TRY(table.finish());
  return LocalBook{name.value_or("provider " + std::to_string(number)), *capacity, *price};
}

}  // namespace

base::Result<PoolBooks> parse_pool_books(const std::string& text, const std::string& file) {
  TARN_ASSIGN(const toml::table parsed, parse_toml(text, file));
  Table top(parsed, file, "the file");
  PoolBooks out;
  out.mechanism = top.text("mechanism", false, 64).value_or(out.mechanism);
  out.resource_class = top.text("class", false, 200).value_or(out.resource_class);
  if (const toml::table* entry = top.table("requester", true)) {
    base::Status status;
    read_requester(*entry, file, out, status);
    TARN_TRY(status);
  }
  for (const toml::table* entry : top.tables("providers")) {
    TARN_ASSIGN(LocalBook book, read_provider(*entry, file, out.providers.size() + 1));
    out.providers.push_back(std::move(book));
  }
  TARN_TRY(top.finish());
  if (out.providers.size() < kMinProviders || out.providers.size() > kMaxProviders)
    return refused(file + ": a pool has " + std::to_string(kMinProviders) + " to " + std::to_string(kMaxProviders) +
                   " [[providers]] here");
  const auto unit = model::ResourceClass::parse(out.resource_class);
  if (!unit.ok()) return refused(file + ": class: " + unit.error().message);
  return out;
}

base::Result<PoolBooks> load_pool_books(const std::string& file) {
  TARN_ASSIGN(const std::string text, read_text_file(file, kMaxConfig));
  return parse_pool_books(text, file);
}

// Most providers have enough, or some of them together where several may win; no two ask the same, and the limit lies
// among what they ask.
PoolBooks invented_books(std::uint64_t seed, std::size_t providers, std::uint64_t quantity, bool one_winner) {
  constexpr std::uint64_t kTenthOfACent = model::kMicroCreditsInCredit / 1000;
  static constexpr const char* kNames[kMaxProviders] = {"north", "east",  "south",  "west",  "harbour", "mill",
                                                        "ridge", "marsh", "quarry", "ferry", "tower",   "abbey"};
  crypto::SeededRandom random(base::view("pool " + std::to_string(seed)));
  const auto draw = [&](std::uint64_t from, std::uint64_t to) { return from + random.block().lo % (to - from + 1); };
  PoolBooks out;
  out.seed = seed;
  out.quantity = quantity;
  out.max_price = draw(60, 90) * kTenthOfACent;
  std::set<std::uint64_t> asked;
  for (std::size_t i = 0; i < providers; ++i) {
    const bool enough = draw(0, 3) != 0 && one_winner;
    const std::uint64_t capacity = enough ? draw(quantity, 4 * quantity) : draw(0, quantity);
    std::uint64_t price = draw(20, 100);
    while (!asked.insert(price).second) price = draw(20, 100);
    out.providers.push_back({kNames[i], capacity, model::credits_text(price * kTenthOfACent)});
  }
  return out;
}

}  // namespace tarn
