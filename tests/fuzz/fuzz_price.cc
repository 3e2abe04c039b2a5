// Price expressions of any text, with any variables. What is refused is refused at a place in the text; what is read
// yields a price or says why not, the same each time; and a text without variables never fails later.
#include "fuzz/input.h"
#include "inventory/price.h"

namespace {

void expect_place(const base::Error& error, std::size_t size) {
  constexpr std::string_view kStart = "price, character ";
  CHECK(error.code == base::Code::kInvalidInput && fuzz::printable(error.message) && error.message.starts_with(kStart));
  const unsigned long place = std::stoul(error.message.substr(kStart.size()));
  CHECK(place >= 1 && place <= size + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  inventory::PriceVariables variables;
  for (std::uint64_t* variable : {&variables.capacity, &variables.free, &variables.held, &variables.leased}) {
    const std::uint64_t byte = in.u8();  // small numbers, and the largest
    *variable = byte < 0x80 ? byte - std::min<std::uint64_t>(byte, '0') : UINT64_MAX >> (byte & 0x3f);
  }
  const base::ByteView text = in.rest();
  const auto function = inventory::PriceFunction::parse(fuzz::text(text));
  if (!function.ok()) {
    expect_place(function.error(), text.size());
    return 0;
  }
  CHECK(function->text() == fuzz::text(text) && text.size() <= inventory::PriceFunction::kMaxText);
  const auto price = function->micro_credits(variables), again = function->micro_credits(variables);
  CHECK(price.ok() == again.ok());
  if (price.ok()) CHECK(*price == *again);
  if (!price.ok()) {
    expect_place(price.error(), text.size());
    CHECK(function->text().find_first_of("acdefhlpsty") != std::string::npos);
  }
  return 0;
}
