#include "api/endpoint.h"

#include <optional>

namespace api {

namespace {

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    out.emplace_back(path.substr(0, path.find('/')));
    path.remove_prefix(out.back().size());
  }
  return out;
}

// The segments as the template's parts have them: a part {name*} takes as many as the others leave, joined by '/'.
std::optional<std::vector<std::string>> parted(const std::vector<std::string>& parts,
                                               const std::vector<std::string>& segments) {
  if (segments.size() < parts.size()) return std::nullopt;
  std::size_t spare = segments.size() - parts.size();
  std::vector<std::string> out;
  std::size_t at = 0;
  for (const std::string& part : parts) {
    std::string text = segments[at++];
    if (part[0] != '{' && part != text) return std::nullopt;
    for (; part.ends_with("*}") && spare > 0; --spare) text += "/" + segments[at++];
    out.push_back(std::move(text));
  }
  return at == segments.size() ? std::optional(std::move(out)) : std::nullopt;
}

// {name}, {name*}: name.
std::string name_of(std::string_view part) {
  part.remove_prefix(1);
  part.remove_suffix(part.ends_with("*}") ? 2 : 1);
  return std::string(part);
}

}  // namespace

Endpoints::Endpoints(std::vector<Endpoint> all) : all_(std::move(all)) {
  split_.reserve(all_.size());
  for (const Endpoint& one : all_) split_.push_back(parts_of(one.path));
}

Endpoints::Match Endpoints::match(std::string_view method, const std::vector<std::string>& segments) const {
  Match out;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const auto texts = parted(split_[i], segments);
    if (!texts) continue;
    out.allow += (out.allow.empty() ? "" : ", ") + std::string(all_[i].method);
    if (all_[i].method != method) continue;
    out.endpoint = &all_[i];
    for (std::size_t k = 0; k < texts->size(); ++k)
      if (split_[i][k][0] == '{') out.parameters.emplace_back(name_of(split_[i][k]), (*texts)[k]);
    return out;
  }
  return out;
}

}  // namespace api
