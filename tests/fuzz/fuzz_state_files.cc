// The state directory after a bad disk, or an intruder without our key: sealed files of any bytes, files sealed by us
// with any content, records of failures of any bytes. Damaged acquaintances are gone, not used; nobody waits for longer
// than the longest wait; and what is loaded can be saved again.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "crypto/random.h"
#include "crypto/seal.h"
#include "crypto/start.h"
#include "fuzz/input.h"
#include "store/acquaintance_files.h"

namespace {

class AtNoon final : public base::Clock {
 public:
  std::int64_t unix_ms() const override { return 1'750'000'000'000; }
};

class Directory {
 public:
  Directory() {
    std::string made = std::filesystem::is_directory("/dev/shm") ? "/dev/shm/fuzz.XXXXXX" : "/tmp/fuzz.XXXXXX";
    CHECK(mkdtemp(made.data()) != nullptr);
    path = made;
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  void put(const std::string& name, base::ByteView bytes) const {
    const int file = open((path + "/" + name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(file >= 0 && write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    close(file);
  }
  bool has(const std::string& name) const { return std::filesystem::exists(path + "/" + name); }
  std::string path;
};

struct State {
  State() : identity(crypto::Identity::generate(random)), key(identity.derive("acquaintances")) {
    auto opened = store::AcquaintanceFiles::open(directory.path, identity, random, clock);
    CHECK(opened.ok());
    files = std::move(*opened);
    constexpr std::size_t kLeaves = 128 / mpc::kAcquaintanceK << mpc::kAcquaintanceK;
    known.counter = 7;
    known.prover = {mpc::kAcquaintanceK, crypto::Blocks(kLeaves)};
    known.verifier = {mpc::kAcquaintanceK, {}, crypto::Blocks(kLeaves)};
  }
  Directory directory;
  AtNoon clock;
  crypto::SeededRandom random{base::view("state")};
  crypto::Identity identity;
  base::Secret<32> key;
  std::unique_ptr<store::AcquaintanceFiles> files;
  mpc::Acquaintance known;
  crypto::PublicKey peer{};
};

void load(State& state, base::ByteView file) {
  const std::string name = base::to_hex(state.peer) + ".acquaintance";
  state.directory.put(name, file);
  const auto loaded = state.files->load(state.peer);
  CHECK(loaded.ok());
  CHECK(loaded->has_value() == state.directory.has(name));
  if (!*loaded) return;
  const mpc::Acquaintance& acquaintance = **loaded;
  CHECK(!acquaintance.marked);
  const auto opened = crypto::open(state.key, state.peer, file);
  CHECK(opened.ok() && acquaintance.encode() == *opened);
  CHECK(state.files->save({{state.peer, &acquaintance}}, mpc::Durability::kLazy).ok());
  const auto again = state.files->load(state.peer);
  CHECK(again.ok() && again->has_value() && (*again)->encode() == *opened);
}

void failures(State& state, base::ByteView file) {
  constexpr std::int64_t kLongestWaitS = 3'600;
  state.directory.put(base::to_hex(state.peer) + ".failures", file);
  const auto may = state.files->may_meet(state.peer);
  if (!may.ok()) {
    const std::string& message = may.error().message;
    CHECK(may.error().code == base::Code::kUnreachable && fuzz::printable(message));
    const std::size_t number = message.rfind(" in ");
    CHECK(number != std::string::npos);
    const std::int64_t wait_s = std::atoll(message.c_str() + number + 4);
    CHECK(wait_s > 0 && wait_s <= kLongestWaitS);
  }
  CHECK(state.files->destroy(state.peer).ok());
  CHECK(!state.files->may_meet(state.peer).ok());
}

void open_sealed(State& state, fuzz::Input& in) {
  const base::Bytes plain = fuzz::copy(in.take(in.below(64)));
  const base::Bytes sealed = crypto::seal(state.key, base::view("place"), plain, state.random);
  const base::Bytes found = fuzz::damaged(in, sealed);
  const auto opened = crypto::open(state.key, base::view("place"), found);
  CHECK(opened.ok() == (found == sealed));
  if (opened.ok()) CHECK(*opened == plain);
  CHECK(!crypto::open(state.key, base::view("another place"), found).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  CHECK(crypto::start());
  static State state;
  fuzz::Input in(data, size);
  switch (in.below(4)) {
    case 0: load(state, in.rest()); break;
    case 1:
      load(state, crypto::seal(state.key, state.peer, fuzz::damaged(in, state.known.encode()), state.random));
      break;
    case 2: failures(state, in.rest()); break;
    case 3: open_sealed(state, in); break;
  }
  return 0;
}
