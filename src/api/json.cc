#include "api/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/bytes.h"
#include "base/json_string.h"

namespace api {

namespace {

// What the parser says, put together. False stops it, with `fault` saying why.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::string fault;
  Json result;

  bool null() override { return add({}); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(INT64_MAX)) return add(static_cast<double>(value));
    return add(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return refuse("has binary data"); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool key(string_t& name) override {
    if (open_.back().value.members()->size() == Json::kMaxMembers) return refuse("has too many members in one object");
    if (open_.back().value.find(name) != nullptr) return refuse("has a member twice");
    open_.back().name = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    return refuse("is not JSON at byte " + std::to_string(position));
  }

 private:
  struct Level {
    Json value;
    std::string name;  // of the member whose value comes next
  };
  bool refuse(std::string why) {
    if (fault.empty()) fault = std::move(why);
    return false;
  }
  bool add(Json value) {
    if (++values_ > Json::kMaxValues) return refuse("has too many values");
    if (open_.empty()) {
      result = std::move(value);
    } else if (open_.back().value.members() != nullptr) {
      open_.back().value.set(std::move(open_.back().name), std::move(value));
    } else {
      open_.back().value.push(std::move(value));
    }
    return true;
  }
  bool open(Json empty) {
    if (open_.size() >= Json::kMaxDepth) return refuse("is nested too deeply");
    open_.push_back({std::move(empty), {}});
    return true;
  }
  bool close() {
    Json done = std::move(open_.back().value);
    open_.pop_back();
    return add(std::move(done));
  }

  std::vector<Level> open_;
  std::size_t values_ = 0;
};

const Json::Array kNoItems;

}  // namespace

base::Result<Json> Json::parse(std::string_view text) {
  Builder builder;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder))
    return base::Error{base::Code::kInvalidInput, builder.fault.empty() ? "is not JSON" : builder.fault};
  return std::move(builder.result);
}

const Json* Json::find(std::string_view name) const {
  const Members* all = members();
  if (all == nullptr) return nullptr;
  const auto found = std::find_if(all->begin(), all->end(), [&](const auto& member) { return member.first == name; });
  return found == all->end() ? nullptr : &found->second;
}

Json& Json::set(std::string name, Json value) {
  std::get<Members>(value_).emplace_back(std::move(name), std::move(value));
  return *this;
}

Json& Json::push(Json value) {
  std::get<Array>(value_).push_back(std::move(value));
  return *this;
}

bool Json::has(std::string_view name) const {
  const Json* member = find(name);
  return member != nullptr && !member->is_null();
}

std::string Json::text(std::string_view name, std::string_view fallback) const {
  const Json* member = find(name);
  return member != nullptr && member->string() != nullptr ? *member->string() : std::string(fallback);
}

bool Json::flag(std::string_view name, bool fallback) const {
  const Json* member = find(name);
  return member != nullptr && member->boolean() != nullptr ? *member->boolean() : fallback;
}

std::int64_t Json::number(std::string_view name, std::int64_t fallback) const {
  const Json* member = find(name);
  return member != nullptr && member->integer() != nullptr ? *member->integer() : fallback;
}

const Json::Array& Json::list(std::string_view name) const {
  const Json* member = find(name);
  return member != nullptr && member->items() != nullptr ? *member->items() : kNoItems;
}

void Json::wipe_member(std::string_view name) {
  auto* all = std::get_if<Members>(&value_);
  if (all == nullptr) return;
  for (auto& [member, value] : *all) {
    auto* text = std::get_if<std::string>(&value.value_);
    if (member == name && text != nullptr) {
      base::wipe(text->data(), text->size());
      text->clear();
    }
    value.wipe_member(name);
  }
}

std::string Json::dump() const {
  std::string out;
  append(out);
  return out;
}

void Json::append(std::string& out) const {
  if (is_null()) {
    out += "null";
  } else if (const bool* truth = boolean()) {
    out += *truth ? "true" : "false";
  } else if (const std::int64_t* whole = integer()) {
    out += std::to_string(*whole);
  } else if (const double* number = real()) {
    std::array<char, 32> digits{};
    out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), *number).ptr);
  } else if (const std::string* text = string()) {
    out += base::json_string(*text);
  } else if (const Array* all = items()) {
    out += '[';
    for (std::size_t i = 0; i < all->size(); ++i) {
      if (i > 0) out += ',';
      (*all)[i].append(out);
    }
    out += ']';
  } else {
    out += '{';
    for (std::size_t i = 0; i < members()->size(); ++i) {
      if (i > 0) out += ',';
      out += base::json_string((*members())[i].first) + ':';
      (*members())[i].second.append(out);
    }
    out += '}';
  }
}

}  // namespace api
