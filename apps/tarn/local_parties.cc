#include "tarn/local_parties.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "crypto/identity.h"
#include "crypto/random.h"
#include "model/organisation.h"
#include "net/socket.h"
#include "tarn/output.h"
#include "tarn/signals.h"

namespace tarn {
namespace {

struct Bound {
  net::Fd socket;
  std::string address;
};

base::Result<Bound> bind_loopback() {
  Bound out{net::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)), ""};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (out.socket.get() < 0 || ::bind(out.socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(out.socket.get(), 32) != 0 ||
      ::getsockname(out.socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return system_error("a socket on loopback");
  out.address = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  return out;
}

// A running party: its process and what it says.
struct Child {
  pid_t pid = -1;
  net::Fd output;
  PartyEnd end;
};

base::Result<Child> start(const std::vector<std::string>& arguments, const net::Fd& listener,
                          const std::string& errors_file) {
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return system_error("a pipe");
  Child child{-1, net::Fd(pipe_ends[0]), {}};
  const net::Fd write_end(pipe_ends[1]);
  const net::Fd errors(::open(errors_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (errors.get() < 0) return system_error(errors_file);
  TARN_ASSIGN(child.pid, spawn(arguments, {write_end.get(), errors.get(), listener.get()}));
  return child;
}

// Collects what the children say until all have closed their output.
void drain(std::vector<Child>& children) {
  bool told = false;
  for (std::size_t open = children.size(); open > 0;) {
    std::vector<pollfd> fds;
    for (const Child& c : children) fds.push_back({c.output.get(), POLLIN, 0});
    (void)::poll(fds.data(), fds.size(), 200);
    if (interrupted() && !told) {
      for (const Child& c : children) ::kill(c.pid, SIGTERM);
      told = true;
    }
    for (std::size_t i = 0; i < children.size(); ++i) {
      if ((fds[i].revents & (POLLIN | POLLHUP)) == 0) continue;
      char buffer[16384];
      const ssize_t got = ::read(children[i].output.get(), buffer, sizeof buffer);
      if (got > 0) {
        children[i].end.output.append(buffer, static_cast<std::size_t>(got));
      } else {
        children[i].output = net::Fd();
        --open;
      }
    }
  }
}

}  // namespace

base::Result<LocalParties> LocalParties::make(const LocalSession& session) {
  TARN_ASSIGN(TemporaryDirectory directory, TemporaryDirectory::make());
  LocalParties out(session, std::move(directory));
  TARN_TRY(out.make_identities());
  return out;
}

std::string LocalParties::file(std::size_t party, const char* what) const {
  return directory_ / (std::to_string(party) + "." + what);
}

base::Status LocalParties::make_identities() {
  crypto::OsRandom random;
  for (std::size_t i = 0; i < session_.parties; ++i) {
    const crypto::Identity identity = crypto::Identity::generate(random);
    TARN_TRY(identity.save(file(i, "key")));
    ids_.push_back(model::OrganisationId{identity.public_key()}.text());
  }
  return {};
}

base::Status LocalParties::forget() {
  std::error_code failed;
  for (std::size_t i = 0; i < session_.parties; ++i) std::filesystem::remove_all(file(i, "state"), failed);
  if (failed) return base::Error{base::Code::kStorage, directory_.path() + ": " + failed.message()};
  return {};
}

base::Status LocalParties::write_configs(const std::vector<std::string>& addresses) const {
  for (std::size_t i = 0; i < session_.parties; ++i) {
    std::ofstream out(file(i, "toml"));
    out << "identity = " << toml_text(file(i, "key")) << "\nstate_dir = " << toml_text(file(i, "state"))
        << "\nmechanism = " << toml_text(session_.mechanism) << "\nclass = " << toml_text(session_.resource_class)
        << "\ndeadline = \"" << session_.deadline_s << "s\"\nextension_k = " << session_.extension_k << "\n";
    if (!session_.inputs.empty()) out << "\n[input]\n" << session_.inputs[i];
    for (std::size_t j = 0; j < session_.parties; ++j) {
      out << "\n[[parties]]\nid = " << toml_text(ids_[j]) << "\naddress = " << toml_text(addresses[j]) << "\n";
      if (j < session_.names.size()) out << "name = " << toml_text(session_.names[j]) << "\n";
    }
    if (!out.flush()) return system_error(file(i, "toml"));
  }
  return {};
}

base::Result<std::vector<PartyEnd>> LocalParties::run() {
  std::vector<Bound> bound;
  std::vector<std::string> addresses;
  for (std::size_t i = 0; i < session_.parties; ++i) {
    TARN_ASSIGN(Bound one, bind_loopback());
    addresses.push_back(one.address);
    bound.push_back(std::move(one));
  }
  TARN_TRY(write_configs(addresses));
  std::vector<Child> children;
  base::Status started;
  for (std::size_t i = 0; i < session_.parties && started.ok(); ++i) {
    std::vector<std::string> arguments{"place",
                                       "--config",
                                       file(i, "toml"),
                                       "--output",
                                       "json",
                                       "--wait",
                                       "60s",
                                       "--rtt-ms",
                                       std::to_string(session_.rtt_ms),
                                       "--listen-fd",
                                       std::to_string(kListenFd)};
    if (!session_.circuit.empty()) arguments.insert(arguments.end(), {"--circuit", session_.circuit});
    auto child = start(arguments, bound[i].socket, file(i, "errors"));
    if (child.ok())
      children.push_back(std::move(*child));
    else
      started = child.error();
  }
  bound.clear();
  if (!started.ok())
    for (const Child& c : children) ::kill(c.pid, SIGTERM);
  drain(children);
  std::vector<PartyEnd> ends;
  for (std::size_t i = 0; i < children.size(); ++i) {
    static_cast<ProcessEnd&>(children[i].end) = reap(children[i].pid);
    children[i].end.errors = read_all(file(i, "errors"));
    ends.push_back(std::move(children[i].end));
  }
  TARN_TRY(started);
  if (interrupted()) return base::Error{base::Code::kCancelled, "interrupted; all parties were stopped"};
  return ends;
}

base::Result<std::vector<PartyReport>> reports_of(const std::vector<PartyEnd>& ends) {
  std::vector<PartyReport> out;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    auto report = parse_party_report(ends[i].output);
    if (!report || (ends[i].exit_code != kExitDone && ends[i].exit_code != kExitNoWinner))
      return base::Error{base::Code::kSomebodyMisbehaved,
                         "party " + std::to_string(i) + " ended with code " + std::to_string(ends[i].exit_code) + ": " +
                             parse_error_message(ends[i].output).value_or(ends[i].errors)};
    out.push_back(std::move(*report));
  }
  return out;
}

}  // namespace tarn
