// The inventory on disk: what it refuses to open, and that it is never wrong after a crash: a process that does random
// operations is killed at any point, again and again, and what is found is what the operations that it had answered
// for leave, or these and the one that was under way.
#include "store/inventory_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

#include "base/encoding.h"
#include "support/memory_inventory.h"
#include "support/scratch.h"

namespace store {
namespace {

using inventory::Hold;
using inventory::Id;
using inventory::Inventory;
using inventory::Lease;
using inventory::Offer;
using inventory::Reservation;

model::ResourceClass unit(const std::string& text) { return *model::ResourceClass::parse(text); }
std::vector<Offer> offers() {
  const auto price = *inventory::PriceFunction::parse("0.02 + 0.03 * leased / capacity");
  return {{"small", unit("cpu=1 memory=1Gi"), 40, 12, 4, price},
          {"large", unit("cpu=4 memory=8Gi"), 9, 3, 1, price, {}, 0, true}};
}

std::vector<Hold> holds_on_disk(const std::string& path) {
  sqlite3* handle = nullptr;
  sqlite3_stmt* rows = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_prepare_v2(
                handle,
                "SELECT id, offer, units, unit_price, until_unix_ms, delivered, lease_until_unix_ms FROM holds "
                "ORDER BY id",
                -1, &rows, nullptr),
            SQLITE_OK);
  std::vector<Hold> out;
  while (sqlite3_step(rows) == SQLITE_ROW) {
    Hold& hold = out.emplace_back();
    std::copy_n(static_cast<const std::uint8_t*>(sqlite3_column_blob(rows, 0)), hold.id.size(), hold.id.begin());
    hold.offer = reinterpret_cast<const char*>(sqlite3_column_text(rows, 1));
    hold.units = static_cast<std::uint64_t>(sqlite3_column_int64(rows, 2));
    hold.unit_price = static_cast<std::uint64_t>(sqlite3_column_int64(rows, 3));
    hold.until_unix_ms = sqlite3_column_int64(rows, 4);
    hold.delivered = sqlite3_column_int64(rows, 5) != 0;
    hold.lease_until_unix_ms = sqlite3_column_int64(rows, 6);
  }
  sqlite3_finalize(rows);
  sqlite3_close(handle);
  return out;
}

class InventoryFiles : public testing::Test {
 protected:
  std::unique_ptr<InventoryFile> open() const {
    auto opened = InventoryFile::open(path, offers());
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
    return opened.ok() ? std::move(*opened) : nullptr;
  }
  std::string refusal() const {
    const auto opened = InventoryFile::open(path, offers());
    if (opened.ok()) return "opened";
    EXPECT_EQ(opened.error().code, base::Code::kStorage);
    return opened.error().message;
  }
  void sql(const std::string& text) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }
  support::Scratch scratch_;
  std::string path = scratch_.file("inventory.db");
};

Id lease_id(std::uint64_t number) {
  return {static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8), 0xee};
}
Lease lease_of(std::uint64_t number, const Hold& hold, std::uint64_t units, std::int64_t now) {
  Lease lease;
  lease.id = lease_id(number);
  lease.offer = hold.offer;
  lease.requester = {1};
  lease.unit = unit("cpu=1 memory=1Gi");
  lease.units = units;
  lease.hourly_payment = UINT64_MAX - hold.unit_price;
  lease.start_unix_ms = now;
  lease.end_unix_ms = now + 40;
  lease.confirm_by_unix_ms = now + 9;
  lease.document = {static_cast<std::uint8_t>(number), 0, 1};
  return lease;
}

