// OVSDB: however the bytes of a server are cut, the same messages come out or the same error; what is read of a message
// is within bounds or refused in a line that is fit for a terminal; a port's state that was read can be written if it is
// one that can be wanted, and is then read as the same.
#include "drivers/switch/json_rpc.h"
#include "drivers/switch/ovsdb_endpoint.h"
#include "drivers/switch/ovsdb_messages.h"
#include "fuzz/input.h"

namespace {

constexpr std::size_t kMaxMessage = 2048;

std::vector<std::string> messages(drivers::JsonRpcDecoder& decoder, std::string_view text, std::size_t step,
                                  bool& good) {
  std::vector<std::string> all;
  good = true;
  for (std::size_t at = 0; good && at < text.size(); at += step) {
    good = decoder.feed(text.substr(at, step)).ok();
    while (auto message = decoder.next()) all.push_back(std::move(*message));
  }
  return all;
}

void look_at(const drivers::OvsdbBridge& bridge) {
  for (const auto& [name, port] : bridge.ports) {
    const auto state = drivers::state_of(port.columns);
    const auto columns = drivers::columns_for(state);
    if (columns.ok()) CHECK(drivers::state_of(*columns) == state);
  }
}

void read(const std::string& text) {
  const auto message = drivers::OvsdbMessage::parse(text);
  if (!message.ok()) {
    CHECK(fuzz::printable(message.error().message));
    return;
  }
  if (message->kind != drivers::OvsdbMessage::Kind::kReply) return;
  const auto bridge = drivers::bridge_of(*message);
  if (bridge.ok()) look_at(*bridge);
  // Of 200 bytes none may be longer than its escape.
  if (!bridge.ok()) CHECK(fuzz::printable(bridge.error().message, 4096));
  if (const auto changed = drivers::changed(*message, 1); !changed.ok())
    CHECK(fuzz::printable(changed.error().message, 4096));
  if (const auto first = drivers::monitored(*message); !first.ok()) CHECK(fuzz::printable(first.error().message, 4096));
  if (const auto wanted = drivers::flushed(*message); !wanted.ok())
    CHECK(fuzz::printable(wanted.error().message, 4096));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text({data, size});
  drivers::JsonRpcDecoder whole(kMaxMessage), bytewise(kMaxMessage);
  bool good_whole = false, good_bytewise = false;
  const auto all = messages(whole, text, std::max<std::size_t>(text.size(), 1), good_whole);
  const auto again = messages(bytewise, text, 1, good_bytewise);
  if (good_whole) CHECK(good_bytewise && all == again);
  for (const std::string& message : all) {
    CHECK(message.size() <= kMaxMessage && message.front() == '{');
    read(message);
  }
  read(std::string(text));
  (void)drivers::OvsdbSettings::parse(text);
  return 0;
}
