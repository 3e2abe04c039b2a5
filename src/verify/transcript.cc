#include "verify/transcript.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "base/bytes.h"
#include "verify/verify.h"

namespace verify {
namespace {

using Json = nlohmann::json;

base::Error wrong(const std::string& what) {
  return {base::Code::kInvalidInput, "not a transcript of a clearing: " + what};
}

// Depth and number of values, before anything is built from them.
base::Status check_size(std::string_view json) {
  constexpr int kMostDepth = 8;
  if (json.size() > kMostBytes) return wrong("larger than 256 MiB");
  int depth = 0;
  std::size_t values = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
      continue;
    }
    if (c == '"') in_text = true;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (c == ',' || c == '[' || c == '{') ++values;
    if (depth > kMostDepth) return wrong("nested too deeply");
    if (values > kMostValues) return wrong("too many values");
  }
  return {};
}

// A key that comes twice would show different readers different things.
class Keys {
 public:
  bool operator()(int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open_.emplace_back();
    if (event == Json::parse_event_t::object_end && !open_.empty()) open_.pop_back();
    if (event == Json::parse_event_t::key && !open_.empty())
      twice = !open_.back().insert(parsed.get<std::string>()).second || twice;
    return true;
  }
  bool twice = false;

 private:
  std::vector<std::set<std::string>> open_;
};

// The fields of one object: each is asked for once, and in the end none may be left over. The first mistake is kept.
class Fields {
 public:
  Fields(const Json& json, std::string place) : json_(json), place_(std::move(place)) {
    if (!json.is_object()) fail("", "has to be an object");
  }
  const Json* find(const char* name) {
    if (error_) return nullptr;
    const auto found = json_.find(name);
    if (found == json_.end()) {
      fail(name, "is missing");
      return nullptr;
    }
    ++used_;
    return &*found;
  }
  bool has(const char* name) const { return json_.is_object() && json_.contains(name); }
  std::int64_t number(const char* name, std::int64_t least, std::int64_t most) {
    const Json* value = find(name);
    if (value == nullptr) return least;
    if (value->is_number_integer() && (!value->is_number_unsigned() || value->get<std::uint64_t>() <= kMostNumber)) {
      const auto number = value->get<std::int64_t>();
      if (number >= least && number <= most) return number;
    }
    fail(name, "has to be a whole number within its limits");
    return least;
  }
  // As decimal text.
  template <class Integer>
  Integer amount(const char* name) {
    Integer number{};
    const std::string text = words(name, 20);
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (bad != std::errc() || end != text.data() + text.size() || std::to_string(number) != text)
      fail(name, "has to be a whole number as text");
    return number;
  }
  std::string words(const char* name, std::size_t most) {
    const Json* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_string() || value->get_ref<const std::string&>().size() > most) {
      fail(name, "has to be a text that is not too long");
      return {};
    }
    return value->get<std::string>();
  }
  Digest digest(const char* name) {
    Digest digest{};
    const std::string text = words(name, 64);
    const auto bytes = base::from_hex(text);
    if (!bytes || bytes->size() != digest.size() || base::to_hex(*bytes) != text)
      fail(name, "has to be 32 bytes in hexadecimal");
    else
      std::ranges::copy(*bytes, digest.begin());
    return digest;
  }
  bool truth(const char* name) {
    const Json* value = find(name);
    if (value != nullptr && !value->is_boolean()) fail(name, "has to be true or false");
    return value != nullptr && value->is_boolean() && value->get<bool>();
  }
  const Json& list(const char* name) {
    static const Json kNone = Json::array();
    const Json* value = find(name);
    if (value == nullptr) return kNone;
    if (value->is_array()) return *value;
    fail(name, "has to be a list");
    return kNone;
  }
  void fail(const std::string& name, const char* why) {
    if (!error_) error_ = wrong(place_ + (name.empty() ? "" : "." + name) + " " + why);
  }
  base::Status done() {
    if (!error_ && used_ != json_.size()) fail("", "has a field that is not known");
    return error_ ? base::Status(*error_) : base::Status();
  }

 private:
  static constexpr std::uint64_t kMostNumber = std::numeric_limits<std::int64_t>::max();
  const Json& json_;
  std::string place_;
  std::size_t used_ = 0;
  std::optional<base::Error> error_;
};

