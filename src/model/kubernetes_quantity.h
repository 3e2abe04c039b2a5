// Kubernetes resource names and quantities, exactly: an amount is an integer in the resource's base unit (cpu in
// millicores, memory, ephemeral-storage and storage in bytes, everything else in pieces), and what is no such integer is
// refused, where Kubernetes would round it up.
//   text: digits with at most one point, then nothing, n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or e/E and an exponent
// Errors: kInvalidInput with the resource's name and what to write. Pure, any thread.
// Source: k8s.io/apimachinery/pkg/api/resource and the rules for names in k8s.io/kubernetes/pkg/apis/core.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace model {

// cpu, memory, ephemeral-storage, storage (of volumes), pods; or an extended resource: DNS domain / name, the domain not Kubernetes' own.
bool valid_resource_name(std::string_view name);

// `resource` is a valid name.
base::Result<std::uint64_t> parse_quantity(std::string_view resource, std::string_view text);
// Canonical: a whole number with the suffix that makes it shortest; for bytes the binary one if both are as short.
std::string quantity_text(std::string_view resource, std::uint64_t amount);

}  // namespace model
