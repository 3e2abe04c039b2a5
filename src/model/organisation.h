// OrganisationId: who an organisation is to everybody else, its Ed25519 public key; as text `org_` and 64 lower-case
// hexadecimal digits. Equality of ids is equality of keys; a name beside it is only a comment.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace model {

struct OrganisationId {
  std::array<std::uint8_t, 32> key{};

  static base::Result<OrganisationId> parse(std::string_view text);
  std::string text() const;
  auto operator<=>(const OrganisationId&) const = default;
};

}  // namespace model