base::Result<Order> read_order(const Json& json, bool bid) {
  Fields f(json, bid ? "bid" : "ask");
  Order o;
  o.id = f.amount<std::uint64_t>("order");
  o.arrival = f.amount<std::uint64_t>("arrival");
  o.organisation = f.number("organisation", 0, std::numeric_limits<std::uint32_t>::max());
  o.price = f.number("price", 0, kMostPrice);
  o.max_units = f.number("max_units", 1, kMostUnits);
  o.min_units = f.number("min_units", 1, o.max_units);
  o.latest_end = f.number("latest_end", 1, kMostSlots);
  o.earliest = f.number("earliest", 0, o.latest_end - 1);
  o.max_slots = f.number("max_slots", 1, o.latest_end - o.earliest);
  o.min_slots = f.number("min_slots", 1, o.max_slots);
  if (bid)
    o.same_site = f.truth("same_site");
  else
    o.site = f.number("site", 0, std::numeric_limits<std::uint32_t>::max());
  if (o.max_units * o.max_slots > kMostUnits) f.fail("max_units", "is too large for so many slots");
  TARN_TRY(f.done());
  return o;
}

base::Status read_orders(const Json& list, bool bid, std::vector<Order>& out) {
  out.reserve(list.size());
  for (const Json& json : list) {
    TARN_ASSIGN(Order order, read_order(json, bid));
    out.push_back(order);
  }
  return {};
}

