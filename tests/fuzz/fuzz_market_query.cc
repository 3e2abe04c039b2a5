// Queries of any text on any attributes. What is refused is refused at a place in the text, in printable words; what is
// read means the same as its canonical text, and of several lots at once what it means of each. No input takes more than
// a bounded time: the runner's -timeout is the judge, and the size of the text is what bounds the rest.
#include "fuzz/input.h"
#include "market/attribute_table.h"
#include "market/query.h"

namespace {

market::Attributes attributes(fuzz::Input& in) {
  market::Attributes out;
  for (std::size_t left = in.below(8); left > 0; --left) {
    const std::string name(1, static_cast<char>('a' + in.below(26)));
    out[name] = std::string(fuzz::text(in.take(in.u8())));
  }
  return out;
}

// The lot, one that has nothing, and one whose attributes have the values of their neighbours.
void check_table(const market::Query& query, const market::Attributes& given) {
  market::Attributes bare, shifted = given;
  for (auto name = shifted.begin(); name != shifted.end(); ++name) std::swap(name->second, shifted.begin()->second);
  const std::vector<const market::Attributes*> lots{&given, &bare, &shifted};
  const auto answers = market::AttributeTable(lots).matching(query);
  CHECK(answers.size() == lots.size());
  for (std::size_t i = 0; i < lots.size(); ++i) CHECK((answers[i] == 1) == query.matches(*lots[i]));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input in(data, size);
  const market::Attributes given = attributes(in);
  const std::string_view text = fuzz::text(in.rest());
  const auto query = market::Query::parse(text);
  if (!query.ok()) {
    CHECK(query.error().code == base::Code::kInvalidInput && fuzz::printable(query.error().message));
    CHECK(query.error().message.starts_with("query: "));
    const std::size_t number = query.error().message.rfind(' ') + 1;
    CHECK(std::stoul(query.error().message.substr(number)) <= std::min(text.size(), market::Query::kMostText) + 1);
    return 0;
  }
  CHECK(text.size() <= market::Query::kMostText);
  const bool holds = query->matches(given);
  CHECK(holds == query->matches(given));
  check_table(*query, given);
  const auto again = market::Query::parse(query->text());
  if (!again.ok()) return 0;  // brackets and blanks may make a text that is near a limit longer
  CHECK(again->text() == query->text() && again->matches(given) == holds);
  return 0;
}
