#include "store/acquaintance_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/encoding.h"
#include "crypto/seal.h"

namespace store {
namespace {

constexpr std::size_t kMaxFile = 64 * 1024;
constexpr std::int64_t kLongestWaitMs = 3'600'000, kForgiveAfterMs = 86'400'000;

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

base::Error storage(std::string message) { return {base::Code::kStorage, std::move(message)}; }
std::string because() { return std::generic_category().message(errno); }
std::string acquaintance_name(const crypto::PublicKey& peer) { return base::to_hex(peer) + ".acquaintance"; }
std::string failures_name(const crypto::PublicKey& peer) { return base::to_hex(peer) + ".failures"; }

}  // namespace

base::Result<std::unique_ptr<AcquaintanceFiles>> AcquaintanceFiles::open(const std::string& directory,
                                                                         const crypto::Identity& identity,
                                                                         base::Random& random,
                                                                         const base::Clock& clock) {
  const std::string what = "state directory " + directory + ": ";
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return storage(what + because());
  Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat info{};
  if (fd.get() < 0 || ::fstat(fd.get(), &info) != 0) return storage(what + because());
  if ((info.st_mode & 077) != 0) return storage(what + "others can enter it; run: chmod 700 " + directory);
  if (info.st_uid != ::geteuid()) return storage(what + "belongs to another user");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return storage(what + "another tarn process uses it; end that, or give this one a state_dir of its own");
  return std::unique_ptr<AcquaintanceFiles>(
      new AcquaintanceFiles(directory, fd.release(), identity.derive("acquaintances"), random, clock));
}

AcquaintanceFiles::~AcquaintanceFiles() { ::close(directory_fd_); }

base::Error AcquaintanceFiles::failed(const std::string& name, const std::string& what) const {
  return storage("state file " + directory_ + "/" + name + ": " + what);
}

base::Status AcquaintanceFiles::write(const std::string& name, base::ByteView content, mpc::Durability durability) {
  const std::string beside = name + ".new";
  const Fd fd(::openat(directory_fd_, beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (fd.get() < 0) return failed(beside, because());
  while (!content.empty()) {
    const ssize_t written = ::write(fd.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed(beside, because());
    content = content.subspan(static_cast<std::size_t>(written));
  }
  if (durability == mpc::Durability::kDurable && ::fdatasync(fd.get()) != 0) return failed(beside, because());
  if (::renameat(directory_fd_, beside.c_str(), directory_fd_, name.c_str()) != 0) return failed(name, because());
  return {};
}

base::Result<std::optional<base::Bytes>> AcquaintanceFiles::read(const std::string& name, std::size_t max_size) {
  const Fd fd(::openat(directory_fd_, name.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT) return std::optional<base::Bytes>{};
    return failed(name, because());
  }
  base::Bytes content(max_size + 1);
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(fd.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(name, because());
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  return std::optional<base::Bytes>{std::move(content)};
}

base::Status AcquaintanceFiles::remove(const std::string& name) {
  for (const std::string& gone : {name, name + ".new"})  // and what a crash left half written
    if (::unlinkat(directory_fd_, gone.c_str(), 0) != 0 && errno != ENOENT) return failed(gone, because());
  return sync_directory();
}

base::Status AcquaintanceFiles::sync_directory() {
  if (::fsync(directory_fd_) != 0) return storage("state directory " + directory_ + ": " + because());
  return {};
}

base::Result<std::optional<mpc::Acquaintance>> AcquaintanceFiles::load(const crypto::PublicKey& peer) {
  const std::string name = acquaintance_name(peer);
  TARN_ASSIGN(const auto sealed, read(name, kMaxFile));
  if (!sealed) return std::optional<mpc::Acquaintance>{};
  auto opened = crypto::open(key_, peer, *sealed);
  std::optional<mpc::Acquaintance> acquaintance;
  if (opened.ok()) {
    acquaintance = mpc::Acquaintance::decode(*opened);
    base::wipe(opened->data(), opened->size());
  }
  if (acquaintance && !acquaintance->marked) return acquaintance;
  // Damaged, or a proof was under way when we died: what a peer learnt then is unknown, so nothing of it may live on.
  TARN_TRY(remove(name));
  return std::optional<mpc::Acquaintance>{};
}

base::Status AcquaintanceFiles::save(const std::vector<std::pair<crypto::PublicKey, const mpc::Acquaintance*>>& entries,
                                     mpc::Durability durability) {
  for (const auto& [peer, acquaintance] : entries) {
    base::Bytes plain = acquaintance->encode();
    const base::Status written = write(acquaintance_name(peer), crypto::seal(key_, peer, plain, random_), durability);
    base::wipe(plain.data(), plain.size());
    TARN_TRY(written);
  }
  return entries.empty() || durability == mpc::Durability::kLazy ? base::Status{} : sync_directory();
}

base::Result<AcquaintanceFiles::Failures> AcquaintanceFiles::failures(const crypto::PublicKey& peer) {
  TARN_ASSIGN(const auto content, read(failures_name(peer), 64));
  Failures out;
  if (!content) return out;
  base::Reader in(*content);
  out.count = in.u32();
  out.last_unix_ms = static_cast<std::int64_t>(in.u64());
  // Long ago, or from a clock that was set back since: forgiven.
  const std::int64_t now = clock_.unix_ms();
  if (!in.done() || out.last_unix_ms > now || out.last_unix_ms < now - kForgiveAfterMs) return Failures{};
  return out;
}

base::Status AcquaintanceFiles::destroy(const crypto::PublicKey& peer) {
  TARN_TRY(remove(acquaintance_name(peer)));
  TARN_ASSIGN(const Failures before, failures(peer));
  const std::uint32_t count = std::min<std::uint32_t>(before.count, 31) + 1;
  TARN_TRY(write(failures_name(peer),
                 base::Writer().u32(count).u64(static_cast<std::uint64_t>(clock_.unix_ms())).take(),
                 mpc::Durability::kDurable));
  return sync_directory();
}

base::Status AcquaintanceFiles::may_meet(const crypto::PublicKey& peer) {
  TARN_ASSIGN(const Failures before, failures(peer));
  if (before.count == 0) return {};
  const std::int64_t wait =
      std::min<std::int64_t>(std::int64_t{1000} << std::min<std::uint32_t>(before.count, 20), kLongestWaitMs);
  const std::int64_t left = before.last_unix_ms + wait - clock_.unix_ms();
  if (left <= 0) return {};
  return base::Error{base::Code::kUnreachable, "failed a proof " + std::to_string(before.count) +
                                                   " times; it is met again in " + std::to_string((left + 999) / 1000) +
                                                   " s"};
}

}  // namespace store
