#include "tarn/local_pool.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <thread>
#include <utility>

#include "crypto/identity.h"
#include "crypto/random.h"
#include "model/organisation.h"
#include "net/datagrams.h"
#include "net/socket.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kStep = std::chrono::milliseconds(5), kStopping = std::chrono::milliseconds(1500);
constexpr auto kStarting = std::chrono::seconds(60);
constexpr int kMaxStarts = 4;

base::Error cancelled() { return {base::Code::kCancelled, "interrupted; all processes were stopped"}; }

// A port that nobody has, neither for streams nor for datagrams; both sockets go when this returns.
base::Result<std::string> free_address() {
  for (int tries = 0; tries < 100; ++tries) {
    TARN_ASSIGN(const net::Fd stream, net::bind_at(net::Address{"127.0.0.1", 0}));
    TARN_ASSIGN(const net::Endpoint endpoint, net::local_endpoint(stream));
    if (net::bind_datagrams(endpoint).ok()) return endpoint.text();
  }
  return base::Error{base::Code::kStorage, "no free port on loopback"};
}

// The last line that a process said about itself.
std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of('\n');
  if (end == std::string::npos) return "(nothing)";
  const auto begin = text.find_last_of('\n', end);
  return text.substr(begin + 1, end - begin);
}

base::Error died(const std::string& who, const ProcessEnd& end, const std::string& errors) {
  return {base::Code::kUnreachable,
          who + " ended with code " + std::to_string(end.exit_code) + ": " + last_line(errors)};
}

std::size_t occurrences(const std::string& text, std::string_view of) {
  std::size_t count = 0;
  for (auto at = text.find(of); at != std::string::npos; at = text.find(of, at + 1)) ++count;
  return count;
}

void stop(pid_t process) {
  if (process > 0) ::kill(process, SIGTERM);
}

// They withdraw and write what is to be written; who takes too long is killed.
void end_all(std::vector<pid_t> processes) {
  const auto patience = Clock::now() + kStopping;
  while (!processes.empty()) {
    std::erase_if(processes, [](pid_t p) { return reap_if_ended(p).has_value(); });
    if (Clock::now() >= patience)
      for (const pid_t p : processes) ::kill(p, SIGKILL);
    std::this_thread::sleep_for(kStep);
  }
}

}  // namespace

LocalPool::~LocalPool() {
  std::vector<pid_t> running;
  for (const Provider& p : providers_)
    if (p.process > 0) running.push_back(p.process);
  if (table_ > 0) running.push_back(table_);
  for (const pid_t process : running) stop(process);
  end_all(std::move(running));
}

std::string LocalPool::file(std::size_t provider, const char* what) const {
  return directory_ / ("provider" + std::to_string(provider) + "." + what);
}

base::Result<pid_t> LocalPool::spawn_into(const std::vector<std::string>& arguments, const std::string& output,
                                          const std::string& errors) const {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  const net::Fd out(::open(output.c_str(), kFlags, 0600)), err(::open(errors.c_str(), kFlags, 0600));
  if (!out.valid() || !err.valid()) return system_error(output);
  return spawn(arguments, {out.get(), err.get()});
}

base::Status LocalPool::start_table() {
  const std::string output = directory_ / "dht.out", errors = directory_ / "dht.err";
  TARN_ASSIGN(table_, spawn_into({"dht", "--listen", "127.0.0.1:0", "--output", "json", "--rtt-ms",
                                  std::to_string(options_.rtt_ms)},
                                 output, errors));
  const std::string_view before = "{\"port\":";
  for (const auto end = Clock::now() + kStarting; Clock::now() < end; std::this_thread::sleep_for(kStep)) {
    if (interrupted()) return cancelled();
    const std::string said = read_all(output);
    if (said.starts_with(before) && said.find('}') != std::string::npos) {
      bootstrap_ = "127.0.0.1:" + said.substr(before.size(), said.find('}') - before.size());
      return {};
    }
    if (const auto ended = reap_if_ended(table_)) {
      table_ = -1;
      return died("the hash table's node", *ended, read_all(errors));
    }
  }
  return base::Error{base::Code::kDeadline, "the hash table's node does not start"};
}

