// tarn demo: a whole pool among processes, and that nobody's book is in anybody else's files.
#include "e2e/tarn_lab.h"

namespace e2e {
namespace {

constexpr milliseconds kEnding{20'000};

ProcessOptions in(const TemporaryDirectory& directory) {
  ProcessOptions options;
  options.added["TMPDIR"] = directory.path();
  return options;
}
// All that a demo has started, and itself: they have its temporary directory in their environment.
std::vector<pid_t> processes_in(const TemporaryDirectory& directory) {
  std::vector<pid_t> out;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) continue;
    const std::string environment = read_file(entry.path().string() + "/environ");
    if (environment.find("TMPDIR=" + directory.path() + '\0') != std::string::npos) out.push_back(std::stoi(name));
  }
  return out;
}

std::string wants(const std::string& quantity, const std::string& limit, const std::string& mechanism) {
  return "mechanism = \"" + mechanism + "\"\n[requester]\nquantity = " + quantity + "\nmax_price = \"" + limit + "\"\n";
}
std::string has(const std::string& name, const std::string& capacity, const std::string& price) {
  return "[[providers]]\nname = \"" + name + "\"\ncapacity = " + capacity + "\nprice = \"" + price + "\"\n";
}
std::uint64_t units(const json& of, const char* field) { return std::stoull(of[field].get<std::string>()); }

class PoolDemo : public testing::Test {
 protected:
  std::string config(const std::string& text) {
    write_file(directory / "demo.toml", text);
    return directory / "demo.toml";
  }
  json told(const std::string& text, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"demo", "--config", config(text), "--output", "json"};
    words.insert(words.end(), more.begin(), more.end());
    const End end = tarn(words);
    EXPECT_EQ(end.code, kDone) << end;
    return end.parsed();
  }
  // A demo's own directory, once it has one.
  std::string of_demo() const {
    for (const auto& entry : fs::directory_iterator(temporary.path())) return entry.path().string();
    return "";
  }
  TemporaryDirectory directory, temporary;
};

TEST_F(PoolDemo, ARequestIsMetAndEverybodyLearnsItsPart) {
  const End end = tarn({"demo", "--seed", "3", "--providers", "5", "--output", "json"}, in(temporary));
  ASSERT_EQ(end.code, kDone) << end;
  const json demo = end.parsed();
  EXPECT_EQ(demo["equals_plain"], true);
  EXPECT_EQ(demo["seed"], 3);
  ASSERT_EQ(demo["providers"].size(), 5U);
  std::map<std::string, std::size_t> learned;
  for (const json& p : demo["providers"]) {
    ++learned[p["learned"]];
    const std::uint64_t sold = p["learned"] == "won" ? units(p, "units") : 0, capacity = units(p["book"], "capacity");
    EXPECT_EQ(p.contains("credits_per_hour"), p["learned"] == "won") << p;
    EXPECT_EQ(units(p["units_during_lease"], "leased"), sold) << p;
    EXPECT_EQ(units(p["units_during_lease"], "free"), capacity - sold) << p;
    EXPECT_EQ(units(p["units_after_release"], "free"), capacity) << p;
    EXPECT_GT(p["rtt_ms"].get<double>(), 0) << p;
  }
  EXPECT_EQ(learned["won"] + learned["not selected"], 3U) << end;
  EXPECT_EQ(learned["not drawn"], 2U) << end;
  ASSERT_EQ(demo["requester"]["leases"].size(), learned["won"]) << end;
  for (const json& lease : demo["requester"]["leases"]) EXPECT_EQ(units(lease, "units"), 32U);
  EXPECT_TRUE(picture(temporary.path()).empty());
}

TEST_F(PoolDemo, ThePictureFitsAScreenAndHasBoxesWhereTheTerminalHas) {
  for (const bool boxes : {false, true}) {
    ProcessOptions options = in(temporary);
    options.added["LC_ALL"] = boxes ? "C.UTF-8" : "C";
    const End end = tarn({"demo", "--seed", "3", "--providers", "3"}, options);
    ASSERT_EQ(end.code, kDone) << end;
    EXPECT_THAT(end.out, HasSubstr(boxes ? "│ requester ├───┼" : "| requester +---+"));
    for (const char* name : {"north", "east", "south"}) EXPECT_THAT(end.out, HasSubstr(name));
    EXPECT_THAT(end.out, HasSubstr("gives the same result"));
    const bool ascii = std::all_of(end.out.begin(), end.out.end(), [](char c) { return (c & 0x80) == 0; });
    EXPECT_EQ(ascii, !boxes);
    std::istringstream text(end.out);
    for (std::string line; std::getline(text, line);)
      EXPECT_LE(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; }), 100) << line;
  }
}

