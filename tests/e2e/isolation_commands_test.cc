// The isolation service as its administrator and its tenants meet it: a daemon with its state in a directory, and the
// client commands over TLS. No switch answers here: what switches and servers do is tested with real ones elsewhere.
#include "e2e/tarn_lab.h"
#include "store/isolation_store.h"

namespace e2e {
namespace {

constexpr int kNotFound = 10, kConflict = 11, kForbidden = 12;
const char* const kSecret = "hunter2-of-the-controller";

// A service on a port of its own, which it keeps over restarts.
class Service {
 public:
  explicit Service(std::vector<std::string> more = {}) : more_(std::move(more)), port_(bind_loopback()) {
    write_file(directory / "password", std::string(kSecret) + "\n");
    start();
  }
  void start() {
    std::vector<std::string> words{"isolation", "serve", "--state-dir", state(), "--listen-fd", "3"};
    words.insert(words.end(), more_.begin(), more_.end());
    ProcessOptions options;
    options.inherited = port_.socket.get();
    process_.emplace(start_tarn(words, options));
    EXPECT_TRUE(process_->says("isolation_started")) << process_->err();
    const std::size_t at = process_->err().find("sha256:");
    if (at != std::string::npos) pin = process_->err().substr(at, 71);
    token = read_file(state() + "/administrator.token");
    if (token.ends_with('\n')) token.pop_back();
  }
  int stop(int signal) {
    process_->send(signal);
    const int code = process_->wait().value_or(-1);
    said += process_->err();
    process_.reset();
    return code;
  }
  std::string state() const { return directory / "state"; }
  std::string url(bool tls = true) const { return (tls ? "https://" : "http://") + port_.address; }
  pid_t pid() const { return process_->pid(); }

  End run_as(const std::string& whom, std::vector<std::string> words) {
    ProcessOptions options;
    options.added = {
        {"TARN_ISOLATION_URL", url()}, {"TARN_ISOLATION_TOKEN", whom}, {"XDG_CONFIG_HOME", directory.path()}};
    words.insert(words.end(), {"--pin", pin});
    return tarn(std::move(words), options);
  }
  End run(std::vector<std::string> words) { return run_as(token, std::move(words)); }
  void works(std::vector<std::string> words) {
    const std::string first = words[0] + " " + words[1];
    const End end = run(std::move(words));
    EXPECT_EQ(end.code, kDone) << first << "\n" << end;
  }
  json shown(std::vector<std::string> words) {
    words.insert(words.end(), {"--output", "json"});
    const End end = run(std::move(words));
    EXPECT_EQ(end.code, kDone) << end;
    return end.parsed();
  }
  // A project with a node in it, and the node's port.
  void furnish() {
    works({"project", "create", "physics", "--nodes", "1"});
    works({"switch", "register", "rack1", "--settings", R"({"endpoint":"tcp:127.0.0.1:1","bridge":"br0"})"});
    works({"port", "register", "rack1", "p1"});
    works({"node", "register", "n1", "--bmc", "127.0.0.1:1", "--bmc-user", "admin", "--bmc-password-file",
           directory / "password"});
    works({"node", "nic", "add", "n1", "eth0", "--mac", "52:54:00:00:00:01"});
    works({"port", "connect", "rack1", "p1", "n1", "eth0"});
    EXPECT_EQ(run({"node", "allocate", "physics", "n1"}).code, kConflict);  // nobody has seen its port
    note_that_the_port_was_seen();
    works({"node", "allocate", "physics", "n1"});
    works({"network", "create", "lab", "--owner", "physics"});
  }

  TemporaryDirectory directory;
  std::string pin, token, said;  // said: all that the daemons wrote that have ended

 private:
  // As if the switch, at whose address there is nothing, had answered once.
  void note_that_the_port_was_seen() {
    EXPECT_EQ(stop(SIGTERM), kDone);
    const base::Status noted = [&]() -> base::Status {
      TARN_ASSIGN(const auto opened, store::open_isolation_store({state() + "/isolation.db", ""}));
      return opened->write([](isolation::Transaction& rows) -> base::Status {
        TARN_ASSIGN(const auto record, rows.find_switch("rack1"));
        TARN_ASSIGN(auto port, rows.find_port(record->id, "p1"));
        port->observed = isolation::PortState{};
        return rows.update_port(*port);
      });
    }();
    EXPECT_TRUE(noted.ok()) << noted.error().message;
    start();
  }

