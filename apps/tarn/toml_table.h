// TOML tables read strictly: every key that is there is known, every value has its kind and limits, and the first thing
// that is wrong is told with its line and never with an amount. Included by the files that parse configurations only:
// toml++ is slow to compile.
#pragma once

#define TOML_EXCEPTIONS 0  // errors are values, and nothing is thrown across a library's border
#include <toml++/toml.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace tarn {

inline base::Error refused(const std::string& what) { return {base::Code::kInvalidInput, what}; }

// A file's words may go to a terminal: no control characters of it, and not many.
inline std::string plain(std::string_view text) {
  std::string out(text.substr(0, 100));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return out;
}

// Reads one table; remembers the first thing that is wrong, and which keys were asked for.
class Table {
 public:
  Table(const toml::table& table, std::string file, std::string name)
      : table_(table), file_(std::move(file)), name_(std::move(name)) {}

  std::optional<std::string> text(const char* key, bool required, std::size_t max_size = 4096) {
    const toml::node* node = find(key, required);
    if (node == nullptr) return std::nullopt;
    auto value = node->value_exact<std::string>();
    if (!value || value->empty() || value->size() > max_size) {
      complain(*node,
               std::string(key) + " must be a text of 1 to " + std::to_string(max_size) + " characters in quotes");
      return std::nullopt;
    }
    return value;
  }
  std::optional<std::uint64_t> amount(const char* key, bool required) {
    const toml::node* node = find(key, required);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < 0) {
      complain(*node, std::string(key) + " must be a whole number, 0 or more");
      return std::nullopt;
    }
    return static_cast<std::uint64_t>(*value);
  }
  std::optional<bool> flag(const char* key) {
    const toml::node* node = find(key, false);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value_exact<bool>();
    if (!value) complain(*node, std::string(key) + " must be true or false");
    return value;
  }
  const toml::table* table(const char* key, bool required) {
    const toml::node* node = find(key, required);
    if (node == nullptr) return nullptr;
    if (!node->is_table()) complain(*node, std::string(key) + " must be a table: [" + key + "]");
    return node->as_table();
  }
  std::vector<const toml::table*> tables(const char* key) {
    std::vector<const toml::table*> out;
    const toml::node* node = find(key, true);
    if (node == nullptr) return out;
    const toml::array* array = node->as_array();
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) out.push_back(array->get(i)->as_table());
    if (out.empty() || std::find(out.begin(), out.end(), nullptr) != out.end()) {
      complain(*node, std::string(key) + " must be tables: [[" + key + "]]");
      out.clear();
    }
    return out;
  }
  std::vector<std::string> texts(const char* key, bool required, std::size_t most, std::size_t max_size) {
    std::vector<std::string> out;
    const toml::node* node = find(key, required);
    if (node == nullptr) return out;
    const toml::array* array = node->as_array();
    const bool fits = array != nullptr && array->size() <= most;
    for (std::size_t i = 0; fits && i < array->size(); ++i) {
      const auto text = array->get(i)->value_exact<std::string>();
      if (text && !text->empty() && text->size() <= max_size) out.push_back(*text);
    }
    if (!fits || out.size() != array->size())
      complain(*node, std::string(key) + " must be at most " + std::to_string(most) + " texts: [\"…\", \"…\"]");
    return out;
  }
  // Exactly `count` numbers, or nothing.
  std::vector<double> numbers(const char* key, bool required, std::size_t count) {
    std::vector<double> out;
    const toml::node* node = find(key, required);
    if (node == nullptr) return out;
    const toml::array* array = node->as_array();
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i)
      if (const auto number = array->get(i)->value<double>()) out.push_back(*number);
    if (array != nullptr && array->size() == count && out.size() == count) return out;
    complain(*node, std::string(key) + " must be " + std::to_string(count) + " numbers");
    return {};
  }
  // Nothing else may be in the table.
  base::Status finish() {
    for (const auto& [key, node] : table_)
      if (!asked_.contains(std::string(key.str())))
        complain(node, "unknown key \"" + plain(key.str()) + "\"; known here: " + known());
    if (first_.empty()) first_ = missing_;  // a misspelt key is told before the one that it should have been
    if (!first_.empty()) return refused(first_);
    return {};
  }
  void complain(const toml::node& node, const std::string& what) {
    if (first_.empty()) first_ = file_ + " line " + std::to_string(node.source().begin.line) + ": " + what;
  }
  const toml::node& node() const { return table_; }

 private:
  const toml::node* find(const char* key, bool required) {
    asked_.insert(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr && required && missing_.empty())
      missing_ = file_ + ": " + name_ + " lacks the key \"" + key + "\"";
    return node;
  }
  std::string known() const {
    std::string out;
    for (const std::string& key : asked_) out += (out.empty() ? "" : ", ") + key;
    return out;
  }
  const toml::table& table_;
  std::string file_, name_, first_, missing_;
  std::set<std::string> asked_;
};

// The parser's words without the numbers that it quotes of the file: they may be amounts.
inline std::string without_numbers(std::string_view description) {
  const std::size_t first = description.find('\''), last = description.rfind('\'');
  if (first == last) return plain(description.substr(0, first));
  const std::string_view quoted = description.substr(first, last - first + 1);
  const bool number = std::any_of(quoted.begin(), quoted.end(), [](char c) { return c >= '0' && c <= '9'; });
  return plain(description.substr(0, first)) + (number ? "…" : plain(quoted)) + plain(description.substr(last + 1));
}

inline base::Result<toml::table> parse_toml(const std::string& text, const std::string& file) {
  toml::parse_result result = toml::parse(text, file);
  if (result) return std::move(result).table();
  const toml::parse_error& e = result.error();
  return refused(file + " line " + std::to_string(e.source().begin.line) +
                 ": not valid TOML: " + without_numbers(e.description()));
}

inline bool printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

inline std::string resolved(const std::string& path, const std::string& directory) {
  return (std::filesystem::path(directory) / path).lexically_normal().string();
}

}  // namespace tarn
