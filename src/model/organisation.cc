#include "model/organisation.h"

#include <algorithm>

#include "base/bytes.h"

namespace model {

namespace {
constexpr std::string_view kPrefix = "org_";
}

base::Result<OrganisationId> OrganisationId::parse(std::string_view text) {
  const base::Error wrong{base::Code::kInvalidInput,
                          "an organisation id is org_ and 64 hexadecimal digits (print yours with: tarn id FILE)"};
  if (!text.starts_with(kPrefix)) return wrong;
  const auto bytes = base::from_hex(text.substr(kPrefix.size()));
  if (!bytes || bytes->size() != 32) return wrong;
  OrganisationId id;
  std::copy(bytes->begin(), bytes->end(), id.key.begin());
  return id;
}

std::string OrganisationId::text() const { return std::string(kPrefix) + base::to_hex(key); }

}  // namespace model
