#include "auction/clearing/transcript.h"

#include <string_view>

#include "auction/clearing/certificate.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/json_string.h"

namespace auction::clearing {
namespace {

// What does not fit in the 53 bits that every JSON reader keeps is text.
template <class Integer>
std::string as_text(Integer value) {
  return '"' + std::to_string(value) + '"';
}

std::string as_hex(const Digest& digest) { return '"' + base::to_hex(digest) + '"'; }

std::string_view as_bool(bool value) { return value ? "true" : "false"; }

class Fields {
 public:
  explicit Fields(std::string& out) : out_(out) { out_ += '{'; }
  Fields& raw(std::string_view name, std::string_view json) {
    if (!first_) out_ += ',';
    first_ = false;
    out_.append(1, '"').append(name).append("\":").append(json);
    return *this;
  }
  Fields& number(std::string_view name, std::int64_t value) { return raw(name, std::to_string(value)); }
  void end() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

template <class Range, class Write>
void list(std::string& out, const Range& range, Write write) {
  out += '[';
  bool first = true;
  for (const auto& item : range) {
    if (!first) out += ',';
    first = false;
    write(item);
  }
  out += ']';
}

void write_order(std::string& out, const Order& order, bool bid) {
  Fields fields(out);
  fields.raw("order", as_text(order.id)).raw("arrival", as_text(order.arrival));
  fields.number("organisation", order.organisation).number("price", order.price);
  fields.number("min_units", order.min_units).number("max_units", order.max_units);
  fields.number("earliest", order.earliest).number("latest_end", order.latest_end);
  fields.number("min_slots", order.min_slots).number("max_slots", order.max_slots);
  if (bid) {
    fields.raw("same_site", as_bool(order.same_site));
  } else {
    fields.number("site", order.site);
  }
  fields.end();
}

void write_settings(std::string& out, const Settings& settings) {
  Fields fields(out);
  fields.number("kappa_permille", settings.kappa_permille).raw("deficit_cap", as_text(settings.deficit_cap));
  fields.raw("payments", base::json_string(payments_name(settings.payments)));
  fields.raw("work_limit", as_text(settings.work_limit)).end();
}

void write_tables(std::string& out, const Call& call) {
  out += ",\n\"eligible\":";
  if (call.eligible.empty()) {
    out += "null";
  } else {
    list(out, call.eligible,
         [&](const auto& asks) { list(out, asks, [&](Index ask) { out += std::to_string(ask); }); });
  }
  out += ",\n\"closed\":";
  if (call.closed.empty()) {
    out += "null";
    return;
  }
  list(out, call.closed, [&](const auto& ranges) {
    list(out, ranges, [&](const SlotRange& range) {
      out += '[' + std::to_string(range.from) + ',' + std::to_string(range.to) + ']';
    });
  });
}

void write_outcome(std::string& out, const Call& call, const Outcome& outcome) {
  out += ",\n\"trades\":";
  list(out, outcome.trades, [&](const Trade& trade) {
    out += '\n';
    Fields fields(out);
    fields.number("bid", trade.bid).number("ask", trade.ask).number("units", trade.units);
    fields.number("start", trade.start).number("slots", trade.slots);
    fields.raw("pays", as_text(trade.pays)).raw("gets", as_text(trade.gets)).end();
  });
  out += ",\n\"welfare\":" + as_text(outcome.welfare) + ",\"upper_bound\":" + as_text(outcome.upper_bound);
  if (call.settings.mechanism == Mechanism::kCombinatorial)
    out += ",\"dual_bound\":" + as_text(bound_of_prices(call, outcome.dual));
  out += ",\"budget\":" + as_text(outcome.budget) + ",\"truthful\":";
  out.append(as_bool(outcome.truthful)).append(",\"note\":").append(base::json_string(outcome.note));
  out += ",\"work\":" + as_text(outcome.work) + ",\n\"dual\":";
  list(out, outcome.dual, [&](std::int64_t price) { out += std::to_string(price); });
}

void write_call(std::string& out, const ClearedCall& cleared) {
  CHECK(cleared.call != nullptr && cleared.outcome != nullptr);
  const Call& call = *cleared.call;
  out += "{\"mechanism\":" + base::json_string(properties(call.settings.mechanism).name) + ",\"settings\":";
  write_settings(out, call.settings);
  out += ",\"first_slot\":" + as_text(cleared.first_slot) + ",\n\"bids\":";
  const auto order = [&](bool bid) {
    return [&out, bid](const Order& one) {
      out += '\n';
      write_order(out, one, bid);
    };
  };
  list(out, call.bids, order(true));
  out += ",\n\"asks\":";
  list(out, call.asks, order(false));
  write_tables(out, call);
  write_outcome(out, call, *cleared.outcome);
  out += '}';
}

}  // namespace

std::string transcript(const TranscriptHeader& header, std::span<const ClearedCall> calls) {
  std::string out;
  Fields fields(out);
  fields.raw("tarn", "\"clearing\"").number("version", 1);
  fields.raw("market", as_text(header.market)).raw("number", as_text(header.number));
  fields.raw("at", base::json_string(header.at)).number("slot_ms", header.slot_ms);
  fields.raw("commitment", as_hex(header.commitment)).raw("operator_seed", as_hex(header.operator_seed));
  fields.raw("seed", as_hex(header.seed));
  out += ",\n\"orders\":";
  list(out, header.orders, [&](const OrderDigest& order) {
    out += "\n{\"id\":" + as_text(order.id) + ",\"digest\":" + as_hex(order.digest) + '}';
  });
  out += ",\n\"calls\":";
  list(out, calls, [&](const ClearedCall& cleared) {
    out += '\n';
    write_call(out, cleared);
  });
  fields.end();
  out += '\n';
  return out;
}

}  // namespace auction::clearing