base::Status read_settings(const Json& json, Call& call) {
  Fields f(json, "settings");
  call.kappa_permille = f.number("kappa_permille", 0, 1'000);
  call.deficit_cap = f.amount<std::int64_t>("deficit_cap");
  call.payments = f.words("payments", 16);
  call.work_limit = f.amount<std::uint64_t>("work_limit");
  if (call.deficit_cap < 0) f.fail("deficit_cap", "is at least 0");
  return f.done();
}

base::Result<std::vector<std::size_t>> read_indices(const Json& json, std::size_t end) {
  if (!json.is_array()) return wrong("eligible: has to be a list of lists");
  std::vector<std::size_t> out;
  out.reserve(json.size());
  for (const Json& index : json) {
    if (!index.is_number_unsigned() || index.get<std::uint64_t>() >= end) return wrong("eligible: no such ask");
    out.push_back(index.get<std::size_t>());
    if (out.size() > 1 && out[out.size() - 2] >= out.back()) return wrong("eligible: has to be ascending");
  }
  return out;
}

base::Result<Ranges> read_ranges(const Json& json) {
  if (!json.is_array()) return wrong("closed: has to be a list of lists");
  Ranges out;
  std::int64_t end = 0;
  for (const Json& range : json) {
    if (!range.is_array() || range.size() != 2 || !range[0].is_number_unsigned() || !range[1].is_number_unsigned())
      return wrong("closed: a range is two slots");
    if (range[1].get<std::uint64_t>() > kMostSlots || range[0].get<std::uint64_t>() >= range[1].get<std::uint64_t>())
      return wrong("closed: a range ends after it begins");
    out.emplace_back(range[0].get<std::int64_t>(), range[1].get<std::int64_t>());
    if (out.back().first < end) return wrong("closed: ranges have to be ascending and disjoint");
    end = out.back().second;
  }
  return out;
}

base::Status read_tables(const Json* eligible, const Json* closed, Call& call) {
  if (eligible != nullptr && !eligible->is_null()) {
    if (!eligible->is_array() || eligible->size() != call.bids.size()) return wrong("eligible: a list a bid, or null");
    call.eligible.emplace();
    for (const Json& json : *eligible) {
      TARN_ASSIGN(auto asks, read_indices(json, call.asks.size()));
      call.eligible->push_back(std::move(asks));
    }
  }
  if (closed != nullptr && !closed->is_null()) {
    if (!closed->is_array() || closed->size() != call.asks.size()) return wrong("closed: a list an ask, or null");
    call.closed.emplace();
    for (const Json& json : *closed) {
      TARN_ASSIGN(auto ranges, read_ranges(json));
      call.closed->push_back(std::move(ranges));
    }
  }
  return {};
}

base::Status read_trades(const Json& list, Call& call) {
  if (!list.empty() && (call.bids.empty() || call.asks.empty())) return wrong("trades: of no orders");
  for (const Json& json : list) {
    Fields f(json, "trade");
    Trade t;
    t.bid = static_cast<std::size_t>(f.number("bid", 0, static_cast<std::int64_t>(call.bids.size()) - 1));
    t.ask = static_cast<std::size_t>(f.number("ask", 0, static_cast<std::int64_t>(call.asks.size()) - 1));
    t.units = f.number("units", 1, kMostUnits);
    t.start = f.number("start", 0, kMostSlots);
    t.slots = f.number("slots", 1, kMostSlots);
    if (t.units * t.slots > kMostUnits) f.fail("units", "is too large for so many slots");
    t.pays = f.amount<std::int64_t>("pays");
    t.gets = f.amount<std::int64_t>("gets");
    TARN_TRY(f.done());
    call.trades.push_back(t);
  }
  return {};
}

base::Status read_dual(const Json& list, std::vector<std::int64_t>& dual) {
  dual.reserve(list.size());
  for (const Json& price : list) {
    if (!price.is_number_unsigned() || price.get<std::uint64_t>() > kMostPrice)
      return wrong("dual: prices are whole numbers within their limit");
    dual.push_back(price.get<std::int64_t>());
  }
  return {};
}

base::Result<Call> read_call(const Json& json) {
  Fields f(json, "call");
  Call call;
  call.mechanism = f.words("mechanism", 16);
  const Json* settings = f.find("settings");
  call.first_slot = f.amount<std::int64_t>("first_slot");
  const Json &bids = f.list("bids"), &asks = f.list("asks");
  const Json *eligible = f.find("eligible"), *closed = f.find("closed");
  const Json& trades = f.list("trades");
  call.welfare = f.amount<std::int64_t>("welfare");
  call.upper_bound = f.amount<std::int64_t>("upper_bound");
  if (f.has("dual_bound")) call.dual_bound = f.amount<std::int64_t>("dual_bound");
  call.budget = f.amount<std::int64_t>("budget");
  call.truthful = f.truth("truthful");
  call.note = f.words("note", 4'096);
  call.work = f.amount<std::uint64_t>("work");
  const Json& dual = f.list("dual");
  TARN_TRY(f.done());
  TARN_TRY(read_settings(*settings, call));
  TARN_TRY(read_orders(bids, true, call.bids));
  TARN_TRY(read_orders(asks, false, call.asks));
  TARN_TRY(read_tables(eligible, closed, call));
  TARN_TRY(read_trades(trades, call));
  TARN_TRY(read_dual(dual, call.dual));
  return call;
}

base::Status read_digests(const Json& list, Transcript& transcript) {
  for (const Json& json : list) {
    Fields f(json, "order");
    const auto id = f.amount<std::uint64_t>("id");
    const Digest digest = f.digest("digest");
    TARN_TRY(f.done());
    transcript.orders.emplace_back(id, digest);
  }
  return {};
}

}  // namespace

bool Call::may_serve(std::size_t bid, std::size_t ask) const {
  return !eligible || std::ranges::binary_search((*eligible)[bid], ask);
}

base::Result<Transcript> read_transcript(std::string_view text) {
  TARN_TRY(check_size(text));
  Keys keys;
  const Json json = Json::parse(text.begin(), text.end(), std::ref(keys), false);
  if (json.is_discarded()) return wrong("not JSON");
  if (keys.twice) return wrong("an object has a key twice");
  Fields f(json, "document");
  Transcript t;
  if (f.words("tarn", 16) != "clearing") f.fail("tarn", "has to be \"clearing\"");
  f.number("version", 1, 1);
  t.market = f.amount<std::uint64_t>("market");
  t.number = f.amount<std::uint64_t>("number");
  t.at = f.words("at", 40);
  t.slot_ms = f.number("slot_ms", 1, 86'400'000);
  t.commitment = f.digest("commitment");
  t.operator_seed = f.digest("operator_seed");
  t.seed = f.digest("seed");
  const Json &orders = f.list("orders"), &calls = f.list("calls");
  TARN_TRY(f.done());
  TARN_TRY(read_digests(orders, t));
  for (const Json& one : calls) {
    TARN_ASSIGN(Call call, read_call(one));
    t.calls.push_back(std::move(call));
  }
  return t;
}

}  // namespace verify
