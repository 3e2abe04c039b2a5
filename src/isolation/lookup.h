// What the rules share: rows that have to be there, names that can be, and the words for those that cannot.
// Threads: as the Transaction. Errors: kNotFound for a name without a row, kInvalidInput for what can be none, kStorage
// for an id without a row, which nothing here leaves behind.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/random.h"
#include "base/result.h"
#include "isolation/access.h"
#include "isolation/store.h"
#include "isolation/types.h"

namespace isolation {

inline constexpr std::size_t kMaxName = 63, kMaxText = 64 * 1024, kMaxPage = 1'000;
inline constexpr std::size_t kAllChanges = 1'000'000;  // more than are open at any time

std::string named(std::string_view kind, std::string_view name);  // node "n1"; one short line whatever the name is
base::Error conflict(std::string message);
base::Error not_found(std::string message);
base::Error invalid(std::string message);

base::Status check_name(std::string_view kind, std::string_view name);
base::Status check_port_name(std::string_view name);  // switches' own names: / and : too
base::Status check_text(std::string_view kind, std::string_view text);
base::Status check_vlan(std::uint32_t vlan);
base::Result<std::string> normal_mac(std::string_view mac);  // aa:bb:cc:dd:ee:ff from any case, and from -
std::string make_uuid(base::Random& random);                 // RFC 4122, section 4.4
Page bounded(Page page);

template <class T>
base::Result<T> need(Found<T> found, std::string_view kind, std::string_view name) {
  if (!found.ok()) return found.error();
  if (!*found) return not_found("There is no " + named(kind, name) + ": look for its name in the list");
  return std::move(**found);
}
template <class T>
base::Result<T> need_row(Found<T> found) {
  if (!found.ok()) return found.error();
  if (!*found)
    return base::Error{base::Code::kStorage, "a row that another refers to is missing: restore the database"};
  return std::move(**found);
}

base::Result<std::string> project_name(Transaction& store, std::optional<Id> project);  // "" if none, or gone

// Whether what is in `project` may be connected to it.
base::Result<bool> may_use(Transaction& store, const Network& network, Id project);
// Whether the caller may know of it: one of its projects may use it.
base::Result<bool> may_see(Transaction& store, const Caller& caller, const Network& network);

std::string channel_name(const Network& network, Channel channel);                      // "vlan/native", "vlan/101"
base::Result<Channel> parse_channel(const Network& network, std::string_view channel);  // "": native

}  // namespace isolation
