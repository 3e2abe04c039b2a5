#include "model/resource_class.h"

#include <algorithm>

#include "base/encoding.h"
#include "model/kubernetes_quantity.h"

namespace model {
namespace {

constexpr std::size_t kMaxText = 1024, kMaxName = 320;

base::Error refused(std::string message) { return {base::Code::kInvalidInput, std::move(message)}; }

bool valid(const ResourceClass& c) {
  return !c.amounts.empty() && c.amounts.size() <= ResourceClass::kMaxResources &&
         std::all_of(c.amounts.begin(), c.amounts.end(),
                     [](const auto& entry) { return valid_resource_name(entry.first) && entry.second > 0; });
}

}  // namespace

base::Result<ResourceClass> ResourceClass::parse(std::string_view text) {
  if (text.size() > kMaxText) return refused("a resource class of more than 1024 characters");
  ResourceClass out;
  for (std::size_t at = text.find_first_not_of(' '); at < text.size(); at = text.find_first_not_of(' ', at)) {
    const std::string_view word = text.substr(at, std::min(text.find(' ', at), text.size()) - at);
    at += word.size();
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string name(word.substr(0, equals));
    if (equals == word.size() || !valid_resource_name(name))
      return refused(
          "a resource class is written as \"cpu=1 memory=1Gi nvidia.com/gpu=1\": names are cpu, memory, "
          "ephemeral-storage, storage, pods and DOMAIN/NAME");
    TARN_ASSIGN(const std::uint64_t amount, parse_quantity(name, word.substr(equals + 1)));
    if (amount == 0) return refused(name + ": must be more than 0; leave out what is not needed");
    if (!out.amounts.emplace(name, amount).second) return refused(name + ": named twice");
  }
  if (out.amounts.empty()) return refused("a resource class names at least one resource, such as cpu=1");
  if (out.amounts.size() > kMaxResources) return refused("a resource class names at most 16 resources");
  return out;
}

std::string ResourceClass::text() const {
  std::string out;
  for (const auto& [name, amount] : amounts) out += (out.empty() ? "" : " ") + name + "=" + quantity_text(name, amount);
  return out;
}

base::Bytes ResourceClass::encode() const {
  CHECK(valid(*this));
  base::Writer out;
  out.u8(static_cast<std::uint8_t>(kind)).u8(static_cast<std::uint8_t>(amounts.size()));
  for (const auto& [name, amount] : amounts) out.text(name).u64(amount);
  return out.take();
}

std::optional<ResourceClass> ResourceClass::decode(base::ByteView bytes) {
  base::Reader in(bytes);
  if (in.u8() != static_cast<std::uint8_t>(Kind::kNamespace)) return std::nullopt;
  ResourceClass out;
  const std::size_t count = in.u8();
  if (count > kMaxResources) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    std::string name = in.text(kMaxName);
    if (!out.amounts.empty() && name <= out.amounts.rbegin()->first) return std::nullopt;  // sorted, each once
    out.amounts.emplace_hint(out.amounts.end(), std::move(name), in.u64());
  }
  if (!in.done() || !valid(out)) return std::nullopt;
  return out;
}

bool ResourceClass::covers(const ResourceClass& wanted) const {
  return kind == wanted.kind && std::all_of(wanted.amounts.begin(), wanted.amounts.end(), [&](const auto& entry) {
           const auto ours = amounts.find(entry.first);
           return ours != amounts.end() && ours->second >= entry.second;
         });
}

std::string ResourceClass::family() const { return "namespace"; }

}  // namespace model