// All of an inventory. Its holds come beside it: those of nothing are not seen in the totals.
base::Bytes state(const Inventory& inventory, const std::vector<Hold>& holds) {
  base::Writer out;
  for (const Hold& hold : holds) {
    out.raw(hold.id).text(hold.offer).u64(hold.units).u64(hold.unit_price);
    for (const std::int64_t time : {hold.until_unix_ms, hold.lease_until_unix_ms})
      out.u64(static_cast<std::uint64_t>(time));
    out.u8(hold.delivered);
  }
  for (const auto& t : inventory.totals(5)) out.text(t.offer).u64(t.capacity).u64(t.free).u64(t.held).u64(t.leased);
  for (const Reservation& r : inventory.reservations()) {
    out.raw(r.id).text(r.offer).u64(r.units).text(r.purpose);
    for (const std::int64_t time : {r.from_unix_ms, r.until_unix_ms}) out.u64(static_cast<std::uint64_t>(time));
  }
  for (std::uint64_t number = 0; number < 10'000; ++number) {
    const auto lease = inventory.find(lease_id(number));
    if (!lease) continue;
    out.raw(lease->id).text(lease->offer).raw(lease->requester).u64(lease->units).u64(lease->hourly_payment);
    for (const std::int64_t time : {lease->start_unix_ms, lease->end_unix_ms, lease->confirm_by_unix_ms})
      out.u64(static_cast<std::uint64_t>(time));
    out.u32(lease->revision).u8(static_cast<std::uint8_t>(lease->state)).sized(lease->document);
    out.sized(lease->unit.encode()).u8(lease->delivered);
  }
  return out.take();
}

