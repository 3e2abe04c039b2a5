// What tarn place refuses before it troubles anybody: one clear line, the right code, no amount of ours in it, and
// nothing changed on disk.
#include "e2e/tarn_lab.h"

namespace e2e {
namespace {

// Every amount of these configurations begins so.
constexpr const char* kSecret = "987654";
constexpr std::uint64_t kAmount = 987654321;

struct Refusal {
  const char* name;
  std::size_t party;
  std::function<void(Parties&, PartyFile&)> spoil;
  std::vector<const char*> says;
  int code = kRefused;
  std::function<std::string(std::string)> edit = {};  // of the text
  std::vector<std::string> arguments = {};
};
void PrintTo(const Refusal& refusal, std::ostream* to) { *to << refusal.name; }

void keep(Parties&, PartyFile&) {}
auto input(const std::string& text) {
  return [text](Parties&, PartyFile& file) { file.input = text; };
}
auto line(const std::string& text) {
  return [text](Parties&, PartyFile& file) { file.more += text + "\n"; };
}
// Without the lines that begin so.
auto without(const std::string& key) {
  return [key](std::string text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at) + 1;
      if (text.compare(at, key.size(), key) != 0) out += text.substr(at, end - at);
      at = end;
    }
    return out;
  };
}
auto followed_by(const std::string& more) {
  return [more](const std::string& text) { return text + more; };
}
std::string filler(std::size_t i) {
  return "org_" + std::string(62, '0') + static_cast<char>('0' + i / 10) + static_cast<char>('0' + i % 10);
}

