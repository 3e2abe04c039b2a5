// Log: events with fields, for who runs a service. An event is a name and some named values, never a sentence, so that
// it can be searched and counted; what it must not hold cannot be put in: a Field is made of text, a number, a yes or
// no, or of public bytes (a key, an id), of which it keeps the first twelve digits; base::Secret converts to none.
// Texts may come from strangers: they are cut at kMaxText, and implementations escape them.
// Example: log.info("session_won", {{"peer", key}, {"hops", 12}});
// Threads: any. Never fails: what cannot be written is lost.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace base {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

class Field {
 public:
  static constexpr std::size_t kMaxText = 1000;

  Field(std::string_view name, std::string_view text) : name_(name), value_(text.substr(0, kMaxText)), is_text_(true) {}
  Field(std::string_view name, const std::string& text) : Field(name, std::string_view(text)) {}
  Field(std::string_view name, const char* text) : Field(name, std::string_view(text)) {}
  Field(std::string_view name, std::same_as<bool> auto value) : name_(name), value_(value ? "true" : "false") {}
  Field(std::string_view name, double value);  // three decimals
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>)
  Field(std::string_view name, Integer value) : name_(name), value_(std::to_string(value)) {}
  template <std::size_t N>
    requires(N >= 6)
  Field(std::string_view name, const std::array<std::uint8_t, N>& id)
      : name_(name), value_(to_hex(ByteView(id).first(6))), is_text_(true) {}

  std::string_view name() const { return name_; }
  const std::string& value() const { return value_; }  // as JSON has it, but a text raw and without its quotes
  bool is_text() const { return is_text_; }

 private:
  std::string_view name_;  // a literal
  std::string value_;
  bool is_text_ = false;
};

class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view event, std::span<const Field> fields) = 0;

  using Fields = std::initializer_list<Field>;
  void debug(std::string_view event, Fields fields = {}) {
    write(LogLevel::kDebug, event, {fields.begin(), fields.size()});
  }
  void info(std::string_view event, Fields fields = {}) {
    write(LogLevel::kInfo, event, {fields.begin(), fields.size()});
  }
  void warning(std::string_view event, Fields fields = {}) {
    write(LogLevel::kWarning, event, {fields.begin(), fields.size()});
  }
  void error(std::string_view event, Fields fields = {}) {
    write(LogLevel::kError, event, {fields.begin(), fields.size()});
  }
};

}  // namespace base
