#include "api/routes.h"

#include "api/text.h"

namespace api {

namespace {

std::vector<Route> all_routes() {
  std::vector<Route> out;
  for (const auto& table : {hil_project_routes(), hil_node_routes(), hil_network_routes(), hil_switch_routes(),
                            service_routes(), project_routes(), node_routes(), bmc_routes(), network_routes(),
                            change_routes(), switch_routes(), user_routes(), event_routes()})
    out.insert(out.end(), table.begin(), table.end());
  return out;
}

struct Split {
  const Route* route;
  std::vector<std::string> segments;
};

const std::vector<Split>& split_routes() {
  static const std::vector<Split> kSplit = [] {
    std::vector<Split> out;
    for (const Route& route : routes()) {
      Split split{&route, {}};
      std::string_view rest = route.path;
      while (!rest.empty()) {
        rest.remove_prefix(1);
        const std::string_view segment = rest.substr(0, rest.find('/'));
        split.segments.emplace_back(segment);
        rest.remove_prefix(segment.size());
      }
      out.push_back(std::move(split));
    }
    return out;
  }();
  return kSplit;
}

// The segments as the template's parts have them: a part {name*} takes as many as the others leave, joined by '/'.
std::optional<std::vector<std::string>> parted(const Split& split, const std::vector<std::string>& segments) {
  if (segments.size() < split.segments.size()) return std::nullopt;
  std::size_t spare = segments.size() - split.segments.size();
  std::vector<std::string> out;
  std::size_t at = 0;
  for (const std::string& part : split.segments) {
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

std::span<const Route> routes() {
  static const std::vector<Route> kRoutes = all_routes();
  return kRoutes;
}

Match match(std::string_view method, const std::vector<std::string>& segments) {
  Match out;
  for (const Split& split : split_routes()) {
    const auto texts = parted(split, segments);
    if (!texts) continue;
    out.allow += (out.allow.empty() ? "" : ", ") + std::string(split.route->method);
    if (split.route->method != method) continue;
    out.route = split.route;
    for (std::size_t i = 0; i < texts->size(); ++i)
      if (split.segments[i][0] == '{') out.parameters.emplace_back(name_of(split.segments[i]), (*texts)[i]);
    return out;
  }
  return out;
}

}  // namespace api