  std::vector<std::string> more_;
  Port port_;
  std::optional<Process> process_;
};

TEST(IsolationCommands, FromNothingToANodeInAProject) {
  Service service;
  service.furnish();
  const json node = service.shown({"node", "show", "n1"});
  EXPECT_EQ(node.value("project", ""), "physics");
  EXPECT_EQ(node["nics"][0].value("port", ""), "p1");
  EXPECT_EQ(service.shown({"node", "list", "--free"}), json::array());
  EXPECT_EQ(service.shown({"network", "show", "lab"})["access"], json::array({"physics"}));
  const End table = service.run({"project", "list"});
  EXPECT_EQ(lines(table.out), 2U) << table;
  EXPECT_THAT(table.out, HasSubstr("physics  1"));
  service.works({"node", "metadata", "set", "n1", "rack", "r1"});
  EXPECT_EQ(service.shown({"node", "list", "--metadata", "rack=r1"}).size(), 1U);
  EXPECT_EQ(service.shown({"node", "list", "--metadata", "rack=r2"}).size(), 0U);
  const json events = service.shown({"isolation", "events"});
  EXPECT_GE(events.size(), 8U);
  EXPECT_EQ(service.stop(SIGTERM), kDone);
}

TEST(IsolationCommands, ErrorsHaveTheirExitCodes) {
  Service service;
  service.furnish();
  EXPECT_EQ(service.run({"project", "show", "nobody"}).code, kNotFound);
  EXPECT_EQ(service.run({"project", "create", "physics"}).code, kConflict);
  EXPECT_EQ(service.run({"project", "delete", "physics"}).code, kConflict);
  EXPECT_EQ(service.run({"node", "allocate-any", "physics"}).code, kConflict);
  EXPECT_EQ(service.run({"network", "create", "x", "--owner", "physics", "--vlan", "4095"}).code, kRefused);
  EXPECT_EQ(service.run({"project", "quota", "physics", "--nodes", "many", "--networks", "1"}).code, kRefused);
  EXPECT_EQ(service.run({"nic", "connect", "lab", "n1-eth0"}).code, kRefused);
  const End wrong = service.run_as("tarn_" + std::string(64, '0'), {"project", "list"});
  EXPECT_EQ(wrong.code, kForbidden) << wrong;
  const End refused = service.run({"project", "show", "nobody", "--output", "json"});
  expect_error_object(refused, "not_found");
}

TEST(IsolationCommands, AMemberMayWhatItsProjectMay) {
  Service service;
  service.furnish();
  service.works({"user", "create", "alice", "--password-file", service.directory / "password"});
  service.works({"project", "add-user", "physics", "alice"});
  EXPECT_EQ(service.shown({"project", "users", "physics"}), json::array({"alice"}));
  EXPECT_EQ(service.run({"project", "add-user", "physics", "alice"}).code, kConflict);
  EXPECT_EQ(service.shown({"user", "whoami"}).value("role", ""), "administrator");
  const End logged_in = service.run({"user", "token", "create", "laptop", "--login", "alice", "--login-password-file",
                                     service.directory / "password", "--output", "json"});
  ASSERT_EQ(logged_in.code, kDone) << logged_in;
  const std::string alice = logged_in.parsed().value("token", "");
  EXPECT_EQ(service.run_as(alice, {"node", "show", "n1"}).code, kDone);
  EXPECT_THAT(service.run_as(alice, {"node", "show", "n1"}).out, Not(HasSubstr("rack1")));  // no switch for tenants
  EXPECT_EQ(service.run_as(alice, {"network", "create", "mine", "--owner", "physics"}).code, kDone);
  EXPECT_EQ(service.run_as(alice, {"project", "create", "biology"}).code, kForbidden);
  EXPECT_EQ(service.run_as(alice, {"switch", "list"}).code, kForbidden);
  write_file(service.directory / "wrong", "wrong\n");
  const End wrong =
      service.run({"user", "whoami", "--login", "alice", "--login-password-file", service.directory / "wrong"});
  EXPECT_EQ(wrong.code, kForbidden) << wrong;
}

TEST(IsolationCommands, AnOperationIsWaitedForUntilItsTimeIsOver) {
  Service service;
  service.furnish();
  const End late = service.run({"nic", "connect", "lab", "n1/eth0", "--timeout", "300ms"});
  EXPECT_EQ(late.code, kDeadline) << late;
  EXPECT_THAT(late.err, HasSubstr("tarn operation wait "));
  const json all = service.shown({"operation", "list"});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].value("state", ""), "pending");
  EXPECT_EQ(service.run({"nic", "connect", "lab", "n1/eth0", "--no-wait"}).code, kConflict);  // one at a time
}