TEST_F(InventoryFiles, KeepEverythingAcrossRestarts) {
  base::Bytes before;
  {
    const auto file = open();
    ASSERT_TRUE(file->hold({1}, {unit("cpu=1 memory=1Gi")}, 5, 100).ok());
    const auto hold = file->hold({2}, {unit("cpu=4 memory=8Gi")}, 5, 100);
    ASSERT_TRUE(hold.ok());
    EXPECT_EQ(hold->unit_price, 20'000U);
    ASSERT_TRUE(file->lease({2}, lease_of(3, *hold, 2, 5), 5).ok());
    ASSERT_TRUE(file->confirm(lease_id(3), {5, 6}, 6).ok());
    ASSERT_TRUE(file->renew(lease_id(3), 1, 90, {7}, 7).ok());
    ASSERT_TRUE(file->reserve({{4}, "large", 8, 95, 1000, "lot night"}, 8).ok());
    ASSERT_TRUE(file->reserve({{5}, "large", 1, 20, 30}, 8).ok());
    ASSERT_TRUE(file->release_reservation({5}).ok());
    before = state(*file, {});
  }
  const auto file = open();
  EXPECT_EQ(state(*file, {}), before);
  EXPECT_EQ(file->totals(5)[0].held, 12U);
  EXPECT_EQ(file->totals(5)[1].leased, 2U);
  ASSERT_EQ(file->leases().size(), 1U);
  EXPECT_EQ(file->leases()[0].end_unix_ms, 90);
  EXPECT_EQ(file->reservations(), (std::vector<Reservation>{{{4}, "large", 8, 95, 1000, "lot night"}}));
  EXPECT_EQ(file->may_renew(lease_id(3), 96, 8).error().code, base::Code::kConflict);
  EXPECT_TRUE(file->release_reservation({4}).ok());
  EXPECT_TRUE(file->release_hold({1}).ok());
  EXPECT_TRUE(file->release_hold({1}).ok());
  EXPECT_EQ(file->expire(90)->size(), 1U);
  EXPECT_EQ(file->totals(5)[0].free, 40U);
  EXPECT_EQ(file->totals(5)[1].free, 7U);  // it was delivered, and is not gone yet
  ASSERT_TRUE(file->returned(lease_id(3)).ok());
  EXPECT_EQ(file->totals(5)[1].free, 9U);
}

// A file of version 1, as it was written when nothing was delivered.
TEST_F(InventoryFiles, OpenAFileFromBeforeThereWasDelivery) {
  sql(R"(
    CREATE TABLE holds (
      id BLOB PRIMARY KEY CHECK (length(id) = 16), offer TEXT NOT NULL, units INTEGER NOT NULL,
      unit_price INTEGER NOT NULL, until_unix_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE leases (
      id BLOB PRIMARY KEY CHECK (length(id) = 16), offer TEXT NOT NULL, requester BLOB NOT NULL, units INTEGER NOT NULL,
      hourly_payment INTEGER NOT NULL, start_unix_ms INTEGER NOT NULL, end_unix_ms INTEGER NOT NULL,
      confirm_by_unix_ms INTEGER NOT NULL, revision INTEGER NOT NULL, state INTEGER NOT NULL CHECK (state IN (1, 2, 3)),
      document BLOB NOT NULL) STRICT;
    INSERT INTO holds VALUES (zeroblob(16), 'small', 8, 20000, 100);
    INSERT INTO leases VALUES (x'0300ee00000000000000000000000000', 'large', zeroblob(32), 2, 70, 5, 90, 0, 1, 2, x'0506');
    INSERT INTO leases VALUES (x'0400ee00000000000000000000000000', 'large', zeroblob(32), 1, 9, 5, 8, 0, 0, 3, x'07');
    PRAGMA application_id = 0x54524e49;
    PRAGMA user_version = 1)");
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  {
    const auto file = open();
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(file->totals(5)[0].held, 8U);
    EXPECT_EQ(file->totals(5)[1].leased, 2U);
    const auto lease = file->find(lease_id(3));
    ASSERT_TRUE(lease.has_value());
    EXPECT_EQ(lease->hourly_payment, 70U);
    EXPECT_EQ(lease->revision, 1U);
    EXPECT_EQ(lease->state, Lease::State::kActive);
    EXPECT_EQ(lease->document, (base::Bytes{5, 6}));
    EXPECT_FALSE(lease->delivered);
    EXPECT_EQ(file->find(lease_id(4))->state, Lease::State::kEnded);
    ASSERT_TRUE(file->end_lease(lease_id(3), 60).ok());  // never made real, so nothing is taken away
    EXPECT_EQ(file->find(lease_id(3))->state, Lease::State::kEnded);
  }
  EXPECT_EQ(open()->totals(5)[1].free, 9U);
}

// A file of version 2, from before there were reservations, with a hold that is running.
TEST_F(InventoryFiles, OpenAFileFromBeforeThereWereReservations) {
  sql(R"(
    CREATE TABLE holds (
      id BLOB PRIMARY KEY CHECK (length(id) = 16), offer TEXT NOT NULL, units INTEGER NOT NULL,
      unit_price INTEGER NOT NULL, until_unix_ms INTEGER NOT NULL,
      delivered INTEGER NOT NULL DEFAULT 0 CHECK (delivered IN (0, 1))) STRICT, WITHOUT ROWID;
    CREATE TABLE leases (
      id BLOB PRIMARY KEY CHECK (length(id) = 16), offer TEXT NOT NULL, requester BLOB NOT NULL, units INTEGER NOT NULL,
      hourly_payment INTEGER NOT NULL, start_unix_ms INTEGER NOT NULL, end_unix_ms INTEGER NOT NULL,
      confirm_by_unix_ms INTEGER NOT NULL, revision INTEGER NOT NULL,
      state INTEGER NOT NULL CHECK (state IN (1, 2, 3, 4)), document BLOB NOT NULL, unit BLOB NOT NULL,
      delivered INTEGER NOT NULL CHECK (delivered IN (0, 1))) STRICT;
    INSERT INTO holds VALUES (x'01000000000000000000000000000000', 'large', 3, 20000, 100, 1);
    PRAGMA application_id = 0x54524e49;
    PRAGMA user_version = 2)");
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  const auto file = open();
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->totals(5)[1].held, 3U);
  EXPECT_EQ(file->reserve({{2}, "large", 7, 20, 30}, 5).error().code, base::Code::kConflict);
  ASSERT_TRUE(file->reserve({{2}, "large", 9, 105, 200}, 5).ok());
  Lease lease = lease_of(3, {{1}, "large", 3, 7}, 3, 70);
  EXPECT_EQ(file->lease({1}, lease, 70).error().code, base::Code::kConflict);  // until 110
  lease.end_unix_ms = 105;
  EXPECT_TRUE(file->lease({1}, lease, 70).ok());
}

TEST_F(InventoryFiles, ArePrivateAndForOneProcessAlone) {
  const auto file = open();
  ASSERT_TRUE(file->hold({1}, {unit("cpu=1")}, 5, 100).ok());
  for (const std::string& name : {path, path + "-wal"}) {
    struct stat info{};
    ASSERT_EQ(stat(name.c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777, 0600U) << name;
  }
  EXPECT_NE(refusal().find("another tarn process uses it"), std::string::npos);
}

TEST_F(InventoryFiles, RefuseWhatIsNotTheirs) {
  open();
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_NE(refusal().find("chmod 600"), std::string::npos);
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  sql("PRAGMA user_version = 4");
  EXPECT_NE(refusal().find("newer tarn"), std::string::npos);
  sql("PRAGMA user_version = 3; PRAGMA application_id = 5");
  EXPECT_NE(refusal().find("is another database, not inventory"), std::string::npos);
  path = scratch_.file("other.db");
  sql("CREATE TABLE theirs (a)");
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  EXPECT_NE(refusal().find("is another database"), std::string::npos);
  path = scratch_.file("no/such/directory");
  EXPECT_NE(refusal().find("No such file"), std::string::npos);
  path = scratch_.file("");
  EXPECT_NE(refusal(), "opened");
}

TEST_F(InventoryFiles, RefuseWhatIsDamaged) {
  {
    const auto file = open();
    for (std::uint8_t i = 0; i < 200; ++i) ASSERT_TRUE(file->hold({i, 9}, {unit("cpu=1")}, 5, 100).ok());
  }
  std::ifstream in(path, std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(in)), {});
  ASSERT_GT(good.size(), 4096U * 4);
  const auto found = [&](const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
    return refusal();
  };
  EXPECT_NE(found(good.substr(0, 5000)).find("is damaged; restore it from a copy"), std::string::npos);
  EXPECT_NE(found(std::string(8192, 'x')).find("is damaged"), std::string::npos);
  std::string torn = good;
  for (std::size_t i = 8192; i < torn.size(); ++i) torn[i] = static_cast<char>(i * 7);
  EXPECT_NE(found(torn).find("is damaged"), std::string::npos);
  EXPECT_EQ(found(good), "opened");
}

TEST_F(InventoryFiles, RefuseRowsThatNoOperationWrote) {
  open();
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"INSERT INTO holds VALUES (zeroblob(16), 'small', -1, 0, 5, 0, 5)", "DELETE FROM holds"},
      {"INSERT INTO holds VALUES (zeroblob(16), 'small', 1, 0, 5, 0, 4)", "DELETE FROM holds"},
      {"INSERT INTO reservations VALUES (zeroblob(16), 'small', 1, 5, 5, '')", "DELETE FROM reservations"},
      {"INSERT INTO reservations VALUES (zeroblob(16), 'small', -1, 5, 9, '')", "DELETE FROM reservations"},
      {"INSERT INTO leases VALUES (zeroblob(16), 'small', zeroblob(31), 1, 0, 0, 9, 0, 0, 2, x'', x'', 0)",
       "DELETE FROM leases"},
      {"INSERT INTO leases VALUES (zeroblob(16), 'small', zeroblob(32), 1, 0, 0, 9, 0, 0, 2, x'', x'01', 1)",
       "DELETE FROM leases"}};
  for (const auto& [insert, undo] : wrong) {
    sql(insert);
    EXPECT_NE(refusal().find("is damaged"), std::string::npos) << insert;
    sql(undo);
  }
  open();
}

