// What the tests of the program share: `tarn` run to its end, temporary directories, and parties with keys and
// configurations of their own. A party's socket is bound by the test and handed over as descriptor 3 (--listen-fd), so
// no port is guessed, and dialling it is refused until the party listens.
#pragma once

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/places.h"
#include "support/process.h"

namespace e2e {

using nlohmann::json;
using support::Descriptor;
using support::eventually;
using support::kPatience;
using support::milliseconds;
using support::Process;
using support::ProcessOptions;
using support::steady_clock;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

enum ExitCode : int {  // as `tarn --help` lists them
  kDone = 0,
  kRefused = 2,
  kNoWinner = 3,
  kUnreachable = 4,
  kPeerMisbehaved = 5,
  kSomebodyMisbehaved = 6,
  kDeadline = 7,
  kStorage = 8,
  kInterrupted = 130,
};

class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_((fs::temp_directory_path() / "tarn-e2e-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline void write_file(const std::string& path, const std::string& text, ::mode_t mode = 0600) {
  std::ofstream(path, std::ios::binary) << text;
  ::chmod(path.c_str(), mode);
}
// As far as it can be read; an iterator over the stream would throw when a process ends amid its /proc files.
inline std::string read_file(const std::string& path) {
  const std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}
// Everything below a directory: names, modes and contents.
inline std::map<std::string, std::string> picture(const std::string& directory) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    const auto mode = std::to_string(static_cast<unsigned>(entry.status().permissions()));
    out[entry.path().string()] = mode + " " + (entry.is_regular_file() ? read_file(entry.path().string()) : "");
  }
  return out;
}

struct End {
  std::optional<int> code;  // nothing: it did not end in time
  std::string out, err;
  bool crashed = false;

  // What stdout is, and nothing but that.
  json parsed() const {
    json value = json::parse(out, nullptr, false);
    EXPECT_FALSE(value.is_discarded()) << "stdout is no JSON:\n" << out << "\nstderr:\n" << err;
    return value;
  }
};
inline std::ostream& operator<<(std::ostream& to, const End& end) {
  return to << "exit code " << (end.code ? std::to_string(*end.code) : "(still running)") << "\nstdout:\n"
            << end.out << "\nstderr:\n"
            << end.err;
}

inline End finish(Process& process, milliseconds patience = kPatience) {
  const auto code = process.wait(patience);
  return {code, process.out(), process.err(), process.ended_by_signal()};
}
// The program under test: the one built beside the tests, or another that the environment names.
inline std::string binary() {
  const char* const given = std::getenv("TARN_BINARY");
  return given != nullptr ? given : support::kTarnProgram;
}
inline Process start_tarn(std::vector<std::string> arguments, const ProcessOptions& options = {}) {
  arguments.insert(arguments.begin(), binary());
  return Process(std::move(arguments), options);
}
inline End tarn(std::vector<std::string> arguments, const ProcessOptions& options = {}) {
  Process process = start_tarn(std::move(arguments), options);
  return finish(process);
}

// The error object that stdout must be, with its code; its message is what stderr says.
inline void expect_error_object(const End& end, const std::string& code) {
  const json value = end.parsed();
  ASSERT_TRUE(value.is_object() && value.contains("error")) << end;
  EXPECT_EQ(value.size(), 1U) << end;
  EXPECT_EQ(value["error"].value("code", ""), code) << end;
  const std::string message = value["error"].value("message", "");
  EXPECT_FALSE(message.empty()) << end;
  EXPECT_THAT(end.err, HasSubstr(message));
}
inline std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// As long as its socket is held nobody is given the port; a program of ours that is told the address may still listen
// there, because both sockets say that it can be shared and only one of them listens.
struct Port {
  Descriptor socket;
  std::string address;
};
inline Port bind_loopback(bool listening = false) {
  Port out{Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), ""};
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  const int shared = 1;
  if (::setsockopt(out.socket.get(), SOL_SOCKET, SO_REUSEADDR, &shared, sizeof shared) != 0 ||
      ::bind(out.socket.get(), reinterpret_cast<sockaddr*>(&at), size) != 0 ||
      ::getsockname(out.socket.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0 ||
      (listening && ::listen(out.socket.get(), 32) != 0))
    std::abort();
  out.address = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  return out;
}

// A party's configuration, to be changed by a test before it is written.
struct PartyFile {
  struct Entry {
    std::string id, address, name;
  };
  std::string identity, state_dir, mechanism = "first-price", resource_class = "1 vCPU, 1 GiB", deadline = "30s";
  std::string more;   // further lines of the top
  std::string input;  // the body of [input]
  std::vector<Entry> parties;

