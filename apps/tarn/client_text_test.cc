#include <gtest/gtest.h>

#include "tarn/client_commands.h"

namespace tarn {
namespace {

using api::Json;

Json parsed(const char* text) {
  auto out = Json::parse(text);
  EXPECT_TRUE(out.ok()) << text;
  return out.ok() ? std::move(*out) : Json();
}

std::string cell(const char* text) { return cell_text(parsed(text)); }

TEST(ClientText, AMemberThatIsAnObjectIsATableBelow) {
  EXPECT_EQ(whole_text(parsed(R"({"opening": "0", "by_reason": {"grant": "100", "delivery": "-0.0008"}, "closing": "9",
                                  "lines": [{"reason": "grant", "change": "100"}, {"reason": "delivery"}]})")),
            "opening  0\n"
            "closing  9\n"
            "\n"
            "by_reason\n"
            "grant     100\n"
            "delivery  -0.0008\n"
            "\n"
            "lines\n"
            "reason    change\n"
            "grant     100\n"
            "delivery  -\n");
  EXPECT_EQ(whole_text(parsed(R"({"attributes": {"cpu": "4"}})")), "attributes\ncpu  4\n");
  EXPECT_EQ(whole_text(parsed(R"({"attributes": {}, "nics": []})")), "attributes  -\nnics        -\n");
}

TEST(ClientText, AnObjectInACellIsItsMembers) {
  EXPECT_EQ(cell(R"({"kind": "recharging", "amount": "1000", "limit": null, "on": true})"),
            "kind=recharging amount=1000 limit=- on=yes");
  EXPECT_EQ(cell(R"({"native": null, "tagged": [100, 200]})"), "native=- tagged=100,200");
  EXPECT_EQ(cell(R"({"native": null, "tagged": []})"), "native=- tagged=-");
  EXPECT_EQ(cell(R"({"a": {"b": 1, "c": {}}, "d": [{"e": 1}, {}]})"), "a=(b=1 c=-) d=2");
  EXPECT_EQ(cell("{}"), "-");
  EXPECT_EQ(list_text({{"LINE", "line"}}, {parsed(R"({"line": {"delivery": "-1", "release": "0"}})")}),
            "LINE\ndelivery=-1 release=0\n");
}

TEST(ClientText, AListInACellIsItsItemsOrHowManyThereAre) {
  EXPECT_EQ(cell("[1, 2]"), "1, 2");
  EXPECT_EQ(cell("[]"), "-");
  EXPECT_EQ(cell(R"([{"id": 1}, {"id": 2}])"), "2");
}

TEST(ClientText, NothingOfTheServicesStartsALineOfItsOwn) {
  EXPECT_EQ(whole_text(parsed(R"({"a": "x\ny", "b": {"c\n": "d\u001b"}, "e": [{"f\n": "g\r"}]})")),
            "a  x y\n\nb\nc   d \n\ne\nf \ng \n");
}

}  // namespace
}  // namespace tarn