TEST_F(InventoryFiles, ChangeNothingWhenTheDiskRefuses) {
  const auto file = open();
  const auto hold = file->hold({1}, {unit("cpu=1 memory=1Gi")}, 5, 100);
  ASSERT_TRUE(hold.ok());
  const base::Bytes before = state(*file, {});
  // No file may grow any more: what SQLite sees of a full disk.
  const auto previous = signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit{}, none{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  none = limit;
  none.rlim_cur = 1;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  const auto refused = file->lease({1}, lease_of(2, *hold, 3, 5), 5);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  (void)signal(SIGXFSZ, previous);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::Code::kStorage);
  EXPECT_EQ(state(*file, {}), before);
  EXPECT_TRUE(file->lease({1}, lease_of(2, *hold, 3, 5), 5).ok());
  EXPECT_EQ(file->totals(5)[0].leased, 3U);
}

TEST_F(InventoryFiles, NeverSellTwiceWhateverTheThreadsDo) {
  const auto file = open();
  std::vector<std::thread> threads;
  for (std::uint8_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::uint8_t i = 0; i < 10; ++i) {
        const Id id{i, t};
        const auto hold = file->hold(id, {unit("cpu=1 memory=1Gi")}, 5, 100);
        ASSERT_TRUE(hold.ok());
        if (hold->units == 0 || i % 3 == 0) {
          ASSERT_TRUE(file->release_hold(id).ok());
        } else {
          ASSERT_TRUE(file->lease(id, lease_of(i * 4U + t, *hold, 1, 5), 5).ok());
        }
        for (const auto& totals : file->totals(5))
          ASSERT_EQ(totals.free + totals.held + totals.leased, totals.capacity);
      }
    });
  for (std::thread& thread : threads) thread.join();
  std::uint64_t leased = 0;
  for (const Lease& lease : file->leases()) leased += lease.units;
  EXPECT_EQ(leased, file->totals(5)[0].leased + file->totals(5)[1].leased);
  EXPECT_EQ(file->totals(5)[0].held, 0U);
}

