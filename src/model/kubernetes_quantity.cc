#include "model/kubernetes_quantity.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/check.h"

namespace model {
namespace {

constexpr std::size_t kMaxText = 40, kMaxLabel = 63;
constexpr std::size_t kMaxDomain = 253 - std::string_view("requests.").size();  // a quota puts that before it
constexpr std::array<std::string_view, 5> kOwnNames{"cpu", "memory", "ephemeral-storage", "storage", "pods"};
constexpr std::string_view kDecimal = "kMGTPE", kBinary = "KMGTPE";  // 10³, 10⁶, …; with an i 2¹⁰, 2²⁰, …

bool digit(char c) { return c >= '0' && c <= '9'; }
bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || digit(c); }
bool letter_or_digit(char c) { return lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }
bool counts_bytes(std::string_view resource) {
  return resource == "memory" || resource == "ephemeral-storage" || resource == "storage";
}

// [a-z0-9]([-a-z0-9]*[a-z0-9])? in parts with points between them
bool valid_domain(std::string_view domain) {
  if (domain.empty() || domain.size() > kMaxDomain) return false;
  for (std::size_t i = 0; i < domain.size(); ++i) {
    const bool at_edge =
        i == 0 || i + 1 == domain.size() || domain[i] == '.' || domain[i - 1] == '.' || domain[i + 1] == '.';
    if (lower_or_digit(domain[i])) continue;
    if (domain[i] == '-' && !at_edge) continue;
    if (domain[i] == '.' && i > 0 && i + 1 < domain.size() && domain[i - 1] != '.') continue;
    return false;
  }
  return true;
}

bool valid_label(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel && letter_or_digit(label.front()) &&
         letter_or_digit(label.back()) && std::all_of(label.begin(), label.end(), [](char c) {
           return letter_or_digit(c) || c == '-' || c == '_' || c == '.';
         });
}

// number · 10^tens · 2^twos
struct Scaled {
  std::uint64_t number = 0;
  int tens = 0, twos = 0;
};

enum class Fit { kExact, kMalformed, kFraction, kOverflow };

// What stands before the suffix, without the zeros at its end.
Fit read_number(std::string_view text, Scaled& value) {
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  if (point < text.size()) digits += text.substr(point + 1);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), digit)) return Fit::kMalformed;
  value.tens = point < text.size() ? -static_cast<int>(text.size() - point - 1) : 0;
  for (; digits.size() > 1 && digits.back() == '0'; digits.pop_back()) ++value.tens;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value.number);
  return read.ec == std::errc{} ? Fit::kExact : Fit::kOverflow;
}

bool read_suffix(std::string_view suffix, Scaled& value) {
  if (suffix.empty()) return true;
  const std::size_t power = kDecimal.find(suffix[0]);
  if (suffix.size() == 1) {
    if (power != std::string_view::npos) value.tens += 3 * static_cast<int>(power + 1);
    const std::size_t small = std::string_view("mun").find(suffix[0]);
    if (small != std::string_view::npos) value.tens -= 3 * static_cast<int>(small + 1);
    return power != std::string_view::npos || small != std::string_view::npos;
  }
  if (suffix.substr(1) == "i") {
    const std::size_t binary = kBinary.find(suffix[0]);
    value.twos = 10 * static_cast<int>(binary + 1);
    return binary != std::string_view::npos;
  }
  if (suffix[0] != 'e' && suffix[0] != 'E') return false;
  const bool negative = suffix[1] == '-';
  suffix.remove_prefix(negative || suffix[1] == '+' ? 2 : 1);
  if (suffix.empty() || suffix.size() > 2 || !std::all_of(suffix.begin(), suffix.end(), digit)) return false;
  const int exponent = std::stoi(std::string(suffix));
  value.tens += negative ? -exponent : exponent;
  return true;
}

// All divisions before all multiplications: 2 and 5 have no common factor, so none of them hides what another leaves.
Fit divide(std::uint64_t& number, std::uint64_t by, int times) {
  for (; times > 0; --times) {
    if (number % by != 0) return Fit::kFraction;
    number /= by;
  }
  return Fit::kExact;
}
Fit multiply(std::uint64_t& number, std::uint64_t by, int times) {
  for (; times > 0; --times)
    if (__builtin_mul_overflow(number, by, &number)) return Fit::kOverflow;
  return Fit::kExact;
}

Fit evaluate(Scaled value, std::uint64_t& out) {
  out = value.number;
  if (out == 0) return Fit::kExact;
  const int fives = value.tens, twos = value.tens + value.twos;
  for (const Fit step :
       {divide(out, 5, -fives), divide(out, 2, -twos), multiply(out, 5, fives), multiply(out, 2, twos)})
    if (step != Fit::kExact) return step;
  return Fit::kExact;
}

std::string with_suffix(std::uint64_t amount, std::uint64_t step, std::string_view letters, std::string_view tail) {
  std::size_t power = 0;
  for (; amount != 0 && amount % step == 0; ++power) amount /= step;
  return std::to_string(amount) + (power > 0 ? std::string(1, letters[power - 1]) + std::string(tail) : "");
}

}  // namespace

bool valid_resource_name(std::string_view name) {
  if (std::find(kOwnNames.begin(), kOwnNames.end(), name) != kOwnNames.end()) return true;
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view domain = name.substr(0, slash);
  return valid_domain(domain) && valid_label(name.substr(slash + 1)) && !domain.ends_with("kubernetes.io") &&
         !domain.starts_with("requests.");
}

base::Result<std::uint64_t> parse_quantity(std::string_view resource, std::string_view text) {
  CHECK(valid_resource_name(resource));
  const bool bytes = counts_bytes(resource), cpu = resource == "cpu";
  const std::string example = bytes ? "512Mi, 1Gi or 2G" : cpu ? "500m, 1.5 or 2" : "1 or 8";
  const auto refused = [&](const std::string& what) {
    return base::Error{base::Code::kInvalidInput, std::string(resource) + ": " + what};
  };
  Scaled value;
  const std::size_t number = std::min(text.find_first_not_of("0123456789."), text.size());
  Fit fit = text.size() > kMaxText ? Fit::kMalformed : read_number(text.substr(0, number), value);
  if (fit == Fit::kMalformed || !read_suffix(text.substr(number), value))
    return refused("is not a Kubernetes quantity; write for example " + example);
  value.tens += cpu ? 3 : 0;  // cores to millicores
  std::uint64_t amount = 0;
  if (fit == Fit::kExact) fit = evaluate(value, amount);
  if (fit == Fit::kOverflow) return refused("is more than can be counted; write for example " + example);
  if (fit == Fit::kFraction)
    return refused(std::string("is not a whole number of ") +
                   (bytes ? "bytes"
                    : cpu ? "millicores"
                          : "pieces") +
                   "; write for example " + example);
  return amount;
}

std::string quantity_text(std::string_view resource, std::uint64_t amount) {
  if (resource == "cpu") {
    if (amount % 1000 != 0) return std::to_string(amount) + "m";
    return with_suffix(amount / 1000, 1000, kDecimal, "");
  }
  std::string decimal = with_suffix(amount, 1000, kDecimal, "");
  if (!counts_bytes(resource)) return decimal;
  std::string binary = with_suffix(amount, 1024, kBinary, "i");
  return binary.size() <= decimal.size() ? binary : decimal;
}

}  // namespace model
