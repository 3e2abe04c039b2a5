#include <array>
#include <string>

#include "auction/clearing/mechanism.h"
#include "base/check.h"

namespace auction::clearing {
namespace {

constexpr std::array kProperties = {
    Properties{.name = "claim", .arrival_matters = true, .windows = true, .all_or_none = true},
    Properties{.name = "continuous", .arrival_matters = true, .windows = true, .all_or_none = true},
    Properties{.name = "uniform", .efficient = Efficient::kOnReports},
    Properties{.name = "pay-as-bid", .efficient = Efficient::kOnReports},
    Properties{
        .name = "vcg",
        .truthful = Truthful::kAtExactOptimum,
        .efficient = Efficient::kAtExactOptimum,
        .budget = Budget::kDeficit,
        .several_orders = false,
        .truthful_for = "orders of any number of units, one an organisation, while the deficit is within its cap"},
    Properties{.name = "mcafee",
               .truthful = Truthful::kYes,
               .efficient = Efficient::kAllButOneTrade,
               .budget = Budget::kSurplus,
               .several_units = false,
               .several_orders = false,
               .truthful_for = "orders of one unit, one an organisation"},
    Properties{.name = "sbba",
               .truthful = Truthful::kYes,
               .efficient = Efficient::kAllButOneTrade,
               .several_units = false,
               .several_orders = false,
               .truthful_for = "orders of one unit, one an organisation"},
    Properties{.name = "muda",
               .truthful = Truthful::kYes,
               .efficient = Efficient::kAsymptotically,
               .several_orders = false,
               .truthful_for = "orders of any number of units, one an organisation"},
    Properties{
        .name = "combinatorial",
        .truthful = Truthful::kAtExactOptimum,
        .efficient = Efficient::kAtExactOptimum,
        .budget = Budget::kDeficit,
        .windows = true,
        .all_or_none = true,
        .truthful_for = "one order an organisation, with vcg payments at the proven optimum, within the deficit cap"},
};

base::Status refused(const Order& order, const std::string& why) {
  return base::Error{base::Code::kInvalidInput, "order " + std::to_string(order.id) + ": " + why};
}
std::string with_name(const Properties& mechanism, std::string_view what) {
  return std::string(mechanism.name).append(" ").append(what);
}

base::Status admit_numbers(const Order& order) {
  if (order.price < 0 || order.price > kMaxPrice)
    return refused(order, "price: 0 to " + std::to_string(kMaxPrice) + " a unit and slot");
  if (order.min_units < 1 || order.min_units > order.max_units || order.max_units > kMaxUnits)
    return refused(order, "units: 1 to " + std::to_string(kMaxUnits) + ", the least not above the most");
  if (order.earliest >= order.latest_end || order.latest_end > kMaxSlots)
    return refused(order, "window: it has to end after it begins, and by slot " + std::to_string(kMaxSlots));
  if (order.min_slots < 1 || order.min_slots > order.max_slots || order.max_slots > order.latest_end - order.earliest)
    return refused(order, "slots: at least 1, the least not above the most, and no more than the window has");
  if (std::uint64_t{order.max_units} * order.max_slots > kMaxUnits)
    return refused(order, "units: times slots at most " + std::to_string(kMaxUnits) + "; make it several orders");
  return {};
}

}  // namespace

const Properties& properties(Mechanism mechanism) {
  const auto at = static_cast<std::size_t>(mechanism) - 1;
  CHECK(at < kProperties.size());
  return kProperties[at];
}

std::optional<Mechanism> mechanism_named(std::string_view name) {
  for (std::size_t i = 0; i < kProperties.size(); ++i)
    if (kProperties[i].name == name) return static_cast<Mechanism>(i + 1);
  return std::nullopt;
}

std::string_view payments_name(Payments payments) {
  switch (payments) {
    case Payments::kPayAsBid: return "pay-as-bid";
    case Payments::kThreshold: return "threshold";
    case Payments::kVcg: return "vcg";
  }
  CHECK(false);
}

std::optional<Payments> payments_named(std::string_view name) {
  for (const Payments payments : {Payments::kPayAsBid, Payments::kThreshold, Payments::kVcg})
    if (payments_name(payments) == name) return payments;
  return std::nullopt;
}

base::Status admit_order(Mechanism mechanism, Side side, const Order& order) {
  TARN_TRY(admit_numbers(order));
  if (side == Side::kAsk && order.min_units != 1) return refused(order, "min_units: an ask's is 1");
  if (side == Side::kAsk && order.same_site) return refused(order, "same_site: only a bid can ask for one site");
  const Properties& has = properties(mechanism);
  if (!has.several_units && order.max_units > 1)
    return refused(order, with_name(has, "takes orders of one unit only: its promise is for no others"));
  if (!has.all_or_none && order.min_units > 1)
    return refused(order, with_name(has, "cannot do all or none: min_units has to be 1"));
  if (!has.windows && order.same_site)
    return refused(order, with_name(has, "does not know sites: leave out same_site"));
  if (!has.windows && order.max_slots != order.latest_end - order.earliest)
    return refused(order, with_name(has, "sells whole windows: the longest duration has to be the window's"));
  return {};
}

}  // namespace auction::clearing