// The same seed is the same operation, in the child that dies and in the twin that counts.
base::Status operate(Inventory& inventory, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const auto now = static_cast<std::int64_t>(seed);
  const auto number = static_cast<std::uint8_t>(below(4));
  const Id recent = lease_id(seed - below(std::min<std::uint64_t>(seed, 12)));
  const std::string wanted = below(3) == 0 ? "cpu=4 memory=8Gi" : "cpu=1 memory=1Gi";
  const Hold held{{number}, below(2) == 0 ? "small" : "large", 0, 7, 0, false};
  const std::uint64_t units = 1 + below(3);
  switch (below(16)) {
    case 0:
    case 1:
    case 2: {
      const auto hold = inventory.hold({number}, {unit(wanted)}, now, now + 20);
      return hold.ok() ? base::Status{} : hold.error();
    }
    case 3:
    case 4:
    case 5: return inventory.lease({number}, lease_of(seed, held, units, now), now);
    case 6:
    case 7: return inventory.confirm(recent, {1, number}, now);
    case 8: return inventory.renew(recent, 1, now + 60, {2, number}, now);
    case 9: return inventory.end_lease(recent, now);
    case 10: return inventory.release_hold({number});
    case 11: return inventory.returned(recent);
    case 12:
    case 13: {
      const auto from = now - 5 + static_cast<std::int64_t>(below(60));
      return inventory.reserve({{number, 7}, held.offer, units, from, from + 1 + static_cast<std::int64_t>(below(40))},
                               now);
    }
    case 14: return inventory.release_reservation({number, 7});
    default: {
      const auto expired = inventory.expire(now);
      return expired.ok() ? base::Status{} : expired.error();
    }
  }
}

// Answers for each operation with one byte, until it is killed.
[[noreturn]] void work(const std::string& path, std::uint64_t seed, int answers) {
  auto opened = InventoryFile::open(path, offers());
  if (!opened.ok()) ::_exit(1);
  for (;; ++seed) {
    const base::Status done = operate(**opened, seed);
    if (!done.ok() && done.error().code != base::Code::kInvalidInput && done.error().code != base::Code::kConflict)
      ::_exit(2);
    if (::write(answers, "+", 1) != 1) ::_exit(3);
  }
}

