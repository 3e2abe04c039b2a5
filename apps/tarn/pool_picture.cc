#include <algorithm>

#include "model/money.h"
#include "tarn/output.h"
#include "tarn/pool_demo.h"

namespace tarn {
namespace {

struct Pen {
  const char *line, *dots, *bar;
  const char *box_top, *box_middle, *box_bottom;  // of the requester
  const char *first, *other, *last, *trunk;       // where a provider's line begins; where the requester's meets them
  const char *won, *lost, *out;
};
constexpr Pen kUnicode{"─", "┄", "│", "┌───────────┐   ", "│ requester ├───", "└───────────┘   ", "┌", "├", "└", "┼",
                       "✓", "–", "·"};
constexpr Pen kAscii{"-", ".", "|", "+-----------+   ", "| requester +---", "+-----------+   ", "+", "+", "+", "+",
                     "*", "-", "."};

// A name of the configuration, cut where it would push the rest off the screen.
std::string cut(const std::string& text, std::size_t width) {
  std::size_t shown = 0, at = 0;
  for (; at < text.size(); ++at)
    if ((text[at] & 0xc0) != 0x80 && shown++ == width) break;
  return text.substr(0, at);
}

std::string learned(const PoolDemoProvider& p) {
  if (!p.lease) return std::string(word(p.fate));
  return "sold " + std::to_string(p.lease->units) + " for " + model::credits_text(p.lease->hourly_payment) +
         " credits an hour";
}

std::string link(const PoolDemoProvider& p, const Pen& pen) {
  const bool computed = p.fate == Fate::kWon || p.fate == Fate::kLost;
  const std::string stroke = computed ? pen.line : pen.dots;
  const std::string distance = p.rtt_ms ? fixed(*p.rtt_ms, 1) + " ms" : "?";
  std::string out;
  for (std::size_t width = distance.size(); width < 10; ++width) out += stroke;
  return out + " " + distance + " " + stroke + stroke + " " +
         (p.fate == Fate::kWon ? pen.won
          : computed           ? pen.lost
                               : pen.out) +
         " " + cut(p.book.name, 16);
}

// The requester at the left, its box around the middle row; a line to each provider, with the measured distance.
std::string picture(const std::vector<PoolDemoProvider>& providers, const Pen& pen) {
  const std::size_t n = providers.size(), middle = n / 2;
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < n; ++i) {
    std::string row = i + 1 == middle   ? pen.box_top
                      : i == middle     ? pen.box_middle
                      : i == middle + 1 ? pen.box_bottom
                                        : std::string(16, ' ');
    row += i == middle ? pen.trunk : i == 0 ? pen.first : i + 1 == n ? pen.last : pen.other;
    rows.push_back({row + link(providers[i], pen), learned(providers[i])});
  }
  return table(rows) + "\n" + pen.won + " won   " + pen.lost + " computed, not selected   " + pen.out +
         " did not take part   " + pen.line + pen.line + " in the session\n";
}

std::string books(const PoolBooks& b) {
  std::vector<std::vector<std::string>> rows{{"party", "units", "credits for a unit and hour"}};
  rows.push_back(
      {"requester", "wants " + std::to_string(b.quantity), "pays at most " + model::credits_text(b.max_price)});
  for (const LocalBook& book : b.providers)
    rows.push_back({cut(book.name, 16), "has " + std::to_string(book.capacity), "asks " + cut(book.price, 50)});
  return table(rows);
}

std::string name_of(const PoolDemo& demo, const std::string& id) {
  for (const PoolDemoProvider& p : demo.providers)
    if (p.id == id) return cut(p.book.name, 16);
  return id;
}

std::string leases(const PoolDemo& demo) {
  if (demo.request.leases.empty()) return "no lease: nobody drawn has so much at this price\n";
  std::vector<std::vector<std::string>> rows{{"lease", "provider", "units", "credits an hour"}};
  for (const DemoLease& lease : demo.request.leases)
    rows.push_back({lease.id, name_of(demo, lease.provider), std::to_string(lease.units),
                    model::credits_text(lease.hourly_payment)});
  return table(rows);
}

// What the tenant found on the cluster, as the server said it.
std::string handover(const Handover& h) {
  std::vector<std::vector<std::string>> rows{{"quota", "granted", "used"}};
  for (const Handover::Quota& q : h.quota)
    if (q.granted != "0") rows.push_back({q.resource, q.granted, q.used});
  std::string out = "The namespace " + h.tenant_namespace + ", by its own kubeconfig\n" + table(rows);
  out += std::string("made a ConfigMap:      ") + (h.made ? "yes" : "no") + "\n";
  out += "a pod beyond it:       refused: " + cut(h.beyond, 300) + "\n";
  out += "others' secrets:       refused: " + cut(h.elsewhere, 300) + "\n";
  if (h.gone_ms)
    out += "after the release:     namespace gone, token refused, " + fixed(static_cast<double>(*h.gone_ms) / 1000, 1) +
           " s later\n";
  return out + "\n";
}

std::string inventories(const std::vector<PoolDemoProvider>& providers) {
  std::vector<std::vector<std::string>> rows{{"provider", "free", "leased", "free then", "leased then"}};
  for (const PoolDemoProvider& p : providers)
    rows.push_back({cut(p.book.name, 16), std::to_string(p.leased.free), std::to_string(p.leased.leased),
                    std::to_string(p.released.free), std::to_string(p.released.leased)});
  return table(rows);
}

}  // namespace

std::string to_text(const PoolDemo& demo, bool unicode) {
  const RequestSaid& r = demo.request;
  std::string out = std::to_string(demo.providers.size()) +
                    " providers, a requester and a node of the hash table, a process each; " + demo.books.mechanism +
                    "\na unit: " + cut(demo.books.resource_class, 80) + "\n\n";
  out += "The books, which only this demo has all of\n" + books(demo.books) + "\n";
  out += "What each provider learned\n" + picture(demo.providers, unicode ? kUnicode : kAscii) + "\n";
  out += "What the requester learned\n" + leases(demo) + "\n";
  out += table({{"discovery ms", "agreement ms", "computation ms", "delivery ms", "total ms"},
                {fixed(r.discovery_ms, 0), fixed(r.agreement_ms, 0), fixed(r.mpc_ms, 0), fixed(r.delivery_ms, 0),
                 fixed(r.total_ms, 0)}}) +
         "\n";
  if (!demo.cluster.empty()) out += "What was delivered on " + demo.cluster + "\n\n";
  for (const Handover& h : demo.handovers) out += handover(h);
  out += "Units, as each provider counts them: with the lease, and then after its release\n" +
         inventories(demo.providers) + "\n";
  out += demo.equals_plain
             ? "The open evaluation of the books of those who computed gives the same result.\n"
             : "THE RESULT DIFFERS from the open evaluation of the books of those who computed. This is a bug.\n";
  return out;
}

}  // namespace tarn
