// Honest parties: what a mesh does for its caller. The dishonest are in hostile_test.cc.
#include "net/mesh.h"

#include <atomic>
#include <future>

#include "net/loopback.h"

namespace net {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

base::Bytes pattern(std::size_t size, std::size_t from, std::size_t to, std::size_t number) {
  base::Bytes bytes(size);
  const std::size_t seed = from * 7 + to * 3 + number;
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 251 + seed);
  return bytes;
}

class AllToAll : public testing::TestWithParam<std::size_t> {};

TEST_P(AllToAll, EverySizeArrivesInOrder) {
  const std::size_t n = GetParam();
  // Around the edges of length field and TLS record.
  static constexpr std::size_t kSizes[] = {0, 1, 3, 4, 16379, 16380, 16381, 16384, 32764, 0, 100'000, 65'536, 2};
  Town(n).run([&](Mesh& mesh) {
    ASSERT_EQ(mesh.parties(), n);
    std::uint64_t sent = 0;
    for (std::size_t number = 0; number < std::size(kSizes); ++number) {
      for (std::size_t peer = 0; peer < n; ++peer) {
        if (peer == mesh.self()) continue;
        ASSERT_TRUE(mesh.send(peer, pattern(kSizes[number], mesh.self(), peer, number)).ok());
        sent += kSizes[number] + 4;
      }
    }
    EXPECT_EQ(mesh.sent_bytes(), sent);
    for (std::size_t peer = 0; peer < n; ++peer) {
      for (std::size_t number = 0; peer != mesh.self() && number < std::size(kSizes); ++number) {
        const auto got = mesh.receive(peer, kSizes[number]);
        ASSERT_TRUE(got.ok()) << got.error().message;
        ASSERT_EQ(*got, pattern(kSizes[number], peer, mesh.self(), number));
      }
    }
  });
}
INSTANTIATE_TEST_SUITE_P(Parties, AllToAll, testing::Values(2, 3, 5));

TEST(Mesh, LargeMessagesBothWaysAtOnce) {
  static constexpr std::size_t kSize = 20'000'003;
  Town(2).run([](Mesh& mesh) {
    const std::size_t peer = 1 - mesh.self();
    ASSERT_TRUE(mesh.send(peer, pattern(kSize, mesh.self(), peer, 0)).ok());
    const auto got = mesh.receive(peer, kSize);
    ASSERT_TRUE(got.ok()) << got.error().message;
    EXPECT_TRUE(*got == pattern(kSize, peer, mesh.self(), 0));
  });
}

TEST(Mesh, ManySmallRounds) {
  Town(3).run([](Mesh& mesh) {
    for (std::size_t round = 0; round < 200; ++round) {
      for (std::size_t peer = 0; peer < 3; ++peer) {
        if (peer == mesh.self()) continue;
        ASSERT_TRUE(mesh.send(peer, pattern(40, mesh.self(), peer, round)).ok());
      }
      for (std::size_t peer = 0; peer < 3; ++peer) {
        if (peer == mesh.self()) continue;
        const auto got = mesh.receive(peer, 40);
        ASSERT_TRUE(got.ok()) << got.error().message;
        ASSERT_EQ(*got, pattern(40, peer, mesh.self(), round));
      }
    }
  });
}

TEST(Mesh, RefusesUnusableOptions) {
  Town town(2);
  const auto code = [&](const std::function<void(MeshOptions&)>& spoil) {
    MeshOptions options;
    options.parties = town.parties;
    spoil(options);
    auto mesh = Mesh::connect(town.ids[0], std::move(options), 10, nullptr);
    return mesh.ok() ? base::Code::kStorage : mesh.error().code;
  };
  EXPECT_EQ(code([](MeshOptions& o) { o.parties.pop_back(); }), base::Code::kInvalidInput);
  EXPECT_EQ(code([](MeshOptions& o) { o.self = 2; }), base::Code::kInvalidInput);
  EXPECT_EQ(code([](MeshOptions& o) { o.self = 1; }), base::Code::kInvalidInput);  // not our key
  EXPECT_EQ(code([](MeshOptions& o) { o.parties[1].key = o.parties[0].key; }), base::Code::kInvalidInput);
  EXPECT_EQ(code([](MeshOptions& o) { o.parties.resize(17); }), base::Code::kInvalidInput);
  EXPECT_EQ(code([](MeshOptions& o) { o.listen = "nowhere"; }), base::Code::kInvalidInput);
  EXPECT_EQ(code([](MeshOptions& o) { o.one_way_delay_ms = -1; }), base::Code::kInvalidInput);
  EXPECT_EQ(code([](MeshOptions& o) { o.max_message = 0; }), base::Code::kInvalidInput);
}

