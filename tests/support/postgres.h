// Postgres: a PostgreSQL server of a test's own, in a scratch directory, on a Unix socket there and on nothing else. It
// refuses to run as root, so then it runs as nobody. fsync is off: what a test looks at is the server's answers.
// One a process, started when it is first wanted and ended with the process; none where its programs are not installed.
#pragma once

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/process.h"
#include "support/scratch.h"

namespace support {

class Postgres {
 public:
  static Postgres* get() {  // null: not installed
    static const std::unique_ptr<Postgres> server = programs().empty() ? nullptr : std::make_unique<Postgres>();
    return server.get();
  }

  Postgres() {
    if (const passwd* const nobody = ::geteuid() == 0 ? ::getpwnam("nobody") : nullptr; nobody != nullptr) {
      EXPECT_EQ(::chown(scratch_.file("").c_str(), nobody->pw_uid, nobody->pw_gid), 0);
    }
    EXPECT_EQ(run({programs() + "/initdb", "-D", data_, "-U", "tarn", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                   "--no-sync", "--no-instructions"}),
              0);
    start();
  }
  ~Postgres() { stop(); }

  void start() {
    server_ = std::make_unique<Process>(
        as_somebody({programs() + "/postgres", "-D", data_, "-k", scratch_.file(""), "-c", "listen_addresses=", "-F",
                     "-c", "max_connections=60", "-c", "shared_buffers=16MB", "-c", "log_min_messages=fatal"}));
    EXPECT_TRUE(eventually([&] { return ready(); })) << server_->err();
  }
  void stop() {
    server_->send(SIGINT);  // without waiting for who is connected
    server_->wait();
  }

  // An empty database, as libpq wants it named.
  std::string new_database() {
    const std::string name = "t" + std::to_string(++databases_);
    EXPECT_EQ(run({programs() + "/createdb", "-h", scratch_.file(""), "-U", "tarn", name}), 0);
    return "host=" + scratch_.file("") + " user=tarn dbname=" + name;
  }
  void sql(const std::string& where, const std::string& text) {
    EXPECT_EQ(run({programs() + "/psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", where, "-c", text}), 0);
  }

 private:
  static std::string programs() {
    std::error_code none;
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", none))
      if (std::filesystem::exists(version.path() / "bin/initdb", none)) return (version.path() / "bin").string();
    return {};
  }
  static std::vector<std::string> as_somebody(std::vector<std::string> command) {
    if (::geteuid() == 0)
      command.insert(command.begin(), {"/usr/bin/setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                                       "--pdeathsig=KILL", "--"});
    return command;
  }
  int run(const std::vector<std::string>& command) const {
    Process program(as_somebody(command), {.directory = "/"});
    const int code = program.wait().value_or(-1);
    EXPECT_EQ(code, 0) << program.err();
    return code;
  }
  bool ready() const {
    Process program({programs() + "/pg_isready", "-q", "-h", scratch_.file("")}, {.directory = "/"});
    return program.wait() == 0;
  }

  Scratch scratch_;
  std::string data_ = scratch_.file("data");
  std::unique_ptr<Process> server_;
  int databases_ = 0;
};

}  // namespace support
