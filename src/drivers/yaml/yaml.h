// YAML as kubeconfigs and inventories use it, as a tree of texts: what a scalar means is for whoever reads it. One
// document; anchors, aliases and tags are refused (a few bytes of them can mean gigabytes), and so are two fields of one
// name.
// Limits: text, depth, number of nodes. The texts may be secrets, so they are zeroed when they go.
// Errors: kInvalidInput with the line, never with the text. A value, any thread. libyaml parses.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace drivers {

struct YamlLimits {
  std::size_t text = 1024 * 1024, nodes = 20'000;
};

struct YamlNode {
  static constexpr std::size_t kMaxDepth = 32;

  enum class Kind : std::uint8_t { kNull, kText, kList, kFields };
  Kind kind = Kind::kNull;
  std::size_t line = 0;  // from 1; 0: it is not in the text
  std::string text;
  std::vector<YamlNode> items;
  std::vector<std::pair<std::string, YamlNode>> fields;

  YamlNode() = default;
  YamlNode(YamlNode&&) noexcept = default;
  YamlNode& operator=(YamlNode&&) noexcept = default;
  YamlNode(const YamlNode&) = delete;
  YamlNode& operator=(const YamlNode&) = delete;
  ~YamlNode();

  // The field, or a null node if there is none.
  const YamlNode& at(std::string_view name) const;
};

base::Result<YamlNode> parse_yaml(std::string_view text, const YamlLimits& limits = {});

// In double quotes, printable ASCII alone: whatever `text` is, it stays one string. What is not UTF-8 becomes U+FFFD.
std::string yaml_string(std::string_view text);

}  // namespace drivers