const std::vector<Refusal>& refusals() {
  static const std::vector<Refusal> all{
      // amounts
      {"QuantityOfZero", 0, input("quantity = 0\nmax_price = 987654321\n"), {"quantity"}},
      {"QuantityNegative", 0, input("quantity = -987654321\nmax_price = 987654321\n"), {"line 7", "quantity"}},
      {"QuantityWithAFraction", 0, input("quantity = 987654321.5\nmax_price = 987654321\n"), {"line 7", "quantity"}},
      {"QuantityInQuotes", 0, input("quantity = \"987654321\"\nmax_price = 987654321\n"), {"line 7", "quantity"}},
      {"QuantityBeyond64Bits", 0, input("quantity = 98765432198765432198\nmax_price = 987654321\n"), {"line 7"}},
      {"QuantityOfAnAbsurdExponent", 0, input("quantity = 987654321e999999\nmax_price = 987654321\n"), {"line 7"}},
      {"QuantityTooWide", 0, input("quantity = 987654321987\nmax_price = 987654321\n"), {"quantity", "32 bits"}},
      {"MaxPriceTooWide", 0, input("quantity = 987654321\nmax_price = 987654321987\n"), {"max_price", "32 bits"}},
      {"CapacityTooWide", 1, input("capacity = 987654321987\nprice = 987654321\n"), {"capacity", "32 bits"}},
      {"PriceTooWide", 2, input("capacity = 987654321\nprice = 987654321987\n"), {"price", "32 bits"}},
      {"PriceNegative", 1, input("capacity = 987654321\nprice = -987654321\n"), {"price"}},
      {"PriceTooWideForANarrowPool", 1, line("width = 8"), {"8 bits"}},
      // who puts in what
      {"RequesterWithCapacity", 0, input(offer(kAmount, kAmount)), {"requester"}},
      {"ProviderWithQuantity", 1, input(request(kAmount, kAmount)), {"requester", "capacity"}},
      {"BothKindsOfInput", 0, input(request(kAmount, kAmount) + offer(kAmount, kAmount)), {"[input]"}},
      {"QuantityWithoutLimit", 0, input("quantity = 987654321\n"), {"max_price"}},
      {"CapacityWithoutPrice", 1, input("capacity = 987654321\n"), {"price"}},
      {"MixedInput", 0, input("quantity = 987654321\nprice = 987654321\n"), {"[input]"}},
      {"NoInput", 0, input(""), {"[input]"}},
      {"InputThatIsNoTable",
       0,
       [](Parties&, PartyFile& f) { f.input = "", f.more = "input = 987654321\n"; },
       {"[input]"}},
      // keys
      {"UnknownKey", 0, line("colour = 3"), {"line 6", "colour", "known here"}},
      {"UnknownKeyInInput", 1, input(offer(kAmount, kAmount) + "discount = 987654321\n"), {"line 9", "discount"}},
      {"UnknownKeyInAParty", 0, keep, {"colour", "line"}, kRefused, followed_by("colour = 3\n")},
      {"NoIdentity", 0, keep, {"identity"}, kRefused, without("identity")},
      {"NoStateDirectory", 0, keep, {"state_dir"}, kRefused, without("state_dir")},
      {"NoClass", 0, keep, {"class"}, kRefused, without("class")},
      {"NoParties", 0, [](Parties&, PartyFile& f) { f.parties.clear(); }, {"parties"}},
      {"PartyWithoutId", 0, keep, {"id"}, kRefused, without("id = ")},
      {"PartyWithoutAddress", 0, keep, {"address"}, kRefused, without("address")},
      {"EmptyFile", 0, keep, {"identity"}, kRefused, [](const std::string&) { return std::string(); }},
      // parties
      {"OnlyOneParty", 0, [](Parties&, PartyFile& f) { f.parties.resize(1); }, {"2 to 16"}},
      {"SeventeenParties",
       0,
       [](Parties&, PartyFile& f) {
         for (std::size_t i = 3; i < 17; ++i) f.parties.push_back({filler(i), "127.0.0.1:1", ""});
       },
       {"2 to 16", "17"}},
      {"PartyNamedTwice", 0, [](Parties&, PartyFile& f) { f.parties[2].id = f.parties[1].id; }, {"line", "twice"}},
      {"OwnIdentityIsNoParty", 0, [](Parties&, PartyFile& f) { f.parties[0].id = filler(7); }, {"none of the parties"}},
      {"IdOfAnotherForm", 0, [](Parties&, PartyFile& f) { f.parties[1].id = "acme"; }, {"line", "org_ and 64"}},
      {"IdTooShort", 0, [](Parties&, PartyFile& f) { f.parties[1].id.pop_back(); }, {"line", "org_ and 64"}},
      {"IdWithALetterTooFar", 0, [](Parties&, PartyFile& f) { f.parties[1].id.back() = 'g'; }, {"line", "org_ and 64"}},
      {"AddressWithoutPort",
       1,
       [](Parties&, PartyFile& f) { f.parties[0].address = "nowhere"; },
       {"party 0", "host:port"}},
      {"AddressWithPortZero",
       1,
       [](Parties&, PartyFile& f) { f.parties[0].address = "127.0.0.1:0"; },
       {"party 0", "host:port"}},
      // the session
      {"UnknownMechanism",
       0,
       [](Parties&, PartyFile& f) { f.mechanism = "third-price"; },
       {"first-price", "second-price"}},
      {"WiderThanVcg",
       0,
       [](Parties&, PartyFile& f) {
         f.mechanism = "vcg";
         f.more = "width = 49\n";
       },
       {"vcg", "48 bits"}},
      {"DeadlineInWords", 0, [](Parties&, PartyFile& f) { f.deadline = "soon"; }, {"soon", "30s"}},
      {"DeadlineWithoutUnit", 0, [](Parties&, PartyFile& f) { f.deadline = "30"; }, {"30s"}},
      {"DeadlineOfZero", 0, [](Parties&, PartyFile& f) { f.deadline = "0s"; }, {"duration"}},
      {"DeadlineNegative", 0, [](Parties&, PartyFile& f) { f.deadline = "-5s"; }, {"duration"}},
      {"DeadlineOfMoreThanADay", 0, [](Parties&, PartyFile& f) { f.deadline = "25h"; }, {"duration"}},
      {"WaitWithoutUnit", 0, keep, {"30s"}, kRefused, {}, {"--wait", "5"}},
      {"WidthTooSmall", 0, line("width = 1"), {"width"}},
      {"WidthTooBig", 0, line("width = 64"), {"width"}},
      {"WidthInQuotes", 0, line("width = \"32\""), {"line 6", "width"}},
      {"ExtensionOfThree", 0, line("extension_k = 3"), {"extension_k"}},
      {"ClassOfTwoLines", 0, [](Parties&, PartyFile& f) { f.resource_class = "a\\nb"; }, {"class"}},
      // the file
      {"BrokenToml", 0, line("= 3"), {"line 6"}},
      {"UnfinishedText", 0, input("quantity = \"987654321\nmax_price = 987654321\n"), {"line 7"}},
      {"TwoKeysOnALine", 0, input("quantity = 987654321 max_price = 987654321\n"), {"line 7"}},
      {"KeyWithoutValue", 0, input("quantity 987654321\n"), {"line 7"}},
      {"KeyTwice", 0, input("quantity = 987654321\nquantity = 987654322\n"), {"line 8", "quantity"}},
      {"NoText", 0, keep, {"line"}, kRefused, followed_by("\xff\xfe\x00\x01")},
      {"HugeFile", 0, keep, {"longer than"}, kRefused, followed_by("#" + std::string(300'000, 'x') + "\n")},
      // the key
      {"KeyMissing",
       0,
       [](Parties&, PartyFile& f) { f.identity = "missing.key"; },
       {"missing.key", "tarn keygen"},
       kStorage},
      {"KeyOfGarbage",
       0,
       [](Parties& p, PartyFile&) { write_file(p.directory / "key.0", "garbage\n"); },
       {"Ed25519"},
       kStorage},
      {"KeyThatOthersCanRead",
       0,
       [](Parties& p, PartyFile&) { ::chmod((p.directory / "key.0").c_str(), 0644); },
       {"chmod 600"},
       kStorage},
      {"KeyThatIsADirectory", 0, [](Parties&, PartyFile& f) { f.identity = "."; }, {"regular file"}, kStorage},
  };
  return all;
}

class PlaceRefuses : public testing::TestWithParam<Refusal> {};
INSTANTIATE_TEST_SUITE_P(Place, PlaceRefuses, testing::ValuesIn(refusals()),
                         [](const auto& each) { return each.param.name; });

TEST_P(PlaceRefuses, InOneLineWithoutSecretsOrTraces) {
  const Refusal& refusal = GetParam();
  Parties parties(3, {request(kAmount, kAmount), offer(kAmount, kAmount), offer(kAmount, kAmount)});
  PartyFile& file = parties.files[refusal.party];
  refusal.spoil(parties, file);
  write_file(parties.config(refusal.party), refusal.edit ? refusal.edit(file.text()) : file.text());
  const auto before = picture(parties.directory.path());
  std::vector<std::string> arguments{"place", "--config", parties.config(refusal.party)};
  arguments.insert(arguments.end(), refusal.arguments.begin(), refusal.arguments.end());

  const End end = tarn(arguments);
  EXPECT_EQ(end.code, refusal.code) << end;
  EXPECT_EQ(end.out, "");
  EXPECT_EQ(lines(end.err), 1U) << end;
  EXPECT_TRUE(end.err.starts_with("tarn: ")) << end;
  for (const char* text : refusal.says) EXPECT_THAT(end.err, HasSubstr(text));
  EXPECT_THAT(end.err, Not(HasSubstr(kSecret)));

  arguments.insert(arguments.end(), {"--output", "json"});
  const End as_json = tarn(arguments);
  EXPECT_EQ(as_json.code, refusal.code) << as_json;
  expect_error_object(as_json, refusal.code == kStorage ? "storage" : "invalid_input");
  EXPECT_THAT(as_json.out + as_json.err, Not(HasSubstr(kSecret)));
  EXPECT_EQ(picture(parties.directory.path()), before);
}

TEST(PlaceRefusesFiles, AConfigurationThatIsMissingOrNoFileIsNamed) {
  const TemporaryDirectory directory;
  for (const std::string& path : {directory / "missing.toml", directory.path(), directory / "missing/a.toml"}) {
    const End end = tarn({"place", "--config", path});
    EXPECT_EQ(end.code, kRefused) << end;
    EXPECT_EQ(lines(end.err), 1U) << end;
    EXPECT_THAT(end.err, HasSubstr(path));
  }
  // A directory is there, so that it is not is a wrong answer.
  EXPECT_THAT(tarn({"place", "--config", directory.path()}).err, Not(HasSubstr("no such file")));
  EXPECT_TRUE(picture(directory.path()).empty());
}

TEST(PlaceRefusesFiles, PathsAreTakenFromTheConfigurationsDirectory) {
  Parties parties(2);
  parties.files[1].state_dir = "sub.state";
  write_file(parties.config(1), parties.files[1].text());
  ProcessOptions inside, elsewhere;
  inside.directory = parties.directory.path();
  elsewhere.directory = "/";
  const std::string name = fs::path(parties.config(1)).filename().string();
  for (const auto& [path, where] : {std::pair{name, inside}, std::pair{parties.config(1), elsewhere}}) {
    const End end = tarn({"place", "--config", path, "--wait", "1ms"}, where);
    EXPECT_EQ(end.code, kUnreachable) << end;  // that is: key and state directory were found
    EXPECT_TRUE(fs::is_directory(parties.directory / "sub.state"));
    fs::remove_all(parties.directory / "sub.state");
  }
}

}  // namespace
}  // namespace e2e
