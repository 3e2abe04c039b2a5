// Numbers and durations of a configuration, with their ranges. Only .cc files that read configurations include it: toml++
// takes seconds to compile. Threads: as Table.
#pragma once

#include <cstdint>
#include <string>

#include "model/duration.h"
#include "tarn/toml_table.h"

namespace tarn {

template <class Number>
void read_count(Table& table, const char* key, std::uint64_t least, std::uint64_t most, Number& out) {
  const auto value = table.amount(key, false);
  if (!value) return;
  if (*value < least || *value > most)
    table.complain(table.node(),
                   std::string(key) + " must be " + std::to_string(least) + " to " + std::to_string(most));
  else
    out = static_cast<Number>(*value);
}

// `or_else`: what else may be written there, for messages.
template <class Number>
void read_time(Table& table, const char* key, std::int64_t least_ms, std::int64_t most_ms, Number& out,
               const char* or_else = "") {
  const auto value = table.text(key, false, 32);
  if (!value) return;
  const auto parsed = model::parse_duration_ms(*value, most_ms);
  if (!parsed.ok())
    table.complain(table.node(), std::string(key) + " " + parsed.error().message + or_else);
  else if (*parsed < least_ms)
    table.complain(table.node(),
                   std::string(key) + " must be " + model::duration_text(least_ms) + " or more" + or_else);
  else
    out = static_cast<Number>(*parsed);
}

}  // namespace tarn
