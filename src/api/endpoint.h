// Endpoints: the calls of an API as far as they have nothing to do with whom it serves: what dispatches a request, checks
// its query and body, and documents it. Each service has a table of its own (routes.h, market_routes.h) that this is made
// from, so that a call that is not in its table does not exist.
// Threads: any; a value.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace api {

enum class Kind : std::uint8_t {
  kOpen,     // for anybody, without a transaction
  kRead,     // in one transaction that changes nothing
  kWrite,    // in one that may
  kOutside,  // waits, or talks to the world: makes its transactions itself
};

struct Endpoint {
  std::string_view method, path;  // "/v1/nodes/{node}"; {port*} takes several segments
  Kind kind = Kind::kOpen;
  std::string_view action;    // its name in the rules of who may; empty: anybody's
  unsigned status = 200;      // of success
  std::string_view summary;   // a sentence
  std::string_view request;   // the body's schema; empty: no body
  std::string_view response;  // empty: no body
  std::string_view query;     // names, separated by spaces; "metadata." is a prefix
  std::string_view type;      // of the answer
};
// Of a row of a service's table.
template <class Row>
Endpoint endpoint_of(const Row& row, std::string_view action) {
  return {.method = row.method,
          .path = row.path,
          .kind = row.kind,
          .action = action,
          .status = row.status,
          .summary = row.summary,
          .request = row.request,
          .response = row.response,
          .query = row.query,
          .type = row.type};
}
inline bool changes_something(const Endpoint& endpoint) { return endpoint.method != "GET"; }

class Endpoints {
 public:
  explicit Endpoints(std::vector<Endpoint> all);
  std::span<const Endpoint> all() const { return all_; }

  struct Match {
    const Endpoint* endpoint = nullptr;  // none: see allow
    std::vector<std::pair<std::string, std::string>> parameters;
    std::string allow;  // the methods that there are for this path; empty: none
  };
  Match match(std::string_view method, const std::vector<std::string>& segments) const;
  std::size_t index_of(const Endpoint& one) const { return static_cast<std::size_t>(&one - all_.data()); }

 private:
  std::vector<Endpoint> all_;
  std::vector<std::vector<std::string>> split_;  // the paths' segments
};

}  // namespace api
