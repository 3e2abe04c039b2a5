// ResourceClass: what one unit of a request is: a kind (a Kubernetes namespace now, bare-metal servers later) and an
// amount of each resource. Two classes are the same exactly when their canonical encodings are (docs/wire-formats.md).
// Amounts are integers in the resource's base unit: cpu in millicores, memory, ephemeral-storage and storage in bytes,
// everything else (extended resources such as nvidia.com/gpu) in pieces. A value, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace model {

struct ResourceClass {
  static constexpr std::size_t kMaxResources = 16;
  enum class Kind : std::uint8_t { kNamespace = 1 };

  Kind kind = Kind::kNamespace;
  std::map<std::string, std::uint64_t> amounts;  // by Kubernetes resource name; every amount > 0

  // "cpu=1 memory=1Gi nvidia.com/gpu=1": Kubernetes quantities (kubernetes_quantity.h), any order, each name once.
  static base::Result<ResourceClass> parse(std::string_view text);
  std::string text() const;  // the same way, canonical: sorted, each amount in its shortest exact form
  base::Bytes encode() const;
  static std::optional<ResourceClass> decode(base::ByteView bytes);  // only what encode() makes
  // A unit of this class serves where a unit of `wanted` is asked for: same kind, at least as much of everything.
  bool covers(const ResourceClass& wanted) const;
  std::string family() const;  // what lookups name: the kind alone ("namespace")

  bool operator==(const ResourceClass&) const = default;
};

}  // namespace model