base::Status LocalPool::write_config(std::size_t provider) const {
  const Provider& p = providers_[provider];
  std::ofstream out(file(provider, "toml"));
  out << "identity = " << toml_text(file(provider, "key")) << "\nstate_dir = " << toml_text(file(provider, "state"))
      << "\nlisten = " << toml_text(p.endpoint) << "\nhttp = " << toml_text(p.http)
      << "\n[dht]\nlisten = \"127.0.0.1:0\"\nbootstrap = [" << toml_text(bootstrap_)
      << "]\n[[offers]]\nname = \"all\"\nclass = " << toml_text(options_.resource_class)
      << "\ncapacity = " << p.book.capacity << "\nprice = " << toml_text(p.book.price)
      << "\n[limits]\nfrom_one_place = 1000\n"  // all are at one place
      << options_.limits << "\n"
      << options_.sections;
  if (!out.flush()) return system_error(file(provider, "toml"));
  return {};
}

base::Status LocalPool::start_provider(std::size_t provider) {
  Provider& p = providers_[provider];
  TARN_ASSIGN(p.endpoint, free_address());
  do {
    TARN_ASSIGN(p.http, free_address());
  } while (p.http == p.endpoint);
  TARN_TRY(write_config(provider));
  std::vector<std::string> arguments{"provider",     "--config", file(provider, "toml"),
                                     "--log-format", "json",     "--log-level",
                                     "debug",        "--rtt-ms", std::to_string(options_.rtt_ms)};
  if (options_.reveal) arguments.emplace_back("--reveal-for-measurement");
  TARN_ASSIGN(p.process, spawn_into(arguments, file(provider, "out"), file(provider, "log")));
  ++p.starts;
  return {};
}

// If the process has ended: again, where a port may be what it lacked.
base::Status LocalPool::revive(std::size_t provider) {
  Provider& p = providers_[provider];
  const auto ended = reap_if_ended(p.process);
  if (!ended) return {};
  p.process = -1;
  const std::string said = log(provider);
  if (p.starts == kMaxStarts || said.find("in use") == std::string::npos)
    return died("provider " + p.book.name, *ended, said);
  return start_provider(provider);
}

base::Result<std::unique_ptr<LocalPool>> LocalPool::start(std::vector<LocalBook> books, const LocalPoolOptions& options,
                                                          const OnProgress& on_progress) {
  TARN_ASSIGN(TemporaryDirectory directory, TemporaryDirectory::make());
  std::unique_ptr<LocalPool> out(new LocalPool(std::move(directory), options));
  TARN_TRY(out->start_table());
  crypto::OsRandom random;
  for (LocalBook& book : books) {
    const std::size_t i = out->providers_.size();
    const crypto::Identity identity = crypto::Identity::generate(random);
    TARN_TRY(identity.save(out->file(i, "key")));
    out->providers_.push_back({std::move(book), model::OrganisationId{identity.public_key()}.text(), "", ""});
    TARN_TRY(out->start_provider(i));
  }
  TARN_TRY(out->await_log(on_progress));
  TARN_ASSIGN(out->requester_, out->new_requester());
  TARN_TRY(out->await_map(on_progress));
  return out;
}

// Until every provider has put its announcement into the hash table.
base::Status LocalPool::await_log(const OnProgress& on_progress) {
  std::size_t before = 0;
  for (const auto end = Clock::now() + kStarting; Clock::now() < end; std::this_thread::sleep_for(10 * kStep)) {
    std::size_t announced = 0;
    for (std::size_t i = 0; i < providers_.size(); ++i) {
      if (interrupted()) return cancelled();
      TARN_TRY(revive(i));
      if (log(i).find("\"event\":\"announced\"") != std::string::npos) ++announced;
    }
    if (announced != before)
      on_progress(std::to_string(announced) + " of " + std::to_string(providers_.size()) +
                  " providers have announced themselves");
    if (announced == providers_.size()) return {};
    before = announced;
  }
  return base::Error{base::Code::kDeadline, "the providers do not start"};
}

