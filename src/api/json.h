// Json: a JSON value (RFC 8259) as the API reads and writes it. nlohmann/json parses; its header, which takes seconds to
// compile, stays in json.cc. Members keep their order. Reading is strict: one value, no member twice, UTF-8, limited in
// depth and number of values. Integers beyond 64 bits become reals.
// Accessors of what is not there, or of another kind, give the fallback: bodies were checked by their schema (schema.h).
// Errors: kInvalidInput, with the place. Threads: as a value.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace api {

class Json {
 public:
  using Array = std::vector<Json>;
  using Members = std::vector<std::pair<std::string, Json>>;
  static constexpr int kMaxDepth = 16;
  static constexpr std::size_t kMaxValues = 100'000, kMaxMembers = 1'000;  // in all; of one object

  Json() = default;  // null
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Json(T value) : value_(static_cast<std::int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  static Json array(Array values = {}) { return Json(Value(std::move(values))); }
  static Json object(Members members = {}) { return Json(Value(std::move(members))); }

  static base::Result<Json> parse(std::string_view text);
  std::string dump() const;  // on one line, in ASCII

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  const bool* boolean() const { return std::get_if<bool>(&value_); }
  const std::int64_t* integer() const { return std::get_if<std::int64_t>(&value_); }
  const double* real() const { return std::get_if<double>(&value_); }
  const std::string* string() const { return std::get_if<std::string>(&value_); }
  const Array* items() const { return std::get_if<Array>(&value_); }
  const Members* members() const { return std::get_if<Members>(&value_); }

  const Json* find(std::string_view name) const;  // of an object; null members count
  Json& set(std::string name, Json value);        // of an object: at the end
  Json& push(Json value);                         // of an array
  bool has(std::string_view name) const;          // and is not null
  std::string text(std::string_view name, std::string_view fallback = "") const;
  bool flag(std::string_view name, bool fallback = false) const;
  std::int64_t number(std::string_view name, std::int64_t fallback = 0) const;
  const Array& list(std::string_view name) const;  // empty if there is none
  void wipe_member(std::string_view name);         // overwrites a text, however deep, that was a secret

  bool operator==(const Json&) const = default;

 private:
  using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Members>;
  explicit Json(Value value) : value_(std::move(value)) {}
  void append(std::string& out) const;
  Value value_;
};

}  // namespace api