TEST_F(PoolDemo, TheBooksOfAFileDecide) {
  const std::string books = has("a", "10", "0.04") + has("b", "50", "0.02 + 0.03") + has("short", "9", "0.01");
  const json first = told(wants("10", "0.08", "second-price") + books);
  EXPECT_EQ(first["providers"][0]["learned"], "won");
  EXPECT_EQ(first["providers"][0]["credits_per_hour"], "0.5");
  EXPECT_EQ(first["providers"][2]["learned"], "not selected");
  const json second = told(wants("10", "0.08", "second-price") + books, {"--mechanism", "split-partial"});
  EXPECT_EQ(second["mechanism"], "split-partial");
  EXPECT_EQ(second["requester"]["leases"].size(), 2U);
  EXPECT_EQ(second["providers"][2]["units"], "9");
}

TEST_F(PoolDemo, NobodyAtThisPriceIsAResult) {
  const json demo =
      told(wants("10", "0.01", "first-price") + has("a", "10", "0.04") + has("b", "50", "0.02") + has("c", "9", "0"));
  EXPECT_EQ(demo["equals_plain"], true);
  EXPECT_TRUE(demo["requester"]["leases"].empty());
  for (const json& p : demo["providers"]) EXPECT_EQ(p["learned"], "not selected");
}

// How an amount would look in a file: as a number in decimals, as credits, as bytes in either order. Amounts of ten
// digits, so that none of these is there by chance.
std::vector<std::string> forms(std::uint32_t amount) {
  const std::string decimal = std::to_string(amount);
  std::string big;
  for (int shift = 24; shift >= 0; shift -= 8) big += static_cast<char>(amount >> shift & 0xff);
  return {decimal, decimal.substr(0, 4) + "." + decimal.substr(4), big, std::string(big.rbegin(), big.rend())};
}
bool tells(const std::string& files, std::uint32_t amount) {
  const auto all = forms(amount);
  return std::any_of(all.begin(), all.end(), [&](const auto& f) { return files.find(f) != std::string::npos; });
}
// Everything that one party has on its disk or has said.
std::string files_of(const std::string& directory, const std::vector<std::string>& prefixes) {
  std::string out;
  for (const auto& [name, content] : picture(directory)) {
    const std::string relative = name.substr(directory.size() + 1);
    for (const std::string& prefix : prefixes)
      if (relative.starts_with(prefix)) out += content;
  }
  return out;
}

TEST_F(PoolDemo, NobodysBookIsInAnybodyElsesFiles) {
  struct Book {
    std::uint32_t capacity, price;
  };
  const std::vector<Book> books{{2'718'281'828, 3'141'592'653},
                                {1'618'033'988, 3'414'213'562},
                                {1'732'050'807, 3'236'067'977},
                                {2'236'067'978, 3'605'551'275}};
  const std::uint32_t limit = 3'999'888'777;
  std::string text = wants("32", forms(limit)[1], "first-price");
  for (std::size_t i = 0; i < books.size(); ++i)
    text += has(std::to_string(i), std::to_string(books[i].capacity), forms(books[i].price)[1]);
  Process demo = start_tarn({"demo", "--config", config(text), "--output", "json"}, in(temporary));
  ASSERT_TRUE(demo.says("gives back")) << finish(demo, milliseconds(0));  // the request is over, the files still there
  demo.send(SIGSTOP);
  const std::string all = of_demo();
  const std::string requester = files_of(all, {"requester", "command"});
  std::vector<std::string> files;
  for (std::size_t i = 0; i < books.size(); ++i) files.push_back(files_of(all, {"provider" + std::to_string(i) + "."}));
  demo.send(SIGCONT);
  const End end = finish(demo);
  ASSERT_EQ(end.code, kDone) << end;
  const json told = end.parsed();
  EXPECT_THAT(requester, HasSubstr("lease_")) << "what was searched has what the requester was told";
  for (std::size_t i = 0; i < books.size(); ++i) {
    EXPECT_TRUE(tells(files[i], books[i].price) && tells(files[i], books[i].capacity)) << "its own book is its own";
    EXPECT_FALSE(tells(files[i], limit)) << i;
    EXPECT_FALSE(tells(requester, books[i].capacity)) << i;
    const bool paid = told["providers"][i]["learned"] == "won";  // its price times 32, then
    EXPECT_FALSE(!paid && tells(requester, books[i].price)) << i;
    for (std::size_t j = 0; j < books.size(); ++j)
      EXPECT_FALSE(i != j && (tells(files[j], books[i].price) || tells(files[j], books[i].capacity))) << i << " " << j;
  }
}