TEST(IsolationCommands, KilledAtAnyPointItKeepsEverything) {
  Service service;
  service.furnish();
  const json before = service.shown({"node", "show", "n1"});
  EXPECT_EQ(service.stop(SIGKILL), 128 + SIGKILL);
  service.start();
  EXPECT_EQ(service.shown({"node", "show", "n1"}), before);
  EXPECT_EQ(service.shown({"project", "list"}).size(), 1U);
  EXPECT_EQ(service.stop(SIGTERM), kDone);
  const std::size_t first = service.said.find("first_administrator");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(service.said.find("first_administrator", first + 1), std::string::npos);  // made once
}

TEST(IsolationCommands, TwoServicesNeverShareAStateDirectory) {
  Service service;
  const End second = tarn({"isolation", "serve", "--state-dir", service.state(), "--listen", "127.0.0.1:1"});
  EXPECT_EQ(second.code, kStorage) << second;
  EXPECT_THAT(second.err, HasSubstr("another isolation service"));
}

TEST(IsolationCommands, NoPasswordIsInAnAnswerALogOrAStateFile) {
  Service service;
  service.furnish();
  service.works({"user", "create", "alice", "--password-file", service.directory / "password"});
  std::string answers;
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"node", "show", "n1", "--output", "json"}, {"user", "list", "--output", "json"}, {"isolation", "events"}}) {
    const End end = service.run(words);
    answers += end.out + end.err;
  }
  EXPECT_THAT(answers, Not(HasSubstr(kSecret)));
  EXPECT_EQ(service.stop(SIGTERM), kDone);
  EXPECT_THAT(service.said, Not(HasSubstr(kSecret)));
  EXPECT_THAT(service.said, Not(HasSubstr(read_file(service.state() + "/administrator.password").substr(0, 32))));
  EXPECT_THAT(service.said, Not(HasSubstr(service.token)));
  for (const auto& [file, content] : picture(service.state())) EXPECT_THAT(content, Not(HasSubstr(kSecret))) << file;
  for (const auto& entry : fs::directory_iterator(service.state()))
    EXPECT_EQ(entry.status().permissions() & fs::perms::all, fs::perms::owner_read | fs::perms::owner_write)
        << entry.path();
}

TEST(IsolationCommands, ACertificateThatWasNotPinnedIsNotTalkedTo) {
  Service service;
  const std::string right = service.pin;
  service.pin = "sha256:" + std::string(64, '0');
  const End wrong = service.run({"project", "list"});
  EXPECT_EQ(wrong.code, kRefused) << wrong;
  EXPECT_THAT(wrong.err, HasSubstr("pinned"));
  service.pin = right;
  service.works({"project", "list"});
  // Its certificate is for the address as well, so that naming the file will do.
  ProcessOptions options;
  options.added = {{"TARN_ISOLATION_TOKEN", service.token}, {"XDG_CONFIG_HOME", service.directory.path()}};
  const std::string ca = service.state() + "/server.pem";
  EXPECT_EQ(tarn({"project", "list", "--url", service.url(), "--ca", ca}, options).code, kDone);
  EXPECT_EQ(tarn({"project", "list", "--url", service.url()}, options).code, kRefused);
}

TEST(IsolationCommands, DevelopmentModeIsPlainHttpOnLoopbackOnly) {
  TemporaryDirectory directory;
  const End open =
      tarn({"isolation", "serve", "--state-dir", directory / "s", "--development", "--listen", "0.0.0.0:1"});
  EXPECT_EQ(open.code, kRefused) << open;
  EXPECT_THAT(open.err, HasSubstr("loopback"));
  EXPECT_FALSE(fs::exists(directory / "s"));
  Service service({"--development"});
  ProcessOptions options;
  options.added = {{"TARN_ISOLATION_URL", service.url(false)}, {"TARN_ISOLATION_TOKEN", service.token}};
  EXPECT_EQ(tarn({"project", "list"}, options).code, kDone);
}

TEST(IsolationCommands, AConfigurationFileSaysWhereAndWho) {
  Service service;
  fs::create_directory(service.directory / "tarn");
  write_file(service.directory / "tarn/isolation.toml",
             "url = \"" + service.url() + "\"\npin = \"" + service.pin + "\"\ntoken_file = \"token\"\n");
  write_file(service.directory / "tarn/token", service.token + "\n");
  ProcessOptions options;
  options.added = {{"XDG_CONFIG_HOME", service.directory.path()}};
  EXPECT_EQ(tarn({"user", "whoami"}, options).code, kDone);
  write_file(service.directory / "tarn/isolation.toml", "token = \"x\"\n");
  EXPECT_EQ(tarn({"user", "whoami"}, options).code, kRefused);
}