TEST(Mesh, WaitsForTheLateAndSaysWhoIsMissing) {
  Town town(3);
  std::promise<void> noticed;
  std::jthread late([&] {  // parties 0 and 1 come only after party 2 has missed them
    noticed.get_future().wait();
    std::jthread other([&] { town.connect(1, town.options(1)); });
    town.connect(0, town.options(0));
  });
  std::vector<std::vector<MissingParty>> reports;
  const auto mesh = Mesh::connect(town.ids[2], town.options(2), kPatienceMs, [&](const auto& missing) {
    reports.push_back(missing);
    if (reports.size() == 1) noticed.set_value();
  });
  ASSERT_TRUE(mesh.ok()) << mesh.error().message;
  ASSERT_FALSE(reports.empty());
  ASSERT_EQ(reports[0].size(), 2U);
  EXPECT_EQ(reports[0][0].party, 0U);
  EXPECT_EQ(reports[0][1].party, 1U);
  EXPECT_NE(reports[0][1].reason.find("refused"), std::string::npos) << reports[0][1].reason;
}

TEST(Mesh, NamesTheMissingWhenTimeIsUp) {
  Town town(3);
  const auto mesh = Mesh::connect(town.ids[1], town.options(1), 1'000, nullptr);
  ASSERT_FALSE(mesh.ok());
  EXPECT_EQ(mesh.error().code, base::Code::kUnreachable);
  EXPECT_EQ(mesh.error().party, 0U);
  EXPECT_NE(mesh.error().message.find("party 0: cannot connect"), std::string::npos) << mesh.error().message;
  EXPECT_NE(mesh.error().message.find("party 2: has not connected"), std::string::npos) << mesh.error().message;
}

TEST(Mesh, ConnectingCanBeCancelled) {
  Town town(2);
  MeshOptions options = town.options(1);
  int asked = 0;
  options.cancelled = [&] { return ++asked > 2; };
  const auto mesh = Mesh::connect(town.ids[1], std::move(options), kPatienceMs, nullptr);
  ASSERT_FALSE(mesh.ok());
  EXPECT_EQ(mesh.error().code, base::Code::kCancelled);
}

TEST(Mesh, ReceiveEndsByCancellationAndByDeadline) {
  std::promise<void> done;
  auto finished = done.get_future().share();
  std::atomic<bool> cancel{false};
  Town(2).run(
      [&](Mesh& mesh) {
        if (mesh.self() == 1) return finished.wait();
        mesh.set_deadline_ms(30);
        auto got = mesh.receive(1, 10);
        ASSERT_FALSE(got.ok());
        EXPECT_EQ(got.error().code, base::Code::kDeadline);
        EXPECT_EQ(got.error().party, 1U);
        mesh.set_deadline_ms(kPatienceMs);
        std::jthread later([&] { cancel = true; });
        got = mesh.receive(1, 10);
        ASSERT_FALSE(got.ok());
        EXPECT_EQ(got.error().code, base::Code::kCancelled);
        done.set_value();
      },
      [&](MeshOptions& options) {
        if (options.self == 0) options.cancelled = [&] { return cancel.load(); };
      });
}

TEST(Mesh, DelayHoldsMessagesBackInOrder) {
  static constexpr int kDelayMs = 60;
  Town(2).run(
      [](Mesh& mesh) {
        const std::size_t peer = 1 - mesh.self();
        const auto start = steady_clock::now();
        for (std::size_t round = 0; round < 2; ++round) {  // a ping and a pong, three messages each
          if (round == mesh.self()) {
            for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(mesh.send(peer, pattern(20'000 * i, 0, 0, i)).ok());
            continue;
          }
          for (std::size_t i = 0; i < 3; ++i) {
            const auto got = mesh.receive(peer, 100'000);
            ASSERT_TRUE(got.ok()) << got.error().message;
            EXPECT_EQ(*got, pattern(20'000 * i, 0, 0, i));
          }
        }
        EXPECT_GE(steady_clock::now() - start, milliseconds(mesh.self() == 0 ? 2 * kDelayMs : 0));
      },
      [](MeshOptions& options) { options.one_way_delay_ms = kDelayMs; });
}

TEST(Mesh, HandsOutWhatArrivedBeforeTheEnd) {
  std::promise<void> gone;
  Town(3).run([&](Mesh& mesh) {
    if (mesh.self() == 1) {
      for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(mesh.send(0, pattern(50'000, 1, 0, i)).ok());
      ASSERT_TRUE(mesh.flush().ok());
      mesh.close();
      EXPECT_EQ(mesh.send(0, {}).error().code, base::Code::kUnreachable);
      gone.set_value();
      return;
    }
    if (mesh.self() == 2) return;
    gone.get_future().wait();
    for (std::size_t i = 0; i < 3; ++i) {
      const auto got = mesh.receive(1, 50'000);
      ASSERT_TRUE(got.ok()) << got.error().message;
      EXPECT_EQ(*got, pattern(50'000, 1, 0, i));
    }
    for (int again = 0; again < 2; ++again) {
      const auto got = mesh.receive(1, 50'000);
      ASSERT_FALSE(got.ok());
      EXPECT_EQ(got.error().code, base::Code::kUnreachable);
      EXPECT_EQ(got.error().party, 1U);
    }
  });
}

// Party 0 may say its last word before party 1 is done with connect().
TEST(Mesh, KeepsTheWordsOfAPartyThatLeavesAtOnce) {
  Town town(2);
  std::jthread hasty([&] {
    const auto mesh = town.connect(0, town.options(0));
    EXPECT_TRUE(mesh->send(1, {4, 2}).ok());
  });
  const auto mesh = town.connect(1, town.options(1));
  const auto got = mesh->receive(0, 10);
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(*got, (base::Bytes{4, 2}));
  EXPECT_EQ(mesh->receive(0, 10).error().code, base::Code::kUnreachable);
}

// Party 0 waits for party 1 only; party 2 writes until nobody takes any more, and loses nothing of it.
TEST(Mesh, StopsReadingWhatNobodyTakesAndGoesOnLater) {
  static constexpr std::size_t kMax = 128 * 1024;
  std::promise<void> stuck_promise;
  auto stuck = stuck_promise.get_future().share();
  std::atomic<std::size_t> count{0};
  Town(3).run(
      [&](Mesh& mesh) {
        if (mesh.self() == 2) {
          std::size_t sent = 0;
          for (bool blocked = false; !blocked && sent < 2000; ++sent) {
            ASSERT_TRUE(mesh.send(0, pattern(kMax, 2, 0, sent)).ok());
            mesh.set_deadline_ms(200);
            const auto flushed = mesh.flush();
            blocked = !flushed.ok();
            ASSERT_TRUE(!blocked || flushed.error().code == base::Code::kDeadline);
          }
          count = sent;
          mesh.set_deadline_ms(kPatienceMs);
          stuck_promise.set_value();
          ASSERT_LT(sent, 2000U);
        }
        if (mesh.self() == 1) {
          stuck.wait();
          ASSERT_TRUE(mesh.send(0, {1}).ok());
        }
        if (mesh.self() != 0) return;
        ASSERT_TRUE(mesh.receive(1, 1).ok());
        for (std::size_t i = 0; i < count; ++i) {
          const auto got = mesh.receive(2, kMax);
          ASSERT_TRUE(got.ok()) << got.error().message;
          ASSERT_TRUE(*got == pattern(kMax, 2, 0, i)) << i;
        }
      },
      [](MeshOptions& options) { options.max_message = kMax; });
}

TEST(Mesh, GivesUpOnAPeerThatDoesNotRead) {
  static constexpr std::size_t kMax = 1024 * 1024;
  std::promise<void> done_promise;
  auto done = done_promise.get_future().share();
  Town town(2);
  std::jthread idle([&] {
    const auto mesh = town.connect(1, town.options(1));
    done.wait();
  });
  MeshOptions options = town.options(0);
  options.max_message = kMax;
  const auto mesh = town.connect(0, std::move(options));
  EXPECT_EQ(mesh->send(1, base::Bytes(kMax + 1)).error().code, base::Code::kInvalidInput);
  base::Status sent;
  for (int i = 0; i < 200 && sent.ok(); ++i) sent = mesh->send(1, base::Bytes(kMax));
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().code, base::Code::kUnreachable);
  EXPECT_NE(sent.error().message.find("does not read"), std::string::npos);
  EXPECT_FALSE(mesh->flush().ok());
  done_promise.set_value();
}

}  // namespace
}  // namespace net
