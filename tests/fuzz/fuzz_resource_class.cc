// Nouns from the command line, from files and from peers: classes as text and as bytes, quantities, credits, durations.
// What is refused is refused in printable words; what is read is written in one way, which reads as the same.
#include "fuzz/input.h"
#include "model/duration.h"
#include "model/kubernetes_quantity.h"
#include "model/money.h"
#include "model/resource_class.h"

namespace {

void class_text(std::string_view text) {
  const auto parsed = model::ResourceClass::parse(text);
  if (!parsed.ok()) {
    CHECK(parsed.error().code == base::Code::kInvalidInput && fuzz::printable(parsed.error().message, 500));
    return;
  }
  CHECK(fuzz::printable(parsed->text(), 8192));
  const auto again = model::ResourceClass::parse(parsed->text());
  CHECK(!again.ok() || *again == *parsed);  // a text near the limit may grow beyond it
  CHECK(model::ResourceClass::decode(parsed->encode()) == *parsed);
  CHECK(parsed->covers(*parsed));
}

void class_bytes(base::ByteView bytes) {
  const auto decoded = model::ResourceClass::decode(bytes);
  if (!decoded) return;
  CHECK(decoded->encode() == fuzz::copy(bytes));
  CHECK(!decoded->amounts.empty());
  for (const auto& [name, amount] : decoded->amounts) CHECK(amount > 0 && model::valid_resource_name(name));
}

void quantity(std::string_view text) {
  for (const std::string_view resource : {"cpu", "memory", "nvidia.com/gpu"}) {
    const auto parsed = model::parse_quantity(resource, text);
    if (!parsed.ok()) {
      CHECK(parsed.error().message.starts_with(resource) && fuzz::printable(parsed.error().message));
      continue;
    }
    const std::string canonical = model::quantity_text(resource, *parsed);
    const auto again = model::parse_quantity(resource, canonical);
    CHECK(again.ok() && *again == *parsed);
  }
}

void credits_and_durations(std::string_view text) {
  const auto credits = model::parse_credits(text);
  if (credits.ok()) {
    const auto again = model::parse_credits(model::credits_text(*credits));
    CHECK(again.ok() && *again == *credits);
  } else {
    CHECK(fuzz::printable(credits.error().message));
  }
  const auto duration = model::parse_duration_ms(text, INT64_MAX);
  if (duration.ok()) {
    const auto again = model::parse_duration_ms(model::duration_text(*duration), INT64_MAX);
    CHECK(*duration > 0 && again.ok() && *again == *duration);
  } else {
    CHECK(fuzz::printable(duration.error().message));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const base::Bytes kValid = model::ResourceClass::parse("cpu=1 memory=1Gi nvidia.com/gpu=2")->encode();
  fuzz::Input in(data, size);
  switch (in.u8()) {
    case 'b': class_bytes(in.rest()); break;
    case 'd': class_bytes(fuzz::damaged(in, kValid)); break;
    case 'q': quantity(fuzz::text(in.rest())); break;
    case 'm': credits_and_durations(fuzz::text(in.rest())); break;
    default: class_text(fuzz::text(in.rest())); break;
  }
  return 0;
}