const char* const kInventory = R"(projects:
  - {name: physics, nodes: 10}
  - {name: chemistry}
users:
  - {name: alice, projects: [physics], password_file: password}
switches:
  - {name: rack1, settings: {endpoint: "tcp:127.0.0.1:1", bridge: br0}, ports: [p1, p2]}
nodes:
  - name: n1
    owner: physics
    bmc: {address: "127.0.0.1:1", user: admin, password_file: password}
    nics: [{name: eth0, mac: "52:54:00:00:00:01", switch: rack1, port: p1}]
  - name: n2
    bmc: {address: "127.0.0.1:2", user: admin, password_file: password}
networks:
  - {name: lab, owner: physics, access: [chemistry]}
  - {name: internet, public: true, vlan: 10}
)";

TEST(IsolationImport, ADryRunTellsAndChangesNothingAndASecondImportHasNothingToDo) {
  Service service;
  write_file(service.directory / "inventory.yaml", kInventory);
  const std::string file = service.directory / "inventory.yaml";
  const End dry = service.run({"isolation", "import", file, "--dry-run"});
  EXPECT_EQ(dry.code, kDone) << dry;
  EXPECT_THAT(dry.out, HasSubstr("register node n1\n"));
  EXPECT_EQ(service.shown({"project", "list"}), json::array());
  const End done = service.run({"isolation", "import", file});
  EXPECT_EQ(done.code, kDone) << done;
  EXPECT_EQ(done.out, dry.out);
  EXPECT_EQ(service.shown({"node", "show", "n1"}).value("owner", ""), "physics");
  EXPECT_EQ(service.shown({"network", "show", "lab"})["access"].size(), 2U);
  EXPECT_TRUE(service.shown({"network", "show", "internet"}).value("public", false));
  const End again = service.run({"isolation", "import", file});
  EXPECT_EQ(again.code, kDone) << again;
  EXPECT_EQ(again.out, "");
}

TEST(IsolationImport, ABadInventoryChangesNothing) {
  Service service;
  const std::string file = service.directory / "inventory.yaml";
  for (const std::string& more : {std::string("nonsense: []\n"), std::string("  - {name: lab, owner: physics}\n")}) {
    write_file(file, kInventory + more);
    const End bad = service.run({"isolation", "import", file});
    EXPECT_EQ(bad.code, kRefused) << bad;
    EXPECT_THAT(bad.err, HasSubstr("line "));
  }
  write_file(file, kInventory);
  fs::remove(service.directory / "password");
  EXPECT_EQ(service.run({"isolation", "import", file}).code, kRefused);
  EXPECT_EQ(service.shown({"project", "list"}), json::array());
}

// What bash would offer after these words, by the script itself.
std::string completed(const TemporaryDirectory& directory, const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list += " '" + word + "'";
  write_file(directory / "try.sh", ". '" + (directory / "completion.bash") + "'\nCOMP_WORDS=(tarn" + list +
                                       ")\nCOMP_CWORD=" + std::to_string(words.size()) +
                                       "\n_tarn\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
  Process bash({"/bin/bash", "--norc", directory / "try.sh"});
  const End end = finish(bash);
  EXPECT_EQ(end.code, 0) << end;
  EXPECT_EQ(end.err, "");
  return "\n" + end.out;
}

TEST(Completion, BashOffersCommandsAndOptionsThatThereAre) {
  TemporaryDirectory directory;
  const End script = tarn({"completion", "bash"});
  ASSERT_EQ(script.code, kDone) << script;
  write_file(directory / "completion.bash", script.out);
  EXPECT_THAT(completed(directory, {"no"}), HasSubstr("\nnode\n"));
  EXPECT_THAT(completed(directory, {"node", "po"}), HasSubstr("\npower\n"));
  const std::string power = completed(directory, {"node", "power", ""});
  for (const char* const word : {"\non\n", "\noff\n", "\ncycle\n", "\nstatus\n"}) EXPECT_THAT(power, HasSubstr(word));
  EXPECT_THAT(completed(directory, {"node", "power", "off", "n1", "--f"}), HasSubstr("\n--force\n"));
  EXPECT_THAT(completed(directory, {"isolation", "import", "--dry"}), HasSubstr("\n--dry-run\n"));
  EXPECT_THAT(completed(directory, {"place", "--list"}), Not(HasSubstr("listen-fd")));  // hidden ones stay hidden
  EXPECT_EQ(completed(directory, {"node", "power", "on", "nothing-like-this"}), "\n\n");
}

}  // namespace
}  // namespace e2e