TEST_F(PoolDemo, InterruptedLeavesNoProcessAndNoFile) {
  for (const char* when : {"starting", "the requester asks"}) {
    for (const bool terminal : {false, true}) {  // a signal to the demo alone, or Ctrl-C to all that it started
      Process demo = start_tarn({"demo", "--providers", "3", "--rtt-ms", "300", "--output", "json"}, in(temporary));
      ASSERT_TRUE(demo.says(when)) << finish(demo, milliseconds(0));
      ASSERT_TRUE(eventually([&] { return processes_in(temporary).size() >= 3; }));
      if (terminal)
        demo.send_to_group(SIGINT);
      else
        demo.send(SIGINT);
      const End end = finish(demo, kEnding);
      EXPECT_EQ(end.code, kInterrupted) << end;
      expect_error_object(end, "cancelled");
      EXPECT_TRUE(processes_in(temporary).empty());
      EXPECT_TRUE(picture(temporary.path()).empty());
    }
  }
}

TEST_F(PoolDemo, ProvidersEndWithTheDemoThatWasKilled) {
  Process demo = start_tarn({"demo", "--providers", "3", "--rtt-ms", "300"}, in(temporary));
  ASSERT_TRUE(demo.says("the requester asks")) << finish(demo, milliseconds(0));
  EXPECT_GE(processes_in(temporary).size(), 5U);  // itself, the table's node, the providers
  demo.send(SIGKILL);
  EXPECT_TRUE(demo.wait(kEnding));
  EXPECT_TRUE(eventually([&] { return processes_in(temporary).empty(); }, kEnding));
}

TEST_F(PoolDemo, AProviderThatDiesIsAnErrorAndNotAHang) {
  Process demo = start_tarn({"demo", "--providers", "3", "--output", "json"}, in(temporary));
  ASSERT_TRUE(eventually([&] { return processes_naming(temporary.path()).size() >= 3; }));
  for (const pid_t provider : processes_naming(temporary.path())) ::kill(provider, SIGKILL);
  const End end = finish(demo);
  EXPECT_EQ(end.code, kUnreachable) << end;
  expect_error_object(end, "unreachable");
  EXPECT_TRUE(processes_in(temporary).empty());
}

TEST_F(PoolDemo, WhatIsWrongIsRefusedWithTheField) {
  const std::string three = has("a", "10", "0.04") + has("b", "50", "0.02") + has("c", "9", "0.01");
  const std::string asks = wants("10", "0.08", "second-price");
  const std::vector<std::pair<std::string, std::string>> wrong{
      {three, "requester"},
      {asks + has("a", "10", "0.04"), "3 to 12"},
      {asks + three + three + three + three + has("d", "1", "1"), "3 to 12"},
      {wants("10", "8 credits", "second-price") + three, "max_price"},
      {wants("10", "5000", "second-price") + three, "max_price"},
      {wants("0", "0.08", "second-price") + three, "quantity"},
      {wants("10", "0.08", "third-price") + three, "mechanism"},
      {"class = \"a lot\"\n" + asks + three, "class"},
      {asks + three + "colour = 3\n", "colour"},
      {asks + three + has("d", "4294967296", "1"), "capacity"},
      {asks + three + has("d", "1", "1 +"), "price"},
      {asks + three + has("d", "1", "leased - 1"), "price"},
      {asks + three + "[[providers]]\ncapacity = 1\nprice = 1\n", "price"}};
  for (const auto& [text, field] : wrong) {
    const End end = tarn({"demo", "--config", config(text)}, in(temporary));
    EXPECT_EQ(end.code, kRefused) << text << end;
    EXPECT_EQ(end.out, "");
    EXPECT_THAT(end.err, HasSubstr(field)) << text;
  }
  for (const char* providers : {"2", "13"})
    EXPECT_EQ(tarn({"demo", "--providers", providers}, in(temporary)).code, kRefused);
  EXPECT_TRUE(picture(temporary.path()).empty());
}

}  // namespace
}  // namespace e2e
