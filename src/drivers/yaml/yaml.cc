#include "drivers/yaml/yaml.h"

#include <yaml.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/bytes.h"
#include "base/json_string.h"

namespace drivers {

namespace {

base::Error refused(std::size_t line, const std::string& why) {
  return {base::Code::kInvalidInput, "line " + std::to_string(line + 1) + ": " + why};
}

class Parser {
 public:
  Parser(std::string_view text, std::size_t most_nodes) : most_nodes_(most_nodes) {
    CHECK(yaml_parser_initialize(&parser_) == 1);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
  }
  ~Parser() {
    drop_event();
    yaml_parser_delete(&parser_);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  base::Result<YamlNode> document() {
    TARN_TRY(next());  // the stream's start
    TARN_TRY(next());
    if (event_.type == YAML_STREAM_END_EVENT) return refused(0, "there is nothing here");
    TARN_TRY(next());
    TARN_ASSIGN(YamlNode root, node(0));
    TARN_TRY(next());  // the document's end
    TARN_TRY(next());
    if (event_.type != YAML_STREAM_END_EVENT) return refused(line(), "more than one document");
    return root;
  }

 private:
  std::size_t line() const { return event_.start_mark.line; }

  void drop_event() {
    if (event_.type == YAML_SCALAR_EVENT) base::wipe(event_.data.scalar.value, event_.data.scalar.length);
    yaml_event_delete(&event_);  // leaves an empty one
  }

  base::Status next() {
    drop_event();
    if (yaml_parser_parse(&parser_, &event_) != 1) {
      event_ = {};
      return refused(parser_.problem_mark.line, "this is no YAML");
    }
    return {};
  }

  // Of the event at hand; afterwards its last one is at hand.
  base::Result<YamlNode> node(std::size_t depth) {
    if (depth > YamlNode::kMaxDepth || ++nodes_ > most_nodes_) return refused(line(), "too much, or too deep");
    const std::size_t begin = line() + 1;
    TARN_ASSIGN(YamlNode made, value(depth));
    made.line = begin;
    return made;
  }

  base::Result<YamlNode> value(std::size_t depth) {
    switch (event_.type) {
      case YAML_SCALAR_EVENT: return scalar();
      case YAML_SEQUENCE_START_EVENT:
        if (event_.data.sequence_start.anchor != nullptr || event_.data.sequence_start.tag != nullptr) return fancy();
        return list(depth);
      case YAML_MAPPING_START_EVENT:
        if (event_.data.mapping_start.anchor != nullptr || event_.data.mapping_start.tag != nullptr) return fancy();
        return fields(depth);
      default: return fancy();
    }
  }

  base::Error fancy() const { return refused(line(), "anchors, aliases and tags are not understood here"); }

  base::Result<YamlNode> scalar() const {
    const auto& found = event_.data.scalar;
    if (found.anchor != nullptr || found.tag != nullptr) return fancy();
    YamlNode made;
    made.text.assign(reinterpret_cast<const char*>(found.value), found.length);
    const bool plain = found.style == YAML_PLAIN_SCALAR_STYLE;
    if (plain && (made.text.empty() || made.text == "null" || made.text == "~")) return YamlNode();
    made.kind = YamlNode::Kind::kText;
    return made;
  }

  base::Result<YamlNode> list(std::size_t depth) {
    YamlNode made;
    made.kind = YamlNode::Kind::kList;
    for (;;) {
      TARN_TRY(next());
      if (event_.type == YAML_SEQUENCE_END_EVENT) return made;
      TARN_ASSIGN(YamlNode item, node(depth + 1));
      made.items.push_back(std::move(item));
    }
  }

  base::Result<YamlNode> fields(std::size_t depth) {
    YamlNode made;
    made.kind = YamlNode::Kind::kFields;
    for (;;) {
      TARN_TRY(next());
      if (event_.type == YAML_MAPPING_END_EVENT) return made;
      if (event_.type != YAML_SCALAR_EVENT) return refused(line(), "a field's name is no text");
      TARN_ASSIGN(const YamlNode name, scalar());
      const bool twice = std::any_of(made.fields.begin(), made.fields.end(),
                                     [&](const auto& field) { return field.first == name.text; });
      if (twice) return refused(line(), "a field is here twice");
      TARN_TRY(next());
      TARN_ASSIGN(YamlNode value, node(depth + 1));
      made.fields.emplace_back(name.text, std::move(value));
    }
  }

  yaml_parser_t parser_{};
  yaml_event_t event_{};
  const std::size_t most_nodes_;
  std::size_t nodes_ = 0;
};

// The code of \uXXXX at `at`, or 0.
unsigned escaped_unit(std::string_view text, std::size_t at) {
  unsigned code = 0;
  if (text.size() < at + 6 || text.substr(at, 2) != "\\u") return 0;
  (void)std::from_chars(text.data() + at + 2, text.data() + at + 6, code, 16);
  return code;
}

}  // namespace

YamlNode::~YamlNode() { base::wipe(text.data(), text.size()); }

const YamlNode& YamlNode::at(std::string_view name) const {
  static const YamlNode kNone;
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; });
  return found == fields.end() ? kNone : found->second;
}

base::Result<YamlNode> parse_yaml(std::string_view text, const YamlLimits& limits) {
  if (text.size() > limits.text) return base::Error{base::Code::kInvalidInput, "too long for what it should be"};
  return Parser(text, limits.nodes).document();
}

// JSON's escapes are YAML's as well, but for the pairs of surrogates.
std::string yaml_string(std::string_view text) {
  const std::string json = base::json_string(text);
  std::string out;
  for (std::size_t i = 0; i < json.size();) {
    const unsigned high = escaped_unit(json, i), low = escaped_unit(json, i + 6);
    if (high >= 0xD800 && high < 0xDC00) {
      char wide[11];
      (void)std::snprintf(wide, sizeof wide, "\\U%08X", 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
      out += wide;
      i += 12;
    } else {
      const std::size_t size = json[i] == '\\' ? 2 : 1;
      out.append(json, i, size);
      i += size;
    }
  }
  return out;
}

}  // namespace drivers