// A value on its way to the nodes that keep it is not found yet, nor is one always found.
base::Status LocalPool::await_map(const OnProgress& on_progress) {
  std::size_t before = 0;
  for (const auto end = Clock::now() + kStarting; Clock::now() < end;) {
    TARN_ASSIGN(CommandEnd seen, run({"pool", "map", "--config", requester_, "--class", options_.resource_class,
                                      "--most", std::to_string(2 * providers_.size()), "--output", "json", "--rtt-ms",
                                      std::to_string(options_.rtt_ms)}));
    for (std::size_t i = 0; i < providers_.size(); ++i) TARN_TRY(revive(i));
    const std::size_t found = occurrences(seen.output, "\"endpoint\":");
    if (found != before)
      on_progress(std::to_string(found) + " of " + std::to_string(providers_.size()) + " are found by the requester");
    if (found >= providers_.size()) {
      map_ = std::move(seen.output);
      return {};
    }
    before = found;
  }
  return base::Error{base::Code::kDeadline, "not all providers are found"};
}

std::string LocalPool::log(std::size_t provider) const { return read_all(file(provider, "log")); }

base::Result<std::string> LocalPool::new_requester() {
  const std::string name = directory_ / ("requester" + std::to_string(requesters_++));
  std::ofstream out(name + ".toml");
  out << "state_dir = " << toml_text(name + ".state") << "\nproviders = " << options_.drawn
      << "\nmin_providers = " << std::min<std::size_t>(3, options_.drawn)
      << "\n[dht]\nlisten = \"127.0.0.1:0\"\nbootstrap = [" << toml_text(bootstrap_) << "]\n";
  if (!out.flush()) return system_error(name + ".toml");
  return name + ".toml";
}

base::Result<CommandEnd> LocalPool::run(const std::vector<std::string>& arguments) {
  const std::string name = directory_ / ("command" + std::to_string(commands_++));
  TARN_ASSIGN(const pid_t process, spawn_into(arguments, name + ".out", name + ".err"));
  for (;;) {
    if (const auto ended = reap_if_ended(process)) {
      if (interrupted()) return cancelled();
      return CommandEnd{*ended, read_all(name + ".out"), read_all(name + ".err")};
    }
    if (interrupted()) ::kill(process, SIGTERM);  // until it ends: a signal between fork() and exec() is lost
    std::this_thread::sleep_for(kStep);
  }
}

base::Result<std::string> LocalPool::metrics(std::size_t provider) const {
  TARN_ASSIGN(const net::Address address, net::Address::parse(providers_[provider].http));
  TARN_ASSIGN(const auto endpoints, net::resolve(address));
  TARN_ASSIGN(const net::Fd socket, net::begin_dial(endpoints.front()));
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  std::string answer;
  bool asked = false;
  pollfd wanted{socket.get(), POLLOUT, 0};
  while (::poll(&wanted, 1, 5000) == 1) {
    if (!std::exchange(asked, true)) {
      if (net::dial_outcome(socket) != 0 ||
          ::write(socket.get(), request.data(), request.size()) != static_cast<ssize_t>(request.size()))
        break;
      wanted.events = POLLIN;
      continue;
    }
    char buffer[16384];
    const ssize_t got = ::read(socket.get(), buffer, sizeof buffer);
    if (got <= 0) break;
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  const auto body = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 200") || body == std::string::npos)
    return base::Error{base::Code::kUnreachable, "no figures from " + providers_[provider].book.name};
  return answer.substr(body + 4);
}

}  // namespace tarn
