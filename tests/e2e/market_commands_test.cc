// The market as its operator and two organisations meet it: a daemon with its state in a directory, or several on one
// PostgreSQL, and the client commands over TLS, by identity.
#include "e2e/market_lab.h"
#include "support/postgres.h"

namespace e2e {
namespace {

bool postgres_is_missing() { return support::Postgres::get() == nullptr; }

class MarketCommands : public testing::TestWithParam<bool> {
 protected:
  static std::string storage() {
    if (!GetParam()) return "";
    return support::Postgres::get()->new_database();
  }
};

TEST_P(MarketCommands, FromAnOfferAndABidToAStatement) {
  if (GetParam() && postgres_is_missing()) GTEST_SKIP() << "PostgreSQL is not installed";
  Market market(storage());
  open_market(market);
  const std::string north = market.join("north"), acme = market.join("acme");
  market.works(north,
               {"lot", "create", "small", "--units", "8", "--attribute", "cpu=1", "--from", "now", "--until", "1d"});
  // One window for both: what "15s from now" is differs between two commands.
  const json rules = market.shown(north, {"market", "show", "now"});
  EXPECT_EQ(rules.value("slot_ms", 0), 1'000);
  const std::string from = market
                               .shown(north, {"offer", "create", "now", "--lot", "small", "--units", "4", "--price",
                                              "0.36", "--from", "15s", "--duration", "3s", "--least-duration", "3s"})
                               .value("earliest", "");
  const json bid = market.shown(
      acme, {"bid", "create", "now", "--units", "2", "--price", "3.6", "--from", from, "--duration", "3s"});
  EXPECT_EQ(bid.value("state", ""), "open");
  const json depth = market.shown(acme, {"market", "depth", "now"});
  EXPECT_EQ(depth["bids"][0].value("units", 0), 2);
  const std::string promised = market.shown(acme, {"market", "show", "now"}).value("seed_commitment", "");
  const json clearing = market.shown("", {"market", "clear", "now"});
  EXPECT_EQ(clearing.value("trades", 0), 1);
  const json contracts = market.shown(acme, {"contract", "list"});
  ASSERT_EQ(contracts.size(), 1U);
  const std::string contract = contracts[0].value("id", "");
  const json verified = market.shown(acme, {"contract", "verify", contract});
  EXPECT_EQ(verified.value("buyer", ""), market.ids[acme]);
  EXPECT_EQ(verified.value("seller", ""), market.ids[north]);

  // The transcript, checked without the market.
  const End transcript = market.as(acme, {"market", "transcript", "now", "1"});
  EXPECT_EQ(transcript.code, kDone) << transcript;
  write_file(market.directory / "transcript.json", transcript.out);
  const End checked = tarn({"market", "verify", market.directory / "transcript.json", "--commitment", promised});
  EXPECT_EQ(checked.code, kDone) << checked;

  // Delivered as soon as its time has come, and paid for slot by slot.
  EXPECT_TRUE(eventually([&] {
    return market.shown(acme, {"contract", "show", contract}).value("state", "") == "completed";
  })) << market.shown(acme, {"contract", "show", contract});
  const json over = market.shown(north, {"contract", "show", contract});
  EXPECT_EQ(over["leases"].size(), 2U);

  const json accounts = market.shown(acme, {"account", "list"});
  ASSERT_EQ(accounts.size(), 1U);
  EXPECT_EQ(accounts[0].value("set_aside", ""), "0");
  const json statement = market.shown(acme, {"account", "statement", accounts[0].value("id", "")});
  EXPECT_EQ(statement.value("closing", ""), accounts[0].value("balance", "?"));
  EXPECT_TRUE(statement["by_reason"].contains("grant"));
  const json invoice = market.shown(acme, {"account", "invoice", accounts[0].value("id", "")});
  EXPECT_EQ(invoice.value("received", ""), "100");
  EXPECT_EQ(invoice["lines"].size(), 2U) << "the operator's grant, and the contract";
  const std::string account = accounts[0].value("id", "");
  EXPECT_EQ(market.as(acme, {"account", "freeze", account}).code, kForbidden);
  market.works("", {"account", "freeze", account});
  EXPECT_EQ(market.shown(acme, {"account", "show", account}).value("frozen", false), true);
  market.works("", {"account", "thaw", account});
  EXPECT_EQ(market.audit().value("clean", false), true);
  EXPECT_EQ(market.stop(SIGTERM), kDone);
  EXPECT_EQ(market.audit().value("clean", false), true);
}

TEST_P(MarketCommands, AreKeptOverAKill) {
  if (GetParam() && postgres_is_missing()) GTEST_SKIP() << "PostgreSQL is not installed";
  Market market(storage());
  open_market(market);
  const std::string north = market.join("north");
  market.works(north, {"lot", "create", "small", "--from", "now", "--until", "1d"});
  const json before = market.shown(north, {"account", "list"});
  (void)market.stop(SIGKILL);
  market.start();
  EXPECT_EQ(market.shown(north, {"account", "list"}), before);
  EXPECT_EQ(market.shown(north, {"lot", "list"}).size(), 1U);
  EXPECT_EQ(market.audit().value("clean", false), true);
}

INSTANTIATE_TEST_SUITE_P(On, MarketCommands, testing::Bool(),
                         [](const auto& which) { return which.param ? "PostgreSQL" : "SQLite"; });

// What a person delivers is marked by hand, when its time has come and not before.
TEST(MarketDelivery, IsMarkedByTheOperator) {
  Market market("", nullptr, "manual");
  open_market(market, "10s");
  const std::string north = market.join("north"), acme = market.join("acme");
  market.works(north, {"lot", "create", "small", "--units", "2", "--from", "now", "--until", "1d"});
  const std::string from = market
                               .shown(north, {"offer", "create", "now", "--lot", "small", "--units", "2", "--price",
                                              "0.36", "--from", "10s", "--duration", "1m", "--least-duration", "1m"})
                               .value("earliest", "");
  market.works(acme, {"bid", "create", "now", "--units", "2", "--price", "0.72", "--from", from, "--duration", "1m"});
  market.works("", {"market", "clear", "now"});
  const json due = market.shown("", {"market", "lease", "list"});
  ASSERT_EQ(due.size(), 2U);
  const std::string first = due[0].value("id", ""), second = due[1].value("id", "");
  EXPECT_EQ(market.operate({"market", "lease", "ready", first}).code, kConflict);
  EXPECT_EQ(market.as(acme, {"market", "lease", "ready", first}).code, kForbidden);
  EXPECT_TRUE(eventually(
      [&] { return market.shown("", {"market", "lease", "list"})[0].value("state", "") == "provisioning"; }));
  market.works("", {"market", "lease", "ready", first});
  EXPECT_EQ(market.shown("", {"market", "lease", "list"})[0].value("state", ""), "active");
  market.works("", {"market", "lease", "failed", second, "--why", "its disk is broken"});
  const json contract = market.shown(acme, {"contract", "list"})[0];
  EXPECT_EQ(contract.value("state", ""), "breached");
  EXPECT_THAT(contract.value("reason", ""), HasSubstr("its disk is broken"));
  market.works("", {"market", "lease", "gone", second});
  EXPECT_EQ(market.audit().value("clean", false), true);
}

TEST(MarketLists, AreNarrowedByWhatIsSaid) {
  Market market;
  open_market(market);
  const std::string acme = market.join("acme");
  const auto bid = [&] {
    return market.shown(acme, {"bid", "create", "now", "--price", "3.6", "--from", "10m", "--duration", "2s"})
        .value("id", "");
  };
  market.works(acme, {"bid", "cancel", bid()});
  const std::string open = bid();
  EXPECT_EQ(market.shown(acme, {"bid", "list"}).size(), 2U);
  const json still = market.shown(acme, {"bid", "list", "--open", "--market", "now"});
  ASSERT_EQ(still.size(), 1U);
  EXPECT_EQ(still[0].value("id", ""), open);
  EXPECT_EQ(market.shown(acme, {"offer", "list", "--open"}).size(), 0U);
  const json all = market.shown(acme, {"market", "events"});
  ASSERT_GT(all.size(), 2U);
  const std::string first = std::to_string(all[0].value("id", 0));
  EXPECT_EQ(market.shown(acme, {"market", "events", "--after", first}).size(), all.size() - 1);
}

TEST(MarketOffers, AreOfWholeWindowsWhereNothingElseIsSold) {
  Market market;
  open_market(market);
  market.works("", {"market", "create", "fair", "--currency", "credits", "--mechanism", "mcafee", "--slot", "1s"});
  const std::string north = market.join("north");
  market.works(north, {"lot", "create", "small", "--from", "now", "--until", "1d"});
  const std::vector<std::string> window{"--lot", "small", "--price", "3.6", "--from", "10m", "--duration", "1m"};
  const auto least = [&](const std::string& name) {
    std::vector<std::string> words{"offer", "create", name, "--dry-run"};
    words.insert(words.end(), window.begin(), window.end());
    return market.shown(north, words).value("min_duration", "");
  };
  EXPECT_EQ(least("fair"), "1m");
  EXPECT_EQ(least("now"), "1s");
}

TEST(MarketOffers, AreClosedAtWholeSlots) {
  Market market;
  open_market(market, "1h");
  market.works("", {"market", "create", "flex", "--currency", "credits", "--mechanism", "combinatorial"});
  const std::string north = market.join("north");
  market.works(north, {"lot", "create", "small", "--from", "now", "--until", "9d"});
  const json offer = market.shown(
      north, {"offer", "create", "flex", "--lot", "small", "--price", "1", "--until", "7d", "--closed", "1d/2d"});
  EXPECT_EQ(offer["closed"].size(), 1U);
}

// Whoever has the state directory comes in again, though nobody has a token that counts.
TEST(MarketOperators, AreMadeAnewByAStartWithoutAny) {
  Market market;
  const json brief = market.shown("", {"market", "token", "create", "brief", "--role", "operator", "--expires", "1s"});
  market.works("", {"market", "token", "revoke", market.shown("", {"market", "token", "list"})[0].value("id", "")});
  EXPECT_TRUE(eventually([&] {
    return market.run_as(brief.value("token", ""), "", {"market", "list"}).code == kForbidden;
  })) << "it has expired";
  EXPECT_EQ(market.stop(SIGTERM), kDone);
  market.operator_token.clear();
  market.start();
  EXPECT_EQ(market.operate({"market", "list"}).code, kDone);
}

TEST(MarketCommandErrors, HaveTheirExitCodesAndSayWhatToDo) {
  Market market;
  open_market(market);
  const std::string north = market.join("north");
  EXPECT_EQ(market.as(north, {"market", "show", "later"}).code, kNotFound);
  EXPECT_EQ(market.as(north, {"contract", "show", "ctr_99"}).code, kNotFound);
  EXPECT_EQ(market.as(north, {"contract", "show", "bid_1"}).code, kNotFound);
  EXPECT_EQ(market.as(north, {"market", "close", "now"}).code, kForbidden);
  EXPECT_EQ(market.operate({"market", "create", "now", "--currency", "credits"}).code, kConflict);
  EXPECT_EQ(market.operate({"market", "create", "x", "--currency", "credits", "--mechanism", "lottery"}).code,
            kRefused);
  const End nothing = market.as(north, {"bid", "create", "now", "--price", "1", "--units", "2", "--least-units", "3"});
  EXPECT_EQ(nothing.code, kRefused);
  EXPECT_THAT(nothing.err, HasSubstr("--least-units"));
  const End poor =
      market.as(north, {"bid", "create", "now", "--price", "3600000", "--units", "4", "--duration", "10s"});
  EXPECT_EQ(poor.code, kConflict) << poor;
  const End of_nothing = market.as(north, {"offer", "create", "now", "--price", "1"});
  EXPECT_EQ(of_nothing.code, kRefused);
  EXPECT_THAT(of_nothing.err, HasSubstr("--lot"));
  const End uneven = market.as(north, {"bid", "create", "now", "--price", "0.0000037", "--duration", "2s"});
  EXPECT_EQ(uneven.code, kRefused) << uneven;
  const End strangers = market.run_as("tarn_" + std::string(64, '0'), "", {"market", "list"});
  EXPECT_EQ(strangers.code, kForbidden) << strangers;
  const End by_token = market.run_as(market.operator_token, north, {"bid", "create", "now", "--price", "1"});
  EXPECT_EQ(by_token.code, kForbidden) << by_token;
  EXPECT_THAT(by_token.err, HasSubstr("unset TARN_MARKET_TOKEN"));
  const End keyless = market.run_as("", "", {"bid", "create", "now", "--price", "1"});
  EXPECT_EQ(keyless.code, kRefused);
  EXPECT_THAT(keyless.err, HasSubstr("--identity"));
  EXPECT_EQ(tarn({"ledger", "audit", "--state-dir", market.directory / "nowhere"}).code, kStorage);
}

TEST(MarketCommandErrors, AContractOfAnotherMarketsKeyIsNotVerified) {
  Market market;
  const End end = market.as("", {"contract", "verify", "--file", market.directory / "market.toml"});
  EXPECT_EQ(end.code, kRefused);
}

// Who has pinned the market's key does not deal with another market, whatever the service says.
class PinnedMarket : public testing::Test {
 protected:
  void SetUp() override {
    open_market(market);
    acme = market.join("acme");
    other = market.ids[acme];  // an id that is not the market's
  }
  void expect_refused(const End& end) const {
    EXPECT_EQ(end.code, kRefused) << end;
    EXPECT_THAT(end.err, testing::AllOf(HasSubstr(market.key), HasSubstr(other), HasSubstr("pinned"),
                                        HasSubstr("--market-key")));
  }
  End bid(std::vector<std::string> more = {}) {
    std::vector<std::string> words{"bid", "create", "now", "--price", "3.6", "--from", "1h", "--duration", "2s"};
    words.insert(words.end(), more.begin(), more.end());
    return market.as(acme, words);
  }
  std::size_t orders() { return market.shown(acme, {"bid", "list"}).size(); }
  void configure(const std::string& key) {
    fs::create_directories(market.directory / "tarn");
    write_file(market.directory / "tarn/market.toml", "market_key = \"" + key + "\"\n");
  }

  Market market;
  std::string acme, other;
};

TEST_F(PinnedMarket, AnotherKeyIsRefusedAndNoOrderMade) {
  expect_refused(bid({"--market-key", other}));
  expect_refused(bid({"--market-key", other, "--dry-run"}));
  expect_refused(market.as(acme, {"lot", "create", "small", "--from", "now", "--until", "1d", "--market-key", other}));
  market.environment = {{"TARN_MARKET_KEY", other}};
  expect_refused(bid());
  market.environment.clear();
  configure(other);
  expect_refused(bid());
  configure(market.key);
  EXPECT_EQ(orders(), 0U);
  EXPECT_EQ(market.shown(acme, {"lot", "list"}).size(), 0U);
}

TEST_F(PinnedMarket, ItsOwnKeyIsTakenFromWhereItIsSaidFirst) {
  configure(other);
  market.environment = {{"TARN_MARKET_KEY", market.key}};
  EXPECT_EQ(bid().code, kDone);
  market.environment = {{"TARN_MARKET_KEY", other}};
  const End said = bid({"--market-key", market.key});
  EXPECT_EQ(said.code, kDone) << said;
  market.environment.clear();
  configure(market.key);
  EXPECT_EQ(bid().code, kDone);
  EXPECT_EQ(orders(), 3U);
}

TEST_F(PinnedMarket, AKeyThatIsNoneIsRefused) {
  const End end = bid({"--market-key", "org_12"});
  EXPECT_EQ(end.code, kRefused);
  EXPECT_THAT(end.err, HasSubstr("64 hexadecimal digits"));
}

// With and without the service.
TEST_F(PinnedMarket, ContractsAreVerifiedAgainstIt) {
  const std::string north = market.join("north");
  market.works(north, {"lot", "create", "small", "--from", "now", "--until", "1d"});
  const std::string from = market
                               .shown(north, {"offer", "create", "now", "--lot", "small", "--price", "0.36", "--from",
                                              "1h", "--duration", "2s"})
                               .value("earliest", "");
  market.works(acme, {"bid", "create", "now", "--price", "3.6", "--from", from, "--duration", "2s"});
  market.works("", {"market", "clear", "now"});
  const std::string file = market.directory / "contract.json";
  write_file(file, market.shown(acme, {"contract", "show", "ctr_1"}).dump());
  expect_refused(market.as(acme, {"contract", "verify", "ctr_1", "--market-key", other}));
  market.works(acme, {"contract", "verify", "ctr_1", "--market-key", market.key});
  EXPECT_EQ(tarn({"contract", "verify", "--file", file, "--market-key", market.key}).code, kDone);
  EXPECT_EQ(tarn({"contract", "verify", "--file", file, "--market-key", other}).code, kPeerMisbehaved);
  configure(market.key);
  market.works(acme, {"contract", "verify", "--file", file});
}

// What a start writes while it refuses would be in the way of what is to be restored there.
TEST(AMarketWithoutItsKey, IsNotStartedAndLeavesItsDirectoryAsItWas) {
  Market market;
  EXPECT_EQ(market.stop(SIGTERM), kDone);
  fs::rename(market.state() + "/market.key", market.directory / "elsewhere");
  const auto before = picture(market.state());
  const End end = tarn({"market", "serve", "--config", market.directory / "market.toml"});
  EXPECT_EQ(end.code, kStorage) << end;
  EXPECT_THAT(end.err, testing::AllOf(HasSubstr("market.key"), HasSubstr("restore it")));
  EXPECT_EQ(picture(market.state()), before);
  fs::rename(market.directory / "elsewhere", market.state() + "/market.key");
  market.start();
  EXPECT_EQ(market.operate({"market", "list"}).code, kDone);
}

// A second process on a database that is a market's already: it makes no key of its own, and is refused with one.
TEST(SeveralMarkets, SignWithOneKey) {
  if (postgres_is_missing()) GTEST_SKIP() << "PostgreSQL is not installed";
  const std::string connection = support::Postgres::get()->new_database();
  const Market first(connection);
  const TemporaryDirectory other;
  write_file(other / "market.toml", "[storage]\nstate_dir = \"state\"\npostgres = \"" + connection + "\"\n");
  const auto expect_refused = [&] {
    const End end = tarn({"market", "serve", "--config", other / "market.toml"});
    EXPECT_EQ(end.code, kStorage) << end;
    EXPECT_THAT(end.err, HasSubstr("copy market.key"));
  };
  expect_refused();
  EXPECT_FALSE(fs::exists(other / "state"));
  fs::create_directory(other.path() + "/state");
  EXPECT_EQ(tarn({"keygen", "--out", other / "state/market.key"}).code, kDone);
  expect_refused();
}

TEST(SeveralMarkets, ServeOneDatabaseAndOneOfThemLeads) {
  if (postgres_is_missing()) GTEST_SKIP() << "PostgreSQL is not installed";
  const std::string connection = support::Postgres::get()->new_database();
  Market first(connection);
  EXPECT_TRUE(first.says("market_leads"));
  Market second(connection, &first);
  open_market(second);
  EXPECT_EQ(first.shown("", {"market", "list"}).size(), 1U);
  (void)first.stop(SIGKILL);
  EXPECT_TRUE(second.says("market_leads"));
  EXPECT_EQ(second.stop(SIGTERM), kDone);
}

}  // namespace
}  // namespace e2e