// How many operations were answered for before the end.
std::uint64_t run_and_kill(const std::string& path, std::uint64_t seed, std::uint64_t at_least, int then_us) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    work(path, seed, ends[1]);
  }
  ::close(ends[1]);
  std::uint64_t answered = 0;
  char byte = 0;
  while (answered < at_least && ::read(ends[0], &byte, 1) == 1) ++answered;
  std::this_thread::sleep_for(std::chrono::microseconds(then_us));
  ::kill(child, SIGKILL);
  while (::read(ends[0], &byte, 1) == 1) ++answered;
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
  return answered;
}

// Units that are kept beyond the time that was promised to whoever has them: a reservation may begin beside them.
std::uint64_t overdue(const Inventory& inventory, const std::vector<Hold>& holds, const std::string& offer,
                      std::int64_t now) {
  std::uint64_t units = 0;
  for (const Hold& hold : holds)
    if (hold.offer == offer && hold.until_unix_ms <= now) units += hold.units;
  for (const Lease& lease : inventory.leases()) {
    const bool late = lease.state == Lease::State::kReturning || lease.end_unix_ms <= now ||
                      (lease.state == Lease::State::kOffered && lease.confirm_by_unix_ms <= now);
    if (lease.offer == offer && late) units += lease.units;
  }
  return units;
}

struct Tried {
  std::uint64_t leases = 0, delivered = 0, reserved = 0;
  bool enough() const { return leases > 20 && delivered > 5 && reserved > 20; }
};
void count_leases(const Inventory& inventory, std::uint64_t seeds, Tried& tried) {
  tried.leases = tried.delivered = 0;
  for (std::uint64_t number = 0; number < seeds; ++number) {
    const auto lease = inventory.find(lease_id(number));
    tried.leases += lease.has_value();
    tried.delivered += lease && lease->delivered;
  }
}

// How far each round comes is chance, and with it what was tried: there are more of them where forty were not enough.
TEST_F(InventoryFiles, AreRightAfterBeingKilledAtAnyPoint) {
  support::MemoryInventory twin(offers());
  std::mt19937_64 random(20);
  std::uint64_t seed = 1, interrupted = 0;
  Tried tried;
  for (int round = 0; round < 40 || (round < 160 && !tried.enough()); ++round) {
    const std::uint64_t answered = run_and_kill(path, seed, random() % 60, static_cast<int>(random() % 3000));
    for (std::uint64_t i = 0; i < answered; ++i) (void)operate(twin, seed++);
    open();  // as after any crash; only then another may look
    const std::vector<Hold> holds = holds_on_disk(path);
    const auto file = open();
    ASSERT_NE(file, nullptr);
    if (state(*file, holds) != state(twin, twin.holds())) {  // the one that was under way had reached the disk
      (void)operate(twin, seed++);
      ++interrupted;
    }
    ASSERT_EQ(state(*file, holds), state(twin, twin.holds())) << "round " << round;
    const auto now = static_cast<std::int64_t>(seed);
    for (const auto& t : file->totals(now)) {
      ASSERT_EQ(t.free + t.held + t.leased + t.reserved, t.capacity);
      ASSERT_LE(t.capacity, 40U + overdue(*file, holds, t.offer, now));
    }
    tried.reserved += file->reservations().size();
    count_leases(twin, seed, tried);
    seed += random() % 30;  // time passes while nobody is there
  }
  EXPECT_TRUE(tried.enough()) << tried.leases << " leases, " << tried.delivered << " delivered, " << tried.reserved
                              << " reserved";
  const auto file = open();
  ASSERT_TRUE(file->expire(static_cast<std::int64_t>(seed) + 1000).ok());
  for (const Lease& lease : file->leases()) {
    if (lease.state != Lease::State::kReturning) continue;
    EXPECT_TRUE(file->returned(lease.id).ok());
  }
  EXPECT_TRUE(file->reservations().empty());
  for (const auto& t : file->totals(5)) EXPECT_EQ(t.free, t.capacity);
  std::printf("%llu operations, %llu leases, killed %llu times between disk and answer\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(tried.leases),
              static_cast<unsigned long long>(interrupted));
}

}  // namespace
}  // namespace store
