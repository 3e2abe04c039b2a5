#include "net/lookup.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace net {

namespace {

std::atomic<int> asking{0};  // threads that wait for a resolver

}  // namespace

struct Lookup::Shared {
  mutable std::mutex mutex;
  std::optional<base::Result<std::vector<Endpoint>>> found;
  Fd done_reader, done_writer;  // the writer's end closes when it is done

  void finish(base::Result<std::vector<Endpoint>> result) {
    const std::lock_guard lock(mutex);
    found = std::move(result);
    done_writer.reset();
  }
};

Lookup::Lookup(const Address& address) : shared_(std::make_shared<Shared>()) {
  auto numeric = numeric_endpoints(address);
  if (numeric.empty())
    ask(address);
  else
    shared_->finish(std::move(numeric));
}

void Lookup::ask(const Address& name) {
  const auto failed = [&](const char* why) { shared_->finish(base::Error{base::Code::kUnreachable, why}); };
  int pair[2];
  if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) != 0) return failed("no descriptor is left to look up a name");
  shared_->done_reader = Fd(pair[0]);
  shared_->done_writer = Fd(pair[1]);
  if (++asking > kMaxLookups) {
    --asking;
    return failed("too many names are being looked up");
  }
  try {
    std::thread([shared = shared_, name] {
      shared->finish(resolve(name));
      --asking;
    }).detach();
  } catch (const std::system_error&) {
    --asking;
    failed("no thread is left to look up a name");
  }
}

bool Lookup::done() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->found.has_value();
}

int Lookup::fd() const { return shared_->done_reader.get(); }

base::Result<std::vector<Endpoint>> Lookup::result() {
  const std::lock_guard lock(shared_->mutex);
  CHECK(shared_->found.has_value());
  return *shared_->found;
}

}  // namespace net
