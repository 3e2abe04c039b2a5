// Call: one request on its way through its handler, with all that a handler needs; Reply: what it comes to.
// A handler of kind kRead or kWrite runs within one transaction, with rules() for the caller. One of kind kOutside waits
// or talks to the world, and makes its own transactions with read() and write().
// Threads: as one request.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/json.h"
#include "api/routes.h"
#include "api/service.h"
#include "api/text.h"
#include "isolation/rules.h"

namespace api {

struct Reply {
  unsigned status = 0;  // 0: the route's
  std::optional<Json> body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  Stream stream = {};
  std::string content_type = "application/json";
  std::optional<std::string> text = {};  // instead of a body
  std::optional<Json> kept = {};         // what a repetition gets instead of the body, where that has a secret
};

struct Call {
  IsolationService& service;
  const net::HttpRequest& request;
  const Route* route = nullptr;
  std::vector<std::pair<std::string, std::string>> path = {};  // the template's parameters
  Parameters query = {};
  Json body = {};
  isolation::Caller caller = {};
  std::optional<int> retry_after_s = {};         // not before: 429
  std::string_view later = "too_many_failures";  // and the problem's code then
  std::string field = {};                        // of an error: which part of the request it is about
  std::string_view hil_conflict = {};            // of a conflict in /v0: HIL's type, if not the route's

  isolation::Transaction* store = nullptr;  // kRead, kWrite
  isolation::Rules* in_transaction = nullptr;
  std::optional<std::string> password_hash = {};  // of the body's password, where a route prepares it
  std::set<isolation::Id> wake_switches = {}, look_at_switches = {};  // after the commit
  bool wake_releaser = false;

  isolation::Rules& rules() { return *in_transaction; }
  bool sees_topology() const;                                        // switches, ports, addresses of controllers
  std::string at(std::string_view name) const;                       // of the path
  std::optional<std::string> asked(std::string_view name) const;     // of the query
  base::Error refuse(std::string_view which, std::string_view why);  // kInvalidInput, and its field
  base::Error come_later();                                          // 429: the caller has too much going on at once
  base::Result<isolation::Page> page();                              // ?after=&limit=
  base::Result<std::int64_t> wait_ms();                              // ?wait_ms=, at most kLongestWaitMs
  base::Result<std::int64_t> time(std::string_view name);            // a member of the body, RFC 3339
  base::Result<std::int64_t> digits(std::string_view name, std::string_view text);

  // Both ask the driver first whether it is one of its own: kInvalidInput, which says what there is. Neither connects.
  base::Status create_switch(const isolation::SwitchRecord& record);
  base::Status create_node(isolation::NewNode node, std::string_view bmc_password);

  using Work = std::function<base::Status(isolation::Rules&, isolation::Transaction&)>;
  base::Status read(const Work& work);
  base::Status write(const Work& work);
  // Notes which switches have work from this operation.
  base::Status wake_for(isolation::Transaction& store, std::string_view operation);
  // Notes that a switch's port is new, or has another NIC: nobody gets that before the port was seen.
  base::Status look_at(isolation::Transaction& store, std::string_view switch_name);
};

inline constexpr std::int64_t kLongestWaitMs = 30'000;
inline constexpr std::size_t kMostOnAPage = 500;  // one more is asked for, and the rules give 1,000 at most

// A page's body from one row more than asked for: {"items", "next"}. `cursor`: of a row, what `after` is behind it.
template <class Row>
Reply page_reply(const isolation::Page& page, std::vector<Row> rows, const std::function<Json(const Row&)>& shown,
                 const std::function<std::string(const Row&)>& cursor) {
  Json items = Json::array(), next;
  const bool more = rows.size() > page.limit;
  if (more) rows.resize(page.limit);
  for (const Row& row : rows) items.push(shown(row));
  if (more) next = cursor(rows.back());
  return {.body = Json::object({{"items", std::move(items)}, {"next", std::move(next)}})};
}

// The page with one row more, to know whether there are any.
inline isolation::Page and_one(isolation::Page page) {
  ++page.limit;
  return page;
}

// All rows, page by page, up to kMostOfAll.
inline constexpr std::size_t kMostOfAll = 1'000'000;
template <class Row>
base::Result<std::vector<Row>> all_rows(const std::function<isolation::Rows<Row>(const isolation::Page&)>& rows) {
  std::vector<Row> out;
  isolation::Page page{.after = "", .limit = kMostOnAPage};
  while (out.size() < kMostOfAll) {
    TARN_ASSIGN(std::vector<Row> more, rows(page));
    const bool last = more.size() < page.limit;
    for (Row& row : more) out.push_back(std::move(row));
    if (last) break;
    page.after = out.back().name;
  }
  return out;
}

}  // namespace api
