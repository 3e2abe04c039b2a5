// tarn market watch, in a pipe and on a terminal: what a person sees there, and what is left behind.
#include "e2e/market_lab.h"
#include "support/terminal.h"

namespace e2e {
namespace {

using support::Terminal;
using testing::AllOf;

// A shell as one has it on a terminal: it goes on when its command has ended, however that was.
constexpr const char* kShell = R"sh(trap : INT TERM HUP
echo before
settings=$(stty -g)
"$@"
code=$?
[ "$(stty -g)" = "$settings" ] && same=yes
echo "left with $code, settings the same: ${same:-no}")sh";

// A market in which something was traded, north offers some more, and nobody bids.
class MarketWatch : public testing::Test {
 protected:
  void SetUp() override {
    open_market(market);
    north = market.join("north");
    acme = market.join("acme");
    market.works(north, {"lot", "create", "small", "--units", "8", "--from", "now", "--until", "1d"});
    offer("1", "0.36");
    bid("3.6");
    market.works("", {"market", "clear", "now"});
    offer("3", "0.72");
  }
  void offer(const std::string& units, const std::string& price) {
    const json made = market.shown(north, {"offer", "create", "now", "--lot", "small", "--units", units, "--price",
                                           price, "--from", from.empty() ? "1h" : from, "--duration", "2s"});
    if (from.empty()) from = made.value("earliest", "");
  }
  void bid(const std::string& price) {
    market.works(acme, {"bid", "create", "now", "--price", price, "--from", from, "--duration", "2s"});
  }
  Process watch(const Terminal& terminal, const std::string& name = "now") {
    ProcessOptions options = market.known_as("", north);
    options.terminal = terminal.program_end();
    return Process({"/bin/sh", "-c", kShell, "sh", binary(), "market", "watch", name}, options);
  }
  static void expect_left(Terminal& terminal, Process& shell) {
    EXPECT_EQ(terminal.end_of(shell), kDone);
    EXPECT_THAT(terminal.seen(), HasSubstr("before\nleft with 0, settings the same: yes\n")) << shell.err();
    EXPECT_FALSE(terminal.on_other_screen());
    EXPECT_TRUE(terminal.shows_cursor());
  }

