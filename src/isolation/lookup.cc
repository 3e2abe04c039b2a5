#include "isolation/lookup.h"

#include <algorithm>
#include <array>

#include "base/json_string.h"

namespace isolation {
namespace {

bool letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_name(std::string_view name, std::string_view also) {
  return !name.empty() && name.size() <= kMaxName && letter_or_digit(name.front()) &&
         std::ranges::all_of(name,
                             [&](char c) { return letter_or_digit(c) || also.find(c) != std::string_view::npos; });
}

}  // namespace

std::string named(std::string_view kind, std::string_view name) {
  return std::string(kind) + " " + base::json_string(name.substr(0, kMaxName));
}

base::Error conflict(std::string message) { return {base::Code::kConflict, std::move(message)}; }
base::Error not_found(std::string message) { return {base::Code::kNotFound, std::move(message)}; }
base::Error invalid(std::string message) { return {base::Code::kInvalidInput, std::move(message)}; }

base::Status check_name(std::string_view kind, std::string_view name) {
  if (is_name(name, "._-")) return {};
  return invalid("The name of a " + std::string(kind) +
                 " has 1 to 63 characters of a-z A-Z 0-9 . _ -, and begins with a letter or digit");
}

base::Status check_port_name(std::string_view name) {
  if (is_name(name, "._-/:")) return {};
  return invalid(
      "The name of a port has 1 to 63 characters of a-z A-Z 0-9 . _ - / :, and begins with a letter or digit");
}

base::Status check_text(std::string_view kind, std::string_view text) {
  if (!text.empty() && text.size() <= kMaxText) return {};
  return invalid(std::string(kind) + " is JSON of at most 64 KiB");
}

base::Status check_vlan(std::uint32_t vlan) {
  if (vlan >= 1 && vlan <= kMaxVlan) return {};
  return invalid("A VLAN id is a number from 1 to 4094");
}

base::Result<std::string> normal_mac(std::string_view mac) {
  constexpr std::size_t kLength = 17;
  std::string normal;
  for (std::size_t i = 0; i < mac.size() && mac.size() == kLength; ++i) {
    const char c = mac[i];
    if (i % 3 == 2 && (c == ':' || c == '-')) normal += ':';
    if (i % 3 != 2 && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) normal += c;
    if (i % 3 != 2 && c >= 'A' && c <= 'F') normal += static_cast<char>(c - 'A' + 'a');
  }
  if (normal.size() != kLength) return invalid("A MAC address is six bytes in hexadecimal: aa:bb:cc:dd:ee:ff");
  return normal;
}

std::string make_uuid(base::Random& random) {
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text = base::to_hex(bytes);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
  return text;
}

Page bounded(Page page) {
  page.limit = std::min(page.limit, kMaxPage);
  return page;
}

base::Result<std::string> project_name(Transaction& store, std::optional<Id> project) {
  if (!project) return std::string();
  TARN_ASSIGN(const std::optional<Project> found, store.find_project(*project));
  return found ? found->name : std::string();
}

base::Result<bool> may_use(Transaction& store, const Network& network, Id project) {
  if (network.is_public || network.owner == project) return true;
  return store.is_let_into(network.id, project);
}

base::Result<bool> may_see(Transaction& store, const Caller& caller, const Network& network) {
  if (network.is_public || may(caller, Action::kShowNetwork, network.owner)) return true;
  for (const Id project : caller.projects) {
    TARN_ASSIGN(const bool let, store.is_let_into(network.id, project));
    if (let && may(caller, Action::kShowNetwork, project)) return true;
  }
  return false;
}

std::string channel_name(const Network& network, Channel channel) {
  return channel == Channel::kNative ? "vlan/native" : "vlan/" + std::to_string(network.vlan);
}

base::Result<Channel> parse_channel(const Network& network, std::string_view channel) {
  if (channel.empty() || channel == channel_name(network, Channel::kNative)) return Channel::kNative;
  if (channel == channel_name(network, Channel::kTagged)) return Channel::kTagged;
  return invalid("A channel of " + named("network", network.name) + " is vlan/native or " +
                 channel_name(network, Channel::kTagged));
}

}  // namespace isolation
