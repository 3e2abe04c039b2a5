// Any client command of a table, carried out: called, waited for, printed.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "api/text.h"
#include "model/duration.h"
#include "tarn/ask_secret.h"
#include "tarn/client_commands.h"
#include "tarn/output.h"
#include "tarn/signals.h"
#include "tarn/stopwatch.h"

namespace tarn {
namespace {

using api::Json;
using Shows = ClientCommand::Shows;

constexpr std::int64_t kYearMs = std::int64_t{366} * 86'400'000, kProgressAfterMs = 2'000, kAtOnceMs = 100;

base::Result<std::string> read_secret(const std::string& file) {
  return file.empty() ? ask_secret("password", true) : read_secret_file(file);
}

// What waiting needs: how long it may take, and to say how it goes once it takes a while.
class Waiting {
 public:
  explicit Waiting(std::int64_t timeout_ms) : until_(clock_.steady_ms() + timeout_ms) {}
  bool over() const { return clock_.steady_ms() >= until_; }
  std::int64_t so_far_ms() const { return clock_.steady_ms() - begin_; }
  void tell(const std::string& how) {
    if (so_far_ms() < kProgressAfterMs || how == told_) return;
    progress(how);
    told_ = how;
  }
  void pause() {
    pause_ms_ = std::min(pause_ms_ * 2, 500);
    std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms_));
  }

 private:
  WallClock clock_;
  const std::int64_t begin_ = clock_.steady_ms(), until_;
  int pause_ms_ = 5;
  std::string told_;
};

base::Error gave_up(bool over, const std::string& what, const std::string& look) {
  return {over ? base::Code::kDeadline : base::Code::kCancelled,
          what + (over ? " takes longer" : " goes on without you") + "; look again with: " + look};
}

std::string first_error(const Json& operation) {
  for (const Json& change : operation.list("changes"))
    if (change.text("state") == "error")
      return change.text("node") + "/" + change.text("nic") + ": " + change.text("error");
  return "failed";
}

std::string how_far(const Json& operation) {
  const auto& changes = operation.list("changes");
  const auto done = std::count_if(changes.begin(), changes.end(), [](const Json& change) {
    return change.text("state") == "done" || change.text("state") == "error";
  });
  return "operation " + operation.text("id") + ": " + std::to_string(done) + " of " + std::to_string(changes.size()) +
         " changes are through";
}

base::Result<Json> await_operation(ServiceClient& client, Json operation, std::int64_t timeout_ms) {
  const std::string id = operation.text("id");
  Waiting waiting(timeout_ms);
  while (operation.text("state") == "pending") {
    if (interrupted() || waiting.over())
      return gave_up(waiting.over(), "the operation", "tarn operation wait " + one_line(id));
    waiting.tell(one_line(how_far(operation)));
    const std::int64_t asked = waiting.so_far_ms();
    auto more = client.call("GET", "/v1/operations/" + api::percent_encoded(id) + "?wait_ms=1000");
    if (!more.ok() && more.error().code == base::Code::kCancelled) continue;
    if (!more.ok()) return more.error();
    operation = std::move(*more);
    // A service where too many wait answers at once.
    if (operation.text("state") == "pending" && waiting.so_far_ms() - asked < kAtOnceMs) waiting.pause();
  }
  return operation;
}

// Once it is nobody's any more, or somebody else's, we may not even be told.
base::Result<Json> await_release(ServiceClient& client, const std::string& node, std::int64_t timeout_ms) {
  Waiting waiting(timeout_ms);
  for (;;) {
    auto seen = client.call("GET", "/v1/nodes/" + api::percent_encoded(node));
    const base::Code why = seen.ok() ? base::Code::kInvalidInput : seen.error().code;
    if (why == base::Code::kNotFound || why == base::Code::kForbidden)
      return Json::object({{"name", node}, {"state", "idle"}});
    if (!seen.ok() && why != base::Code::kCancelled) return seen.error();
    if (seen.ok() && seen->text("state") != "releasing") return std::move(*seen);
    if (interrupted() || waiting.over())
      return gave_up(waiting.over(), "the release", "tarn node show " + one_line(node));
    const std::string problem = seen.ok() ? seen->text("problem") : "";
    waiting.tell("node " + one_line(node) + " is on its way back" + (problem.empty() ? "" : ": " + one_line(problem)));
    waiting.pause();
  }
}