  Market market;
  std::string north, acme, from;
};

TEST_F(MarketWatch, ShowsDepthTradesAndOwnOrdersAndWhatComes) {
  Terminal terminal;
  Process shell = watch(terminal);
  ASSERT_TRUE(terminal.shows("off_3")) << terminal.seen() << shell.err();
  EXPECT_TRUE(terminal.on_other_screen());
  EXPECT_FALSE(terminal.shows_cursor());
  const std::string first = terminal.seen();
  EXPECT_TRUE(first.starts_with("now  pay-as-bid, open\nnow 20")) << first;
  EXPECT_THAT(first, Not(HasSubstr("…")));  // all of it fits
  EXPECT_THAT(first, AllOf(HasSubstr("depth\n"), HasSubstr("offer  0.72   3      1"), HasSubstr("last trades\n"),
                           HasSubstr("1.98   1"), HasSubstr("open orders\n"), HasSubstr("off_3  open")));
  EXPECT_THAT(first, Not(HasSubstr("before")));
  EXPECT_THAT(first, Not(HasSubstr("\nbid")));
  offer("1", "1.08");
  EXPECT_TRUE(terminal.shows("offer  1.08   1      1")) << terminal.seen();
  EXPECT_TRUE(terminal.shows("off_4  open")) << terminal.seen();  // further down, so it may come a moment later
  bid("0.36");  // of somebody else: it is in the depth, and no order of ours
  EXPECT_TRUE(terminal.shows("bid    0.36   1      1")) << terminal.seen();
  EXPECT_THAT(terminal.seen(), Not(HasSubstr("bid_5")));
  terminal.type("\x03");
  expect_left(terminal, shell);
}

TEST_F(MarketWatch, EndsWithQAndKeepsWhatWasTypedToItself) {
  Terminal terminal;
  Process shell = watch(terminal);
  ASSERT_TRUE(terminal.shows("off_3"));
  terminal.type("typed\x1a");  // and Ctrl-Z, which would leave the terminal as it is
  offer("1", "1.08");
  EXPECT_TRUE(terminal.shows("off_4"));
  EXPECT_THAT(terminal.seen(), Not(HasSubstr("typed")));
  terminal.type("more, and q");
  expect_left(terminal, shell);
  EXPECT_THAT(terminal.seen(), Not(HasSubstr("more")));
}

TEST_F(MarketWatch, LeavesTheTerminalAsItWasWhenItIsTerminated) {
  for (const int signal : {SIGTERM, SIGHUP}) {
    Terminal terminal;
    Process shell = watch(terminal);
    ASSERT_TRUE(terminal.shows("off_3"));
    shell.send_to_group(signal);
    expect_left(terminal, shell);
  }
}

TEST_F(MarketWatch, HasRoomForAllOnASmallTerminal) {
  for (const char* const price : {"1.08", "1.44", "1.8"}) offer("1", price);
  Terminal terminal(50, 15);
  Process shell = watch(terminal);
  ASSERT_TRUE(terminal.shows("off_6")) << terminal.seen() << shell.err();
  const std::string seen = terminal.seen();
  EXPECT_TRUE(seen.starts_with("now  pay-as-bid, open\nnow 20")) << seen;  // nothing was pushed out by longer lines
  EXPECT_THAT(seen, HasSubstr("…\n"));
  EXPECT_THAT(seen, AllOf(HasSubstr("\ndepth\n"), HasSubstr("offer  0.72   3"), HasSubstr("\nlast trades\n"),
                          HasSubstr("\nopen orders\n")));
  EXPECT_THAT(seen, Not(HasSubstr("1.44")));
  EXPECT_EQ(lines(seen), 15U);
  terminal.type("q");
  expect_left(terminal, shell);
}

TEST_F(MarketWatch, OfNoMarketSaysSo) {
  Terminal terminal;
  Process shell = watch(terminal, "later");
  EXPECT_EQ(terminal.end_of(shell), kDone);
  EXPECT_THAT(terminal.seen(), HasSubstr("before\nleft with 10, settings the same: yes\n"));
  EXPECT_THAT(shell.err(), HasSubstr("later"));
}

TEST_F(MarketWatch, OnceIsOneLook) {
  const End text = market.as(north, {"market", "watch", "now", "--once"});
  EXPECT_EQ(text.code, kDone) << text;
  EXPECT_THAT(text.out, AllOf(HasSubstr("offer  0.72   3"), HasSubstr("off_3"), Not(HasSubstr("\x1b"))));
  const json shown = market.shown(north, {"market", "watch", "now", "--once"});
  EXPECT_EQ(shown["market"].value("name", ""), "now");
  EXPECT_EQ(shown["depth"]["offers"][0].value("price", ""), "0.72");
  EXPECT_EQ(shown["trades"][0].value("price", ""), "1.98");
  ASSERT_EQ(shown["orders"].size(), 1U);
  EXPECT_EQ(shown["orders"][0].value("id", ""), "off_3");
}

TEST_F(MarketWatch, InAPipeIsALineOfJsonForEachEventOfItsMarket) {
  market.works("", {"market", "create", "later", "--currency", "credits", "--slot", "1s", "--period", "1d"});
  Process watching = [&] {
    std::vector<std::string> words{"market", "watch", "now", "--output", "json"};
    return start_tarn(std::move(words), market.known_as("", north));
  }();
  // It begins with what comes once it is there, so not with the first of these, perhaps.
  ASSERT_TRUE(eventually([&] {
    market.works(north,
                 {"offer", "create", "later", "--lot", "small", "--price", "3.6", "--from", from, "--duration", "2s"});
    offer("1", "1.08");
    (void)watching.wait(milliseconds(100));
    return lines(watching.out()) >= 2;
  })) << watching.err();
  watching.send(SIGINT);
  EXPECT_EQ(watching.wait(), kDone) << watching.err();
  std::istringstream out(watching.out());
  std::int64_t before = 0;
  for (std::string line; std::getline(out, line);) {
    const json event = json::parse(line, nullptr, false);
    ASSERT_TRUE(event.is_object()) << line;
    EXPECT_GT(event.value("id", std::int64_t{0}), before);
    before = event.value("id", std::int64_t{0});
    EXPECT_EQ(event.value("kind", ""), "order.accepted");
    const json order = market.shown(north, {"offer", "show", event.value("subject", "")});
    EXPECT_EQ(order.value("market", ""), "now") << line;
  }
}

// What a market does not show to its members is said to be hidden, and their own orders are there all the same.
TEST_F(MarketWatch, OfAMarketThatHidesSaysWhatIsHidden) {
  market.works(
      "", {"market", "create", "dark", "--currency", "credits", "--depth-public", "false", "--trades-public", "false"});
  const End end = market.as(north, {"market", "watch", "dark", "--once"});
  EXPECT_EQ(end.code, kDone) << end;
  EXPECT_THAT(end.out,
              AllOf(HasSubstr("depth\nthis market does not show it\n"),
                    HasSubstr("last trades\nthis market does not show it\n"), HasSubstr("open orders\nnone\n")));
}

}  // namespace
}  // namespace e2e
