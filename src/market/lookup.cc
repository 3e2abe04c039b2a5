#include "market/lookup.h"

#include "base/json_string.h"
#include "market/rules.h"

namespace market {
namespace {

bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool letter_or_digit(char c) { return lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

}  // namespace

std::string named(std::string_view kind, std::string_view name) {
  return std::string(kind) + " " + base::json_string(name.substr(0, kMaxName));
}

base::Error conflict(std::string message) { return {base::Code::kConflict, std::move(message)}; }
base::Error not_found(std::string message) { return {base::Code::kNotFound, std::move(message)}; }
base::Error forbidden(std::string message) { return {base::Code::kForbidden, std::move(message)}; }
base::Error invalid(std::string_view field, std::string_view why) {
  return {base::Code::kInvalidInput, std::string(field) + ": " + std::string(why)};
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && letter_or_digit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}
bool is_market_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && lower_or_digit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return lower_or_digit(c) || c == '-'; });
}

base::Status check_name(std::string_view field, std::string_view name) {
  if (is_name(name)) return {};
  return invalid(field, "has 1 to 63 characters of a-z A-Z 0-9 . _ -, and begins with a letter or digit");
}

base::Status check_reason(std::string_view field, std::string_view why) {
  const auto printable = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (why.size() <= kMostReason && std::ranges::all_of(why, printable)) return {};
  return invalid(field, "has at most 160 characters, printable ASCII");
}

Page bounded(Page page) {
  page.limit = std::clamp<std::size_t>(page.limit, 1, kMaxPage);
  return page;
}

base::Status note(Transaction& store, const Context& context, std::string_view kind, About about, std::string detail,
                  std::vector<OrganisationId> visible_to) {
  return store.insert_event({0, context.now, std::string(kind), std::move(visible_to), false, std::move(about.subject),
                             std::move(detail), about.market});
}

base::Status note_everybody(Transaction& store, const Context& context, std::string_view kind, About about,
                            std::string detail) {
  return store.insert_event(
      {0, context.now, std::string(kind), {}, true, std::move(about.subject), std::move(detail), about.market});
}

}  // namespace market