  std::string text() const {
    std::string out = "identity = \"" + identity + "\"\nstate_dir = \"" + state_dir + "\"\nmechanism = \"" + mechanism +
                      "\"\nclass = \"" + resource_class + "\"\ndeadline = \"" + deadline + "\"\n" + more;
    if (!input.empty()) out += "[input]\n" + input;
    for (const Entry& p : parties) {
      out += "[[parties]]\nid = \"" + p.id + "\"\naddress = \"" + p.address + "\"\n";
      if (!p.name.empty()) out += "name = \"" + p.name + "\"\n";
    }
    return out;
  }
};

inline std::string request(std::uint64_t quantity, std::uint64_t max_price) {
  return "quantity = " + std::to_string(quantity) + "\nmax_price = " + std::to_string(max_price) + "\n";
}
inline std::string offer(std::uint64_t capacity, std::uint64_t price) {
  return "capacity = " + std::to_string(capacity) + "\nprice = " + std::to_string(price) + "\n";
}

class Parties {
 public:
  explicit Parties(std::size_t n, const std::vector<std::string>& inputs = {}) : files(n), ports_(n), sockets_(n) {
    for (std::size_t i = 0; i < n; ++i) {
      ids.push_back(make_key("key." + std::to_string(i)));
      files[i].identity = "key." + std::to_string(i);  // relative to the configuration's directory
      files[i].state_dir = "state." + std::to_string(i);
      files[i].input = i < inputs.size() ? inputs[i] : i == 0 ? request(10, 80) : offer(20 + i, 50 + i);
      for (std::size_t j = 0; j < n; ++j) files[j].parties.push_back({ids[i], "", ""});
    }
    rebind();
  }
  std::string make_key(const std::string& name) {
    const End end = tarn({"keygen", "--out", directory / name});
    EXPECT_EQ(end.code, kDone) << end;
    return end.out.substr(0, end.out.find('\n'));
  }

  // New ports for a new session.
  void rebind() {
    for (std::size_t i = 0; i < ports_.size(); ++i) {
      ports_[i] = bind_loopback();
      for (PartyFile& file : files)
        for (auto& entry : file.parties)
          if (entry.id == ids[i]) entry.address = ports_[i].address;
    }
  }
  const std::string& address(std::size_t party) const { return ports_[party].address; }
  std::string config(std::size_t party) const { return directory / ("config." + std::to_string(party)); }
  std::string state(std::size_t party) const { return directory / ("state." + std::to_string(party)); }

  Process start(std::size_t party, std::vector<std::string> more = {"--wait", "60s"}, bool as_json = true) {
    write_file(config(party), files[party].text());
    std::vector<std::string> arguments{"place", "--config", config(party), "--listen-fd", "3"};
    if (as_json) arguments.insert(arguments.end(), {"--output", "json"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    ProcessOptions options;
    options.inherited = ports_[party].socket.get();
    struct stat info{};
    ::fstat(options.inherited, &info);
    sockets_[party] = "socket:[" + std::to_string(info.st_ino) + "]";
    Process process = start_tarn(std::move(arguments), options);
    // Kept open here it would go on listening when the party has died.
    ports_[party].socket.close();
    return process;
  }
  // A party holds the socket that it was given until it is connected to all others; then its session begins.
  bool reaches_session(std::size_t party, const Process& process) const {
    const std::string held = "/proc/" + std::to_string(process.pid()) + "/fd/3";
    std::error_code failed;
    return eventually([&] { return fs::read_symlink(held, failed) != sockets_[party]; });
  }
  // A whole session on new ports.
  std::vector<End> run(const std::vector<std::string>& more = {"--wait", "60s"}, bool as_json = true) {
    rebind();
    std::vector<Process> processes;
    for (std::size_t i = 0; i < files.size(); ++i) processes.push_back(start(i, more, as_json));
    std::vector<End> ends;
    for (Process& p : processes) ends.push_back(finish(p));
    return ends;
  }

  TemporaryDirectory directory;
  std::vector<std::string> ids;
  std::vector<PartyFile> files;

 private:
  std::vector<Port> ports_;
  std::vector<std::string> sockets_;  // as /proc names them
};

// Processes whose command line holds the text.
inline std::vector<pid_t> processes_naming(const std::string& text) {
  std::vector<pid_t> out;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) continue;
    if (read_file(entry.path().string() + "/cmdline").find(text) != std::string::npos) out.push_back(std::stoi(name));
  }
  return out;
}

}  // namespace e2e
