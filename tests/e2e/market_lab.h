// A market of real processes on this machine: a daemon with its state in a directory of its own, and client commands over
// TLS, by token or identity.
#pragma once

#include "e2e/tarn_lab.h"

namespace e2e {

inline constexpr int kNotFound = 10, kConflict = 11, kForbidden = 12;

// A market on a port of its own, which it keeps over restarts.
class Market {
 public:
  explicit Market(std::string postgres = "", const Market* first = nullptr, const std::string& delivery = "recording")
      : postgres_(std::move(postgres)), port_(bind_loopback()) {
    fs::create_directory(directory.path() + "/state");
    if (first != nullptr) {
      fs::copy(first->state() + "/market.key", state() + "/market.key");
      operator_token = first->operator_token;
    }
    write_file(directory / "market.toml", "[storage]\nstate_dir = \"state\"\n" +
                                              (postgres_.empty() ? "" : "postgres = \"" + postgres_ + "\"\n") +
                                              "[limits]\ntick = \"50ms\"\n[delivery]\nby = \"" + delivery + "\"\n");
    start();
  }
  void start() {
    ProcessOptions options;
    options.inherited = port_.socket.get();
    process_.emplace(
        start_tarn({"market", "serve", "--config", directory / "market.toml", "--listen-fd", "3"}, options));
    EXPECT_TRUE(process_->says("market_started")) << process_->err();
    const std::size_t at = process_->err().find("sha256:");
    if (at != std::string::npos) pin = process_->err().substr(at, 71);
    const std::size_t id = process_->err().find("market=org_");
    if (id != std::string::npos) key = process_->err().substr(id + 7, 68);
    if (operator_token.empty()) operator_token = read_file(state() + "/operator.token");
    if (operator_token.ends_with('\n')) operator_token.pop_back();
  }
  int stop(int signal) {
    process_->send(signal);
    const int code = process_->wait().value_or(-1);
    process_.reset();
    return code;
  }
  bool says(const std::string& text) { return process_->says(text); }
  std::string state() const { return directory / "state"; }

  ProcessOptions known_as(const std::string& token, const std::string& identity) const {
    ProcessOptions options;
    options.added = {{"TARN_MARKET_URL", "https://" + port_.address},
                     {"TARN_MARKET_TOKEN", token},
                     {"TARN_MARKET_IDENTITY", identity},
                     {"TARN_MARKET_PIN", pin},
                     {"XDG_CONFIG_HOME", directory.path()}};
    options.added.insert(environment.begin(), environment.end());
    return options;
  }
  End run_as(const std::string& token, const std::string& identity, std::vector<std::string> words) {
    return tarn(std::move(words), known_as(token, identity));
  }
  End operate(std::vector<std::string> words) { return run_as(operator_token, "", std::move(words)); }
  End as(const std::string& identity, std::vector<std::string> words) { return run_as("", identity, std::move(words)); }
  json shown(const std::string& identity, std::vector<std::string> words) {
    words.insert(words.end(), {"--output", "json"});
    const End end = identity.empty() ? operate(std::move(words)) : as(identity, std::move(words));
    EXPECT_EQ(end.code, kDone) << end;
    return end.parsed();
  }
  void works(const std::string& identity, std::vector<std::string> words) {
    const End end = identity.empty() ? operate(words) : as(identity, words);
    EXPECT_EQ(end.code, kDone) << words[0] << " " << words[1] << "\n" << end;
  }
  // A member with a key, and 100 credits.
  std::string join(const std::string& name) {
    const std::string file = directory / (name + ".key");
    const End made = tarn({"keygen", "--out", file});
    EXPECT_EQ(made.code, kDone) << made;
    ids[file] = made.out.substr(0, made.out.find('\n'));
    works("", {"market", "member", "add", ids[file], "--name", name});
    works("", {"market", "currency", "grant", "credits", ids[file], "100", "--why", "to begin with"});
    return file;
  }
  json audit() {
    const End end = tarn({"ledger", "audit", "--config", directory / "market.toml", "--output", "json"});
    EXPECT_EQ(end.code, kDone) << end;
    return end.parsed();
  }

  TemporaryDirectory directory;
  std::string pin, key, operator_token;
  std::map<std::string, std::string> environment;  // more of it, for client commands
  std::map<std::string, std::string> ids;          // by key file

 private:
  std::string postgres_;
  Port port_;
  std::optional<Process> process_;
};

// Seconds instead of hours: a slot is a second, and a call happens when the operator says so.
inline void open_market(Market& market, const std::string& slot = "1s") {
  market.works("", {"market", "currency", "create", "credits"});
  market.works("", {"market", "create", "now", "--currency", "credits", "--mechanism", "pay-as-bid", "--slot", slot,
                    "--period", "1d", "--failure-bp", "1000", "--cancel-bp", "500"});
}

}  // namespace e2e