base::Status run_stream(ServiceClient& client, const std::string& target) {
  base::Status ended = client.stream(target, [](std::string_view data) {
    (void)std::fwrite(data.data(), 1, data.size(), stdout);
    return std::fflush(stdout) == 0 && !interrupted();
  });
  if (!ended.ok() && ended.error().code == base::Code::kCancelled) return {};  // how one leaves it
  return ended;
}

void print_event(const ClientCommand& command, const Json& event) {
  std::string line = event.dump();
  if (!json_wanted()) {
    line.clear();
    for (const ClientColumn& column : command.columns)
      line += (line.empty() ? "" : "  ") + cell_text(event, column.member);
  }
  std::printf("%s\n", line.c_str());
  (void)std::fflush(stdout);
}

void print_line(const std::string& text) {
  if (!text.empty()) std::printf("%s%s", text.c_str(), text.ends_with('\n') ? "" : "\n");
}

base::Status run_events(ServiceClient& client, const ClientCall& call, const ClientRequest& request) {
  const auto follow = call.given.find("--follow");
  if (follow == call.given.end() || follow->second.empty()) {
    TARN_ASSIGN(Json::Array items, client.list(request.target));
    const Json all = Json::array(std::move(items));
    print_line(json_wanted() ? all.dump() : list_text(call.command->columns, *all.items()));
    return {};
  }
  base::Status ended = client.follow(request.target, [&](std::string_view data) {
    if (const auto event = Json::parse(data); event.ok()) print_event(*call.command, *event);
    return !interrupted();
  });
  if (!ended.ok() && ended.error().code == base::Code::kCancelled) return {};
  return ended;
}

void print(const ClientCommand& command, const Json& answer) {
  const Json nothing = Json::object();
  const std::string text = json_wanted() ? (answer.is_null() ? nothing : answer).dump() : shown_text(command, answer);
  print_line(text);
}

base::Result<Json> answer_of(ServiceClient& client, const ClientCall& call, const ClientRequest& request) {
  const ClientCommand& command = *call.command;
  const bool list = command.shows == Shows::kList || command.shows == Shows::kNames;
  if (list && std::string_view(command.method) == "GET") {
    TARN_ASSIGN(Json::Array items, client.list(request.target));
    return Json::array(std::move(items));
  }
  TARN_ASSIGN(Json answer,
              client.call(command.method, request.target, request.body.is_null() ? nullptr : &request.body));
  if (list) return Json::array(answer.list("items"));
  if (!call.wait) return answer;
  TARN_ASSIGN(const std::int64_t timeout_ms, model::parse_duration_ms(call.timeout, kYearMs));
  if (command.shows == Shows::kOperation) {
    TARN_ASSIGN(answer, await_operation(client, std::move(answer), timeout_ms));
  }
  if (command.shows == Shows::kRelease) {
    TARN_ASSIGN(answer, await_release(client, call.given.at("NODE").front(), timeout_ms));
  }
  return answer;
}

base::Status run(const ClientCall& call) {
  const ClientCommand& command = *call.command;
  WallClock clock;
  TARN_ASSIGN(const auto client, ServiceClient::open(call.home));
  TARN_ASSIGN(ClientRequest request, make_request(call, read_secret, clock.unix_ms()));
  if (command.shows == Shows::kStream) return run_stream(*client, request.target);
  if (command.shows == Shows::kEvents) return run_events(*client, call, request);
  const auto answer = answer_of(*client, call, request);
  request.body.wipe_member("password");
  if (!answer.ok()) return answer.error();
  print(command, *answer);
  if (command.shows == Shows::kOperation && answer->text("state") == "error")
    return base::Error{base::Code::kConflict, one_line(first_error(*answer))};
  return {};
}

}  // namespace

int run_client_command(const ClientCall& call) {
  catch_signals();
  const base::Status done = run(call);
  return done.ok() ? kExitDone : report(done.error());
}

}  // namespace tarn
