// Who is let in as whom, and what those get who guess: over the store in memory and a clock that the test moves.
#include "api/authentication.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <latch>
#include <limits>
#include <thread>

#include "api/computations.h"
#include "api/failures.h"
#include "crypto/random.h"
#include "crypto/start.h"
#include "support/memory_isolation_store.h"

namespace api {
namespace {

using isolation::Caller;
using isolation::Role;
using testing::HasSubstr;
using testing::Not;

class MovableClock final : public base::Clock {
 public:
  std::int64_t unix_ms() const override { return now_; }
  void pass(std::int64_t ms) { now_ += ms; }

 private:
  std::atomic<std::int64_t> now_ = 1'700'000'000'000;
};

std::string base64(std::string_view text) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < text.size() ? static_cast<std::uint8_t>(text[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j) out += i + j <= text.size() ? kDigits[bits >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

net::HttpRequest with(const std::string& authorization, const std::string& peer = "192.0.2.1") {
  net::HttpRequest request;
  request.headers = {{"Host", "x"}, {"authorization", authorization}};
  request.peer = peer;
  return request;
}
net::HttpRequest basic(const std::string& user, const std::string& password, const std::string& peer = "192.0.2.1") {
  return with("Basic " + base64(user + ":" + password), peer);
}

// What this thread has computed, in seconds: who else is busy on this machine does not count.
double computed() {
  timespec spent{};
  EXPECT_EQ(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent), 0);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

class Authenticating : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::start()); }
  void SetUp() override {
    limits_.cost = crypto::kLeastPasswordCost;
    add("ada", "secret", Role::kMember);
    add("root", "toor", Role::kAdministrator);
    write([](isolation::Transaction& rows) -> base::Status {
      TARN_ASSIGN(const auto project, rows.insert_project({0, "p1", {}, {}}));
      TARN_ASSIGN(const auto user, rows.find_user("ada"));
      return rows.set_member(user->id, project, true);
    });
  }
  void write(const std::function<base::Status(isolation::Transaction&)>& body) {
    const auto done = store_.write(body);
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  void add(const std::string& name, const std::string& password, Role role) {
    const auto hash =
        password.empty() ? base::Result<std::string>("") : crypto::hash_password(password, random_, limits_.cost);
    ASSERT_TRUE(hash.ok());
    write([&](isolation::Transaction& rows) -> base::Status {
      TARN_TRY(rows.insert_user({0, name, *hash, role}));
      return {};
    });
  }
  void change(const std::string& name, const std::function<void(isolation::User&)>& what) {
    write([&](isolation::Transaction& rows) -> base::Status {
      TARN_ASSIGN(auto user, rows.find_user(name));
      what(*user);
      return rows.update_user(*user);
    });
  }
  Authentication& door() {
    if (!door_) door_ = std::make_unique<Authentication>(store_, clock_, door_random_, limits_);
    return *door_;
  }
  std::optional<Caller> let_in(const net::HttpRequest& request) {
    auto answer = door().caller(request);
    auto* const caller = std::get_if<Caller>(&answer);
    return caller != nullptr ? std::optional(*caller) : std::nullopt;
  }
  Unknown refused(const net::HttpRequest& request) {
    const auto answer = door().caller(request);
    const auto* const why = std::get_if<Unknown>(&answer);
    return why != nullptr ? *why : Unknown{{base::Code::kConflict, "was let in"}};
  }
  std::string token_of(const std::string& name, std::optional<std::int64_t> expires = {}) {
    crypto::ApiTokenText token;
    const crypto::Digest hash = door().make_token(token);
    write([&](isolation::Transaction& rows) -> base::Status {
      TARN_ASSIGN(const auto user, rows.find_user(name));
      TARN_TRY(rows.insert_token({0, user->id, "t", {hash.begin(), hash.end()}, 0, expires}));
      return {};
    });
    return token.text;
  }

  support::MemoryIsolationStore store_;
  MovableClock clock_;
  crypto::SeededRandom random_{base::view("users")}, door_random_{base::view("door")};
  AuthenticationLimits limits_;
  std::unique_ptr<Authentication> door_;
};

TEST_F(Authenticating, APasswordLetsItsUserInAsWhatItIs) {
  const auto ada = let_in(basic("ada", "secret"));
  ASSERT_TRUE(ada.has_value());
  EXPECT_EQ(ada->name, "ada");
  EXPECT_EQ(ada->role, Role::kMember);
  EXPECT_EQ(ada->projects.size(), 1U);
  EXPECT_FALSE(ada->token);
  EXPECT_EQ(let_in(basic("root", "toor"))->role, Role::kAdministrator);
}

TEST_F(Authenticating, APasswordMayHaveColonsAndAnyBytes) {
  add("odd", std::string("a:b:\0\xff", 6), Role::kMember);
  EXPECT_TRUE(let_in(basic("odd", std::string("a:b:\0\xff", 6))));
  EXPECT_FALSE(let_in(basic("odd", "a:b:")));
}

TEST_F(Authenticating, UnknownUserAndWrongPasswordLookAlike) {
  const auto wrong = refused(basic("ada", "guess")), unknown = refused(basic("nobody", "guess"));
  EXPECT_EQ(wrong.error.code, base::Code::kUnauthenticated);
  EXPECT_EQ(unknown.error.code, base::Code::kUnauthenticated);
  EXPECT_EQ(wrong.error.message, unknown.error.message);
  EXPECT_EQ(wrong.retry_after_s, unknown.retry_after_s);
  // And both are made to wait in the same way.
  std::vector<std::optional<int>> waits[2];
  for (int i = 0; i < 12; ++i) {
    waits[0].push_back(refused(basic("ada", "guess", "10.0.0." + std::to_string(i))).retry_after_s);
    waits[1].push_back(refused(basic("nobody", "guess", "10.0.1." + std::to_string(i))).retry_after_s);
  }
  EXPECT_EQ(waits[0], waits[1]);
}

TEST_F(Authenticating, UnknownUserAndWrongPasswordTakeTheSameTime) {
  limits_.cost = {3, 8 * 1024 * 1024};  // some 10 ms, so that nothing else counts
  limits_.free_failures = limits_.free_peer_failures = 1'000;
  add("slow", "secret", Role::kMember);
  add("tokens-only", "", Role::kMember);
  const auto time = [this](const std::string& user) {
    double best = std::numeric_limits<double>::max();
    for (int i = 0; i < 5; ++i) {
      const double start = computed();
      EXPECT_FALSE(let_in(basic(user, "guess")));
      best = std::min(best, computed() - start);
    }
    return best;
  };
  door();
  const double known = time("slow");
  for (const char* user : {"nobody", "tokens-only"}) {
    const double theirs = time(user);
    EXPECT_GT(theirs, known / 3) << user;
    EXPECT_LT(theirs, known * 3) << user;
  }
}

TEST_F(Authenticating, WhatIsNoProofIsRefused) {
  net::HttpRequest nothing;
  nothing.peer = "192.0.2.1";
  EXPECT_EQ(refused(nothing).error.code, base::Code::kUnauthenticated);
  for (const std::string& header :
       {std::string(), std::string("Basic"), std::string("Basic "), "Basic " + base64("ada"),
        std::string("Basic ada:secret"), "Basic " + base64("ada:secret") + "=",
        "Basic " + base64("ada:secret").substr(1), base64("ada:secret"), "Digest " + base64("ada:secret"),
        "Bearer " + base64("ada:secret"), std::string("Bearer"), std::string("Bearer x"),
        "Basic " + std::string(100'000, 'A'), "Basic " + base64("ada:secret "), "Basic " + base64(":")})
    EXPECT_EQ(refused(with(header, "")).error.code, base::Code::kUnauthenticated) << header.substr(0, 50);
  EXPECT_TRUE(let_in(with("bAsIc  " + base64("ada:secret"))));
}

TEST_F(Authenticating, NothingThatIsRefusedSaysWhatWasOffered) {
  for (const auto& why :
       {refused(basic("adaxyz", "guessxyz")), refused(with("Bearer tarn_xyz")), refused(with("Basic xyz"))})
    EXPECT_THAT(why.error.message, Not(HasSubstr("xyz")));
}

TEST_F(Authenticating, ATokenLetsItsUserInUntilItEnds) {
  const std::string token = token_of("ada", clock_.unix_ms() + 1'000), forever = token_of("root");
  EXPECT_EQ(let_in(with("Bearer " + token))->name, "ada");
  const auto tables = store_.tables();
  EXPECT_EQ(let_in(with("Bearer " + token))->token, tables.tokens.begin()->first);
  EXPECT_EQ(let_in(with("bearer " + forever))->role, Role::kAdministrator);
  clock_.pass(999);
  EXPECT_TRUE(let_in(with("Bearer " + token)));
  clock_.pass(1);
  EXPECT_FALSE(let_in(with("Bearer " + token)));
  EXPECT_TRUE(let_in(with("Bearer " + forever)));
  write([&](isolation::Transaction& rows) -> base::Status {
    TARN_ASSIGN(const auto found, rows.find_token(*crypto::api_token_hash(forever)));
    return rows.erase_token(found->id);
  });
  EXPECT_FALSE(let_in(with("Bearer " + forever)));
}

TEST_F(Authenticating, AUserWithTokensOnlyHasNoPassword) {
  add("robot", "", Role::kBroker);
  EXPECT_FALSE(let_in(basic("robot", "")));
  EXPECT_EQ(let_in(with("Bearer " + token_of("robot")))->role, Role::kBroker);
}

TEST_F(Authenticating, AChangedPasswordEndsAtOnce) {
  ASSERT_TRUE(let_in(basic("ada", "secret")));
  const auto other = door().password_hash("other");
  ASSERT_TRUE(other.ok());
  change("ada", [&](isolation::User& user) { user.password_hash = *other; });
  EXPECT_FALSE(let_in(basic("ada", "secret")));
  EXPECT_TRUE(let_in(basic("ada", "other")));
}

TEST_F(Authenticating, ADeletedUserIsOutAtOnceAndARoleCountsAtOnce) {
  ASSERT_TRUE(let_in(basic("ada", "secret")));
  change("ada", [](isolation::User& user) { user.role = Role::kAuditor; });
  EXPECT_EQ(let_in(basic("ada", "secret"))->role, Role::kAuditor);
  const std::string token = token_of("ada");
  write([](isolation::Transaction& rows) -> base::Status {
    TARN_ASSIGN(const auto user, rows.find_user("ada"));
    return rows.erase_user(user->id);
  });
  EXPECT_FALSE(let_in(basic("ada", "secret")));
  EXPECT_FALSE(let_in(with("Bearer " + token)));
}

TEST_F(Authenticating, WhoGuessesHasToWaitTwiceAsLongEachTime) {
  std::vector<int> waits;
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(refused(basic("ada", "guess")).retry_after_s);
  for (int i = 0; i < 6; ++i) {
    const auto why = refused(basic("ada", "guess"));
    ASSERT_TRUE(why.retry_after_s.has_value());
    EXPECT_FALSE(let_in(basic("ada", "secret")));  // nor does the right one help now
    waits.push_back(*why.retry_after_s);
    clock_.pass(*why.retry_after_s * 1'000);
    EXPECT_FALSE(refused(basic("ada", "guess")).retry_after_s);
  }
  EXPECT_THAT(waits, testing::ElementsAre(1, 2, 4, 8, 16, 32));
}

TEST_F(Authenticating, NoWaitIsLongerThanTheLongestAndALongRestForgets) {
  limits_.longest_wait_ms = 10'000;
  std::optional<int> last;
  for (int i = 0; i < 30; ++i) {
    last = refused(basic("ada", "guess")).retry_after_s;
    clock_.pass(last ? *last * 1'000 : 0);
  }
  for (int i = 0; i < 2 && !last; ++i) last = refused(basic("ada", "guess")).retry_after_s;
  EXPECT_EQ(last, 10);
  clock_.pass(limits_.forget_ms);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(refused(basic("ada", "guess")).retry_after_s);
}

TEST_F(Authenticating, OnePeerThatGuessesManyUsersHasToWait) {
  for (unsigned i = 0; i < limits_.free_peer_failures; ++i)
    EXPECT_FALSE(refused(basic("user" + std::to_string(i), "guess")).retry_after_s);
  EXPECT_TRUE(refused(basic("another", "guess")).retry_after_s);
  EXPECT_FALSE(refused(basic("another", "guess", "192.0.2.2")).retry_after_s);
}

TEST_F(Authenticating, TheAddressesOfOneIpv6NetworkAreOnePeer) {
  for (unsigned i = 0; i < limits_.free_peer_failures; ++i)
    (void)refused(basic("user" + std::to_string(i), "guess", "2001:db8:0:1::" + std::to_string(i)));
  EXPECT_TRUE(refused(basic("another", "guess", "2001:db8:0:1:ffff::1")).retry_after_s);
  EXPECT_FALSE(refused(basic("another", "guess", "2001:db8:0:2::1")).retry_after_s);
}

TEST_F(Authenticating, SuccessDoesNotWhitenAPeerThatGuesses) {
  for (unsigned i = 0; i + 1 < limits_.free_peer_failures; ++i) {
    (void)refused(basic("user" + std::to_string(i), "guess"));
    ASSERT_TRUE(let_in(basic("ada", "secret")));
    clock_.pass(limits_.remember_ms / 3);  // sometimes remembered, sometimes computed
  }
  (void)refused(basic("last", "guess"));
  EXPECT_TRUE(refused(basic("another", "guess")).retry_after_s);
}

TEST_F(Authenticating, TyposOfOnesOwnAreForgivenOthersGuessesAreNot) {
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(refused(basic("ada", "typo")).retry_after_s);
    clock_.pass(limits_.remember_ms);
    EXPECT_TRUE(let_in(basic("ada", "secret")));
  }
  clock_.pass(limits_.remember_ms);
  (void)refused(basic("root", "guess", "198.51.100.7"));
  for (int i = 0; i < 3; ++i) (void)refused(basic("root", "typo"));
  EXPECT_TRUE(let_in(basic("root", "toor")));
  (void)refused(basic("root", "guess", "198.51.100.7"));
  EXPECT_TRUE(refused(basic("root", "guess", "198.51.100.7")).retry_after_s);
}

TEST_F(Authenticating, WhoIsRememberedComesInWhileOthersGuessItsName) {
  ASSERT_TRUE(let_in(basic("ada", "secret")));
  for (int i = 0; i < 20; ++i) (void)refused(basic("ada", "guess", "198.51.100.7"));
  EXPECT_TRUE(refused(basic("ada", "secret", "203.0.113.9")).retry_after_s);  // not yet seen there
  EXPECT_TRUE(let_in(basic("ada", "secret")));
  EXPECT_TRUE(let_in(with("Bearer " + token_of("ada"), "198.51.100.7")));  // a token cannot be guessed
}

TEST_F(Authenticating, WhatIsRememberedCannotBeGuessedFaster) {
  ASSERT_TRUE(let_in(basic("ada", "secret")));
  for (int i = 0; i < 20; ++i) (void)refused(basic("ada", "guess" + std::to_string(i)));
  for (int i = 0; i < 20; ++i) (void)refused(basic("user" + std::to_string(i), "guess"));
  EXPECT_TRUE(refused(basic("ada", "secret")).retry_after_s);
}

TEST_F(Authenticating, GuessedTokensMakeAPeerWait) {
  const std::string good = token_of("ada");
  for (unsigned i = 0; i < limits_.free_peer_failures; ++i)
    EXPECT_FALSE(refused(with("Bearer tarn_" + std::string(64, 'a'))).retry_after_s);
  EXPECT_TRUE(refused(with("Bearer tarn_" + std::string(64, 'a'))).retry_after_s);
  EXPECT_TRUE(let_in(with("Bearer " + good)));
}

TEST_F(Authenticating, WhatWasRightIsNotComputedAgainForAWhile) {
  limits_.cost = {3, 16 * 1024 * 1024};
  add("slow", "secret", Role::kMember);
  const auto time = [this] {
    const double start = computed();
    EXPECT_TRUE(let_in(basic("slow", "secret")));
    return computed() - start;
  };
  door();
  const double first = time();
  double again = time();
  for (int i = 0; i < 5; ++i) again = std::min(again, time());
  EXPECT_LT(again, first / 4);
  clock_.pass(limits_.remember_ms);
  EXPECT_GT(time(), first / 4);
}

TEST_F(Authenticating, FewAreRememberedAndAllComeIn) {
  limits_.remembered = 2;
  for (int i = 0; i < 5; ++i) add("u" + std::to_string(i), "pw", Role::kMember);
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(let_in(basic("u" + std::to_string(i), "pw")));
}

TEST_F(Authenticating, AHashOfALowerCostIsMadeAnewAtTheNextLogin) {
  const auto hash = [this] {
    const auto tables = store_.tables();
    for (const auto& [id, user] : tables.users)
      if (user.name == "ada") return user.password_hash;
    return std::string();
  };
  const std::string before = hash();
  limits_.cost = {2, 64 * 1024};
  EXPECT_FALSE(let_in(basic("ada", "guess")));
  EXPECT_EQ(hash(), before);
  const auto ada = let_in(basic("ada", "secret"));
  ASSERT_TRUE(ada);
  EXPECT_NE(hash(), before);
  EXPECT_EQ(ada->password, password_mark(hash())) << "what it opens now would end at once";
  EXPECT_FALSE(crypto::needs_rehash(hash(), limits_.cost));
  EXPECT_TRUE(let_in(basic("ada", "secret")));
}

TEST_F(Authenticating, AStoreThatFailsIsNoWrongPassword) {
  store_.die_at(1);
  (void)store_.write([](isolation::Transaction& rows) -> base::Status {
    TARN_TRY(rows.insert_project({0, "p2", {}, {}}));
    return {};
  });
  for (int i = 0; i < 20; ++i) EXPECT_EQ(refused(basic("ada", "secret")).error.code, base::Code::kStorage);
  store_.revive();
  EXPECT_TRUE(let_in(basic("ada", "secret")));
}

TEST_F(Authenticating, ManyThreadsOfOneUserAllComeIn) {
  limits_.cost = {1, 1024 * 1024};
  limits_.waiting = 0;
  add("busy", "secret", Role::kMember);
  door();
  std::atomic<int> in = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i)
      threads.emplace_back(
          [&] { in += std::holds_alternative<Caller>(door().caller(basic("busy", "secret"))) ? 1 : 0; });
  }
  EXPECT_EQ(in, 16);
}

TEST_F(Authenticating, ManyThreadsThatGuessGetNoMoreTriesThanOne) {
  limits_.free_peer_failures = 1'000;
  door();
  std::atomic<unsigned> tries = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i)
      threads.emplace_back([&, i] {
        for (int j = 0; j < 5; ++j) {
          const auto answer = door().caller(basic("ada", "guess", "10.0.0." + std::to_string(i)));
          tries += std::get<Unknown>(answer).retry_after_s ? 0U : 1U;
        }
      });
  }
  EXPECT_EQ(tries, limits_.free_failures);
}

TEST_F(Authenticating, TheFirstAdministratorIsMadeOnce) {
  support::MemoryIsolationStore empty;
  const auto hash = door().password_hash("secret");
  ASSERT_TRUE(hash.ok());
  const auto made = bootstrap_administrator(empty, "admin", *hash, 5);
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(*made);
  EXPECT_FALSE(*bootstrap_administrator(empty, "admin", *hash, 6));
  EXPECT_FALSE(*bootstrap_administrator(empty, "other", *hash, 6));
  const auto tables = empty.tables();
  ASSERT_EQ(tables.users.size(), 1U);
  EXPECT_EQ(tables.users.begin()->second.role, Role::kAdministrator);
  EXPECT_FALSE(*bootstrap_administrator(store_, "admin", *hash, 6));  // there is root
  EXPECT_FALSE(bootstrap_administrator(empty, "no name", *hash, 6).ok());
}

TEST_F(Authenticating, TheFirstAdministratorTakesNobodysName) {
  support::MemoryIsolationStore members;
  ASSERT_TRUE(members
                  .write([](isolation::Transaction& rows) -> base::Status {
                    TARN_TRY(rows.insert_user({0, "admin", "", Role::kMember}));
                    return {};
                  })
                  .ok());
  const auto made = bootstrap_administrator(members, "admin", "", 0);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, base::Code::kConflict);
}

TEST(CountedFailures, KeysThatShareACounterShareItsWait) {
  Failures failures(1, {.free = 2, .first_wait_ms = 10});
  failures.failed(1, 1, 0);
  EXPECT_EQ(failures.wait_ms(2, 0), 0);
  failures.failed(2, 1, 0);
  EXPECT_EQ(failures.wait_ms(1, 0), 10);
  EXPECT_EQ(failures.wait_ms(3, 9), 1);
  EXPECT_EQ(failures.wait_ms(3, 10), 0);
}

TEST(CountedFailures, AnyNumberOfThemIsALongestWait) {
  Failures failures(8, {.free = 1, .first_wait_ms = 1, .longest_wait_ms = 1'000});
  for (int i = 0; i < 10'000; ++i) failures.failed(5, 5, 0);
  EXPECT_EQ(failures.wait_ms(5, 0), 1'000);
  EXPECT_EQ(failures.wait_ms(6, 0), 0);
}

TEST(ComputationDoor, LetsFewInAndFewWait) {
  Computations door(2, 1, std::chrono::milliseconds(60'000));
  auto first = std::make_unique<Computations::Entry>(door, 1);
  const Computations::Entry second(door, 2);
  EXPECT_TRUE(*first && second);
  std::latch in{1};
  std::jthread waits([&] {
    const Computations::Entry third(door, 3);
    EXPECT_TRUE(third);
    in.count_down();
  });
  Computations impatient(1, 0, std::chrono::milliseconds(1));
  const Computations::Entry inside(impatient, 1);
  EXPECT_FALSE(Computations::Entry(impatient, 2));
  EXPECT_FALSE(Computations::Entry(impatient, 1));
  first.reset();
  in.wait();
}

}  // namespace
}  // namespace api
