// Call: one request on its way through its handler, with what a handler of the isolation service needs besides.
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

struct Call : Exchange {
  Call(IsolationService& of, const net::HttpRequest& asked_for, const Endpoint& at_endpoint, const Route& by)
      : Exchange(asked_for, at_endpoint), service(of), route(&by) {}

  IsolationService& service;
  const Route* route;
  isolation::Caller caller = {};
  std::string_view hil_conflict = {};  // of a conflict in /v0: HIL's type, if not the route's

  isolation::Transaction* store = nullptr;  // kRead, kWrite
  isolation::Rules* in_transaction = nullptr;
  std::optional<std::string> password_hash = {};  // of the body's password, where a route prepares it
  std::set<isolation::Id> wake_switches = {}, look_at_switches = {};  // after the commit
  bool wake_releaser = false;

  isolation::Rules& rules() { return *in_transaction; }
  bool sees_topology() const;            // switches, ports, addresses of controllers
  base::Result<isolation::Page> page();  // ?after=&limit=

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

template <class Row>
Reply page_reply(const isolation::Page& page, std::vector<Row> rows, const std::function<Json(const Row&)>& shown,
                 const std::function<std::string(const Row&)>& cursor) {
  return page_reply<Row>(page.limit, std::move(rows), shown, cursor);
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
