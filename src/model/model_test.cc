// The nouns: what they refuse, and that text, bytes and value say the same.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "model/duration.h"
#include "model/kubernetes_quantity.h"
#include "model/money.h"
#include "model/resource_class.h"

namespace model {
namespace {

std::uint64_t amount(std::string_view resource, std::string_view text) {
  const auto parsed = parse_quantity(resource, text);
  EXPECT_TRUE(parsed.ok()) << text << ": " << (parsed.ok() ? "" : parsed.error().message);
  return parsed.ok() ? *parsed : 0;
}
std::string refusal(std::string_view resource, std::string_view text) {
  const auto parsed = parse_quantity(resource, text);
  return parsed.ok() ? "" : parsed.error().message;
}
ResourceClass parsed(std::string_view text) {
  auto out = ResourceClass::parse(text);
  EXPECT_TRUE(out.ok()) << text << ": " << (out.ok() ? "" : out.error().message);
  return out.ok() ? *out : ResourceClass{};
}

// The twin: a decimal number as a string of digits with a point, multiplied digit by digit.
struct Digits {
  std::string digits;  // most significant first
  std::size_t decimals = 0;

  void times(unsigned by) {
    unsigned carry = 0;
    for (auto d = digits.rbegin(); d != digits.rend(); ++d) {
      const unsigned product = static_cast<unsigned>(*d - '0') * by + carry;
      *d = static_cast<char>('0' + product % 10);
      carry = product / 10;
    }
    if (carry > 0) digits = std::to_string(carry) + digits;
  }
  std::string whole() const {  // "" if it is not
    const std::string rest = digits.substr(digits.size() - decimals);
    if (rest.find_first_not_of('0') != std::string::npos) return "";
    const std::string number = digits.substr(0, digits.size() - decimals);
    const std::size_t first = number.find_first_not_of('0');
    return first == std::string::npos ? "0" : number.substr(first);
  }
};

TEST(Quantity, ReadsWhatKubernetesWrites) {
  EXPECT_EQ(amount("cpu", "1"), 1000U);
  EXPECT_EQ(amount("cpu", "500m"), 500U);
  EXPECT_EQ(amount("cpu", "0.5"), 500U);
  EXPECT_EQ(amount("cpu", ".5"), 500U);
  EXPECT_EQ(amount("cpu", "1.500"), 1500U);
  EXPECT_EQ(amount("cpu", "2."), 2000U);
  EXPECT_EQ(amount("cpu", "1000u"), 1U);
  EXPECT_EQ(amount("cpu", "1e-3"), 1U);
  EXPECT_EQ(amount("cpu", "2000000n"), 2U);
  EXPECT_EQ(amount("cpu", "1k"), 1'000'000U);
  EXPECT_EQ(amount("memory", "1Gi"), std::uint64_t{1} << 30);
  EXPECT_EQ(amount("memory", "1.5Ki"), 1536U);
  EXPECT_EQ(amount("memory", "128974848"), 128'974'848U);
  EXPECT_EQ(amount("memory", "129e6"), 129'000'000U);
  EXPECT_EQ(amount("memory", "129E+6"), 129'000'000U);
  EXPECT_EQ(amount("memory", "128974848000m"), 128'974'848U);
  EXPECT_EQ(amount("memory", "1E"), 1'000'000'000'000'000'000U);
  EXPECT_EQ(amount("memory", "15Ei"), std::uint64_t{15} << 60);
  EXPECT_EQ(amount("memory", "18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(amount("nvidia.com/gpu", "8"), 8U);
  EXPECT_EQ(amount("nvidia.com/gpu", "0"), 0U);
  EXPECT_EQ(amount("nvidia.com/gpu", "0e99"), 0U);
}

TEST(Quantity, RefusesWhatIsNone) {
  for (const std::string text :
       {"",      "-1",    "+1",    " 1",   "1 ",   "1 Gi",
        ".",     "1..2",  "1.2.3", "Gi",   "1K",   "1ki",
        "1Kii",  "1mi",   "1gi",   "1e",   "1e+",  "1e+-3",
        "1e--3", "1e3.5", "1e100", "1e 3", "0x10", "1_000",
        "1,5",   "m",     "1mm",   "nan",  "inf",  "00000000000000000000000000000000000000001"})
    EXPECT_NE(refusal("memory", text).find("is not a Kubernetes quantity"), std::string::npos) << text;
  EXPECT_FALSE(parse_quantity("cpu", std::string_view("1\0", 2)).ok());
}

TEST(Quantity, RefusesWhatItCannotCountExactly) {
  EXPECT_NE(refusal("cpu", "1.0005").find("whole number of millicores; write for example 500m"), std::string::npos);
  EXPECT_NE(refusal("cpu", "1u").find("whole number of millicores"), std::string::npos);
  EXPECT_NE(refusal("memory", "1.3Ki").find("whole number of bytes"), std::string::npos);
  EXPECT_NE(refusal("memory", "500m").find("whole number of bytes"), std::string::npos);
  EXPECT_NE(refusal("nvidia.com/gpu", "0.5").find("whole number of pieces"), std::string::npos);
  for (const std::string text : {"16Ei", "18446744073709551616", "1e20", "99e99", "19E", "123456789012345678901234"})
    EXPECT_NE(refusal("memory", text).find("more than can be counted"), std::string::npos) << text;
  EXPECT_EQ(amount("cpu", "18446744073709551.615"), UINT64_MAX);
  EXPECT_NE(refusal("cpu", "18446744073709551.616").find("more than can be counted"), std::string::npos);
}

TEST(Quantity, IsWrittenInItsShortestForm) {
  EXPECT_EQ(quantity_text("cpu", 1000), "1");
  EXPECT_EQ(quantity_text("cpu", 1500), "1500m");
  EXPECT_EQ(quantity_text("cpu", 1'000'000), "1k");
  EXPECT_EQ(quantity_text("memory", std::uint64_t{1} << 30), "1Gi");
  EXPECT_EQ(quantity_text("memory", 1'000'000'000), "1G");
  EXPECT_EQ(quantity_text("memory", 1'024'000), "1024k");
  EXPECT_EQ(quantity_text("memory", 10'112'000), "9875Ki");  // and 10112k is as short
  EXPECT_EQ(quantity_text("memory", 1023), "1023");
  EXPECT_EQ(quantity_text("nvidia.com/gpu", 1024), "1024");
  EXPECT_EQ(quantity_text("memory", 0), "0");
}

RC_GTEST_PROP(Quantity, AgreesWithArithmeticDigitByDigit, ()) {
  const std::string before = std::to_string(*rc::gen::inRange<std::uint64_t>(0, 100'000));
  const std::string after = *rc::gen::container<std::string>(rc::gen::inRange('0', static_cast<char>('9' + 1)));
  RC_PRE(after.size() <= 12);
  struct Suffix {
    std::string text;
    unsigned factor;
    int times;  // negative: decimals more
  };
  const Suffix suffix = *rc::gen::elementOf(std::vector<Suffix>{{"", 1, 0},
                                                                {"m", 1, -3},
                                                                {"u", 1, -6},
                                                                {"n", 1, -9},
                                                                {"k", 1000, 1},
                                                                {"M", 1000, 2},
                                                                {"G", 1000, 3},
                                                                {"T", 1000, 4},
                                                                {"Ki", 1024, 1},
                                                                {"Mi", 1024, 2},
                                                                {"Gi", 1024, 3},
                                                                {"Ti", 1024, 4},
                                                                {"Ei", 1024, 6},
                                                                {"e5", 10, 5},
                                                                {"E-2", 1, -2}});
  const std::string resource = *rc::gen::element<std::string>("cpu", "memory", "nvidia.com/gpu");
  Digits twin{before + after, after.size()};
  if (resource == "cpu") twin.times(1000);
  for (int i = 0; i < suffix.times; ++i) twin.times(suffix.factor);
  if (suffix.times < 0) {
    twin.decimals += static_cast<std::size_t>(-suffix.times);
    twin.digits.insert(0, 12, '0');
  }
  const std::string expected = twin.whole();
  const auto got = parse_quantity(resource, before + "." + after + suffix.text);
  const bool fits = expected.size() < 20 || (expected.size() == 20 && expected <= std::to_string(UINT64_MAX));
  RC_ASSERT(got.ok() == (!expected.empty() && fits));
  if (got.ok()) RC_ASSERT(std::to_string(*got) == expected);
}

// Amounts that meet the suffixes: a small number, times powers of two and ten.
rc::Gen<std::uint64_t> amounts() {
  return rc::gen::map(rc::gen::tuple(rc::gen::inRange<std::uint64_t>(1, 5000), rc::gen::inRange(0, 52),
                                     rc::gen::inRange(0, 16), rc::gen::arbitrary<bool>()),
                      [](const auto& t) {
                        const auto& [number, twos, tens, binary] = t;
                        std::uint64_t out = number;
                        if (binary) return out << (twos % 51);
                        for (int i = 0; i < tens; ++i)
                          if (out < UINT64_MAX / 10) out *= 10;
                        return out;
                      });
}
rc::Gen<ResourceClass> classes() {
  const auto names = rc::gen::element<std::string>("cpu", "memory", "ephemeral-storage", "storage", "pods",
                                                   "nvidia.com/gpu", "a.b-c/D_e.f", "x/1");
  const auto entry = rc::gen::pair(names, rc::gen::oneOf(amounts(), rc::gen::inRange<std::uint64_t>(1, 4)));
  return rc::gen::map(rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<std::string, std::uint64_t>>>(entry)),
                      [](const auto& entries) {
                        ResourceClass c;
                        c.amounts.insert(entries.begin(), entries.end());
                        return c;
                      });
}

TEST(Quantity, OfVolumesIsInBytes) {
  EXPECT_EQ(*parse_quantity("storage", "1.5Gi"), 1'610'612'736U);
  EXPECT_EQ(quantity_text("storage", std::uint64_t{20} << 30), "20Gi");
  EXPECT_FALSE(parse_quantity("storage", "100m").ok());
}

RC_GTEST_PROP(Quantity, IsWhatItsTextSays, ()) {
  const std::uint64_t value = *rc::gen::oneOf(amounts(), rc::gen::arbitrary<std::uint64_t>());
  for (const std::string resource : {"cpu", "memory", "ephemeral-storage", "storage", "pods", "nvidia.com/gpu"}) {
    const std::string text = quantity_text(resource, value);
    const auto again = parse_quantity(resource, text);
    RC_ASSERT(again.ok());
    RC_ASSERT(*again == value);
  }
}

TEST(ResourceName, IsOneThatKubernetesTakes) {
  for (const std::string name :
       {"cpu", "memory", "ephemeral-storage", "storage", "pods", "nvidia.com/gpu", "a/b", "x-y.z/A_1.b-c"})
    EXPECT_TRUE(valid_resource_name(name)) << name;
  for (const std::string name : {"",
                                 "gpu",
                                 "CPU",
                                 "/gpu",
                                 "nvidia.com/",
                                 "nvidia.com",
                                 "a/b/c",
                                 "-a/b",
                                 "a-/b",
                                 "a..b/c",
                                 ".a/b",
                                 "a./b",
                                 "A/b",
                                 "a/-b",
                                 "a/b-",
                                 "a/b c",
                                 "a b/c",
                                 "a/b=1",
                                 "kubernetes.io/x",
                                 "node.kubernetes.io/x",
                                 "requests.a/b",
                                 "a.-b/c"})
    EXPECT_FALSE(valid_resource_name(name)) << name;
  EXPECT_TRUE(valid_resource_name(std::string(244, 'a') + "/b"));
  EXPECT_FALSE(valid_resource_name(std::string(245, 'a') + "/b"));
  EXPECT_TRUE(valid_resource_name("a/" + std::string(63, 'b')));
  EXPECT_FALSE(valid_resource_name("a/" + std::string(64, 'b')));
}

TEST(ResourceClass, IsWrittenInOneWay) {
  EXPECT_EQ(parsed("memory=1024Mi nvidia.com/gpu=1  cpu=1000m ").text(), "cpu=1 memory=1Gi nvidia.com/gpu=1");
  EXPECT_EQ(parsed("cpu=1").family(), "namespace");
}

// Angler hashed the amounts as one run of text, where these two are the same.
TEST(ResourceClass, DoesNotRunItsAmountsTogether) {
  EXPECT_NE(parsed("cpu=1 memory=28Gi").encode(), parsed("cpu=12 memory=8Gi").encode());
  EXPECT_NE(parsed("cpu=1 memory=28Gi"), parsed("cpu=12 memory=8Gi"));
}

TEST(ResourceClass, RefusesWhatIsNone) {
  for (const std::string text :
       {"", "  ", "cpu", "cpu=", "=1", "cpu=0", "cpu=1 cpu=2", "cpu=1 cpu=1", "cpu=1,memory=1Gi", "cpu=1\nmemory=1Gi",
        "gpu=1", "cpu =1", "cpu= 1", "cpu=1=2", "cpu=-1"})
    EXPECT_FALSE(ResourceClass::parse(text).ok()) << text;
  std::string many;
  for (int i = 0; i < 17; ++i) many += "a/r" + std::to_string(i) + "=1 ";
  EXPECT_FALSE(ResourceClass::parse(many).ok());
  EXPECT_TRUE(ResourceClass::parse(many.substr(0, many.rfind("a/"))).ok());
  EXPECT_FALSE(ResourceClass::parse("cpu=1" + std::string(1024, ' ')).ok());
}

TEST(ResourceClass, CoversWhatIsNoLarger) {
  const ResourceClass unit = parsed("cpu=2 memory=4Gi nvidia.com/gpu=1");
  EXPECT_TRUE(unit.covers(unit));
  EXPECT_TRUE(unit.covers(parsed("cpu=1 memory=4Gi")));
  EXPECT_FALSE(unit.covers(parsed("cpu=2001m memory=1Gi")));
  EXPECT_FALSE(unit.covers(parsed("cpu=1 pods=1")));
}

RC_GTEST_PROP(ResourceClass, IsWhatItsTextAndItsBytesSay, ()) {
  const ResourceClass c = *classes();
  const auto from_text = ResourceClass::parse(c.text());
  RC_ASSERT(from_text.ok());
  RC_ASSERT(*from_text == c);
  RC_ASSERT(ResourceClass::decode(c.encode()) == c);
}

RC_GTEST_PROP(ResourceClass, IsEqualExactlyIfItsEncodingIs, ()) {
  const ResourceClass a = *classes(), b = *rc::gen::oneOf(classes(), rc::gen::just(a));
  RC_ASSERT((a == b) == (a.encode() == b.encode()));
}

RC_GTEST_PROP(ResourceClass, DecodesOnlyWhatItEncodes, ()) {
  base::Bytes bytes = (*classes()).encode();
  const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
  bytes[at] = *rc::gen::arbitrary<std::uint8_t>();
  bytes.resize(*rc::gen::element(bytes.size(), bytes.size(), bytes.size() + 1, bytes.size() - 1));
  if (const auto decoded = ResourceClass::decode(bytes)) RC_ASSERT(decoded->encode() == bytes);
}

TEST(ResourceClass, RefusesBytesThatAreNotCanonical) {
  const base::Bytes good = parsed("cpu=1m memory=1Gi").encode();
  EXPECT_TRUE(ResourceClass::decode(good).has_value());
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    base::Bytes bytes = good;
    bytes[at] = value;
    return ResourceClass::decode(bytes);
  };
  EXPECT_FALSE(changed(0, 2));                                    // another kind
  EXPECT_FALSE(changed(1, 0) || changed(1, 1) || changed(1, 3));  // another number of resources
  EXPECT_FALSE(changed(6, 'z'));                                  // an unknown name
  EXPECT_FALSE(changed(9, 0));                                    // nothing of it
  base::Bytes none(good.begin(), good.begin() + 2);
  none[1] = 0;
  EXPECT_FALSE(ResourceClass::decode(none));
  EXPECT_FALSE(ResourceClass::decode({}));
}

TEST(Credits, AreDecimals) {
  EXPECT_EQ(*parse_credits("0.04"), 40'000U);
  EXPECT_EQ(*parse_credits("12"), 12'000'000U);
  EXPECT_EQ(*parse_credits("1.500000"), 1'500'000U);
  EXPECT_EQ(*parse_credits("18446744073709.551615"), UINT64_MAX);
  EXPECT_EQ(credits_text(40'000), "0.04");
  EXPECT_EQ(credits_text(12'000'000), "12");
  EXPECT_EQ(credits_text(0), "0");
  EXPECT_EQ(credits_text(1), "0.000001");
  for (const std::string text : {"", ".", ".5", "5.", "-1", "+1", "1e3", "1,5", " 1", "1 ", "0.0000001", "1.2.3", "x",
                                 "18446744073709.551616", "000000000000000000000000000000001"})
    EXPECT_FALSE(parse_credits(text).ok()) << text;
}
RC_GTEST_PROP(Credits, AreWhatTheirTextSays, (std::uint64_t micro)) {
  RC_ASSERT(*parse_credits(credits_text(micro)) == micro);
}

TEST(Duration, HasAUnit) {
  constexpr std::int64_t kYear = 365LL * 86'400'000;
  EXPECT_EQ(*parse_duration_ms("4h", kYear), 14'400'000);
  EXPECT_EQ(*parse_duration_ms("90m", kYear), 5'400'000);
  EXPECT_EQ(*parse_duration_ms("1d", kYear), 86'400'000);
  EXPECT_EQ(*parse_duration_ms("1d", 86'400'000), 86'400'000);
  EXPECT_EQ(*parse_duration_ms("7ms", kYear), 7);
  EXPECT_EQ(duration_text(5'400'000), "90m");
  EXPECT_EQ(duration_text(0), "0s");
  for (const std::string text : {"", "0s", "-1s", "+1s", "1", "s", "1.5h", "1 h", "1H", "2d", "25h", "86400001ms",
                                 "9223372036854775807d", "9223372036854775808ms"})
    EXPECT_FALSE(parse_duration_ms(text, 86'400'000).ok()) << text;
  EXPECT_NE(parse_duration_ms("2d", 86'400'000).error().message.find("at most 1d"), std::string::npos);
}
RC_GTEST_PROP(Duration, IsWhatItsTextSays, ()) {
  const auto ms = *rc::gen::inRange<std::int64_t>(1, INT64_MAX);
  RC_ASSERT(*parse_duration_ms(duration_text(ms), INT64_MAX) == ms);
}

}  // namespace
}  // namespace model
