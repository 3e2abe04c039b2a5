// Any client command of the isolation service, carried out: request, waiting, result.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "api/text.h"
#include "model/duration.h"
#include "tarn/ask_secret.h"
#include "tarn/isolation_commands.h"
#include "tarn/output.h"
#include "tarn/signals.h"
#include "tarn/stopwatch.h"

namespace tarn {
namespace {

using api::Json;
using Kind = IsolationParameter::Kind;
using Shows = IsolationCommand::Shows;

constexpr std::int64_t kYearMs = std::int64_t{366} * 86'400'000, kProgressAfterMs = 2'000, kAtOnceMs = 100;

base::Error refused(std::string what) { return {base::Code::kInvalidInput, std::move(what)}; }

// The object with a member, "a.b": of the object within, set anew.
Json with(const Json& object, std::string_view path, Json value) {
  const std::size_t dot = path.find('.');
  const std::string_view name = path.substr(0, dot);
  if (dot != std::string_view::npos) {
    const Json* const inner = object.find(name);
    value = with(inner == nullptr ? Json::object() : *inner, path.substr(dot + 1), std::move(value));
  }
  Json out = Json::object();
  for (const auto& [key, kept] : *object.members())
    if (key != name) out.set(key, kept);
  return std::move(out.set(std::string(name), std::move(value)));
}

// JSON, or what is none as a text.
Json json_or_text(const std::string& text) {
  auto parsed = Json::parse(text);
  return parsed.ok() ? std::move(*parsed) : Json(text);
}

base::Result<Json> count_or_none(const IsolationParameter& parameter, const std::string& text) {
  if (text == "none") return Json();
  const auto digits = api::from_digits(text);
  if (!digits) return refused(std::string(parameter.name) + " must be a whole number, or none");
  return Json(*digits);
}

// What comes after now: a duration from it, or a moment.
base::Result<Json> moment(const IsolationParameter& parameter, const std::string& text, std::int64_t now) {
  if (const auto at = api::from_rfc3339(text)) return Json(api::rfc3339(*at));
  const auto duration = model::parse_duration_ms(text, kYearMs);
  if (!duration.ok())
    return refused(std::string(parameter.name) + " must be a duration (4h, 7d) or a moment (2026-12-31T12:00:00Z)");
  return Json(api::rfc3339(now + *duration));
}

base::Result<std::pair<std::string, std::string>> split(const std::string& text, char at, const char* expected) {
  const std::size_t place = text.find(at);
  if (place == std::string::npos || place == 0 || place + 1 == text.size())
    return refused("\"" + one_line(text.substr(0, 80)) + "\" must be " + expected);
  return std::pair(text.substr(0, place), text.substr(place + 1));
}

// Makes one request of what was typed.
class RequestMaker {
 public:
  RequestMaker(const IsolationCall& call, const ReadSecret& secret, std::int64_t now)
      : call_(call), secret_(secret), now_(now) {
    if (*call.command->body != '\0') {
      auto parsed = Json::parse(call.command->body);
      CHECK(parsed.ok());
      body_ = std::move(*parsed);
    }
  }

  base::Result<IsolationRequest> make() {
    std::string target = call_.command->target;
    for (const IsolationParameter& parameter : call_.command->parameters) {
      const auto found = call_.given.find(parameter.name);
      const bool given = found != call_.given.end() && !found->second.empty();
      if (*parameter.to == '\0') {
        const std::string place = "{" + std::string(parameter.name) + "}";
        const std::size_t at = target.find(place);
        if (given && at != std::string::npos)
          target.replace(at, place.size(), api::percent_encoded(found->second.front()));
      } else if (given || parameter.kind == Kind::kSecret) {
        TARN_TRY(take(parameter, given ? found->second : std::vector<std::string>{""}));
      }
    }
    return IsolationRequest{target + query_, finished_body()};
  }

 private:
  base::Status take(const IsolationParameter& parameter, const std::vector<std::string>& given) {
    const std::string to = parameter.to;
    if (to.front() == '?') return ask(parameter, to.substr(1), given);
    if (parameter.kind == Kind::kNics) return take_nics(given);
    if (parameter.kind == Kind::kLabels) return take_labels(to, given);
    TARN_ASSIGN(Json value, value_of(parameter, given.front()));
    if (to == ".")
      body_ = std::move(value);
    else if (to.starts_with("changes."))
      change_ = with(change_, to.substr(8), std::move(value));
    else
      put(to, std::move(value));
    return {};
  }

  base::Result<Json> value_of(const IsolationParameter& parameter, const std::string& text) {
    switch (parameter.kind) {
      case Kind::kOrNone: return text == "none" ? Json() : Json(text);
      case Kind::kCount: return count_or_none(parameter, text);
      case Kind::kFlag: return Json(true);
      case Kind::kJson: return json_or_text(text);
      case Kind::kTime: return moment(parameter, text, now_);
      case Kind::kSecret: {
        TARN_ASSIGN(std::string read, secret_(text));
        return Json(std::move(read));
      }
      default: return Json(text);
    }
  }

  void put(const std::string& to, Json value) {
    body_ = with(body_.is_null() ? Json::object() : body_, to, std::move(value));
  }

  void ask(const std::string& name, const std::string& value) {
    query_ += (query_.empty() ? "?" : "&") + api::percent_encoded(name) + "=" + api::percent_encoded(value);
  }
  base::Status ask(const IsolationParameter& parameter, const std::string& name,
                   const std::vector<std::string>& given) {
    if (parameter.kind != Kind::kLabels) {
      ask(name, given.front());
      return {};
    }
    for (const std::string& label : given) {
      TARN_ASSIGN(const auto pair, split(label, '=', "LABEL=VALUE"));
      ask(name + "." + pair.first, json_or_text(pair.second).dump());
    }
    return {};
  }

  base::Status take_labels(const std::string& to, const std::vector<std::string>& given) {
    for (const std::string& label : given) {
      TARN_ASSIGN(const auto pair, split(label, '=', "LABEL=VALUE"));
      put(to + "." + pair.first, json_or_text(pair.second));
    }
    return {};
  }

  base::Status take_nics(const std::vector<std::string>& given) {
    for (const std::string& place : given) {
      TARN_ASSIGN(auto pair, split(place, '/', "NODE/NIC"));
      places_.push_back(std::move(pair));
    }
    return {};
  }

  // A change for each NIC; what the changes have in common was said once.
  Json finished_body() {
    if (places_.empty()) return std::move(body_);
    Json changes = Json::array();
    for (const auto& [node, nic] : places_) {
      Json change = Json::object({{"kind", body_.text("kind")}, {"node", node}, {"nic", nic}});
      for (const auto& [key, value] : *change_.members()) change.set(key, value);
      changes.push(std::move(change));
    }
    Json out = Json::object({{"changes", std::move(changes)}});
    if (body_.has("wait")) out.set("wait", body_.flag("wait"));
    return out;
  }

  const IsolationCall& call_;
  const ReadSecret& secret_;
  const std::int64_t now_;
  Json body_, change_ = Json::object();
  std::string query_;
  std::vector<std::pair<std::string, std::string>> places_;
};

// A value in one cell.
std::string cell(const Json& value) {
  if (value.is_null()) return "-";
  if (const bool* const yes = value.boolean()) return *yes ? "yes" : "no";
  if (const std::string* const text = value.string()) return text->empty() ? "-" : one_line(*text);
  const Json::Array* const items = value.items();
  if (items == nullptr) return value.dump();
  const bool plain =
      std::all_of(items->begin(), items->end(), [](const Json& item) { return item.members() == nullptr; });
  if (!plain) return std::to_string(items->size());
  std::string out;
  for (const Json& item : *items) out += (out.empty() ? "" : ", ") + cell(item);
  return out.empty() ? "-" : out;
}

std::string cell(const Json& object, const char* member) {
  const Json* const value = object.find(member);
  return value == nullptr ? "-" : cell(*value);
}

// All of an object: a line a member, lists of objects as tables below it.
std::string whole(const Json& object) {
  std::vector<std::vector<std::string>> lines;
  std::string below;
  for (const auto& [name, value] : *object.members()) {
    const Json::Array* const items = value.items();
    if (items != nullptr && !items->empty() && items->front().members() != nullptr) {
      std::vector<std::vector<std::string>> rows(1);
      for (const auto& [head, unused] : *items->front().members()) rows[0].push_back(head);
      for (const Json& item : *items) {
        auto& row = rows.emplace_back();
        for (const std::string& head : rows[0]) row.push_back(cell(item, head.c_str()));
      }
      below += "\n" + name + "\n" + table(rows);
    } else {
      lines.push_back({name, cell(value)});
    }
  }
  return table(lines) + below;
}

std::string list_text(const std::vector<IsolationColumn>& columns, const Json::Array& items) {
  std::vector<std::vector<std::string>> rows(1);
  for (const IsolationColumn& column : columns) rows[0].emplace_back(column.head);
  for (const Json& item : items) {
    auto& row = rows.emplace_back();
    for (const IsolationColumn& column : columns) row.push_back(cell(item, column.member));
  }
  return table(rows);
}

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

base::Result<Json> await_operation(IsolationClient& client, Json operation, std::int64_t timeout_ms) {
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
base::Result<Json> await_release(IsolationClient& client, const std::string& node, std::int64_t timeout_ms) {
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

base::Status run_stream(IsolationClient& client, const std::string& target) {
  base::Status ended = client.stream(target, [](std::string_view data) {
    (void)std::fwrite(data.data(), 1, data.size(), stdout);
    return std::fflush(stdout) == 0 && !interrupted();
  });
  if (!ended.ok() && ended.error().code == base::Code::kCancelled) return {};  // how one leaves it
  return ended;
}

void print_event(const IsolationCommand& command, const Json& event) {
  std::string line = event.dump();
  if (!json_wanted()) {
    line.clear();
    for (const IsolationColumn& column : command.columns)
      line += (line.empty() ? "" : "  ") + cell(event, column.member);
  }
  std::printf("%s\n", line.c_str());
  (void)std::fflush(stdout);
}

void print_line(const std::string& text) {
  if (!text.empty()) std::printf("%s%s", text.c_str(), text.ends_with('\n') ? "" : "\n");
}

base::Status run_events(IsolationClient& client, const IsolationCall& call, const IsolationRequest& request) {
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

void print(const IsolationCommand& command, const Json& answer) {
  const Json nothing = Json::object();
  const std::string text = json_wanted() ? (answer.is_null() ? nothing : answer).dump() : shown_text(command, answer);
  print_line(text);
}

base::Result<Json> answer_of(IsolationClient& client, const IsolationCall& call, const IsolationRequest& request) {
  const IsolationCommand& command = *call.command;
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

base::Status run(const IsolationCall& call) {
  const IsolationCommand& command = *call.command;
  WallClock clock;
  TARN_ASSIGN(const auto client, IsolationClient::open(call.home));
  TARN_ASSIGN(IsolationRequest request, make_request(call, read_secret, clock.unix_ms()));
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

base::Result<IsolationRequest> make_request(const IsolationCall& call, const ReadSecret& secret, std::int64_t now) {
  return RequestMaker(call, secret, now).make();
}

std::string shown_text(const IsolationCommand& command, const Json& answer) {
  switch (command.shows) {
    case Shows::kList: return list_text(command.columns, *answer.items());
    case Shows::kName: return one_line(answer.text("name"));
    case Shows::kNames: {
      std::string out;
      for (const Json& item : *answer.items()) out += cell(item) + "\n";
      return out;
    }
    case Shows::kObject:
    case Shows::kOperation:
    case Shows::kRelease: return answer.members() == nullptr ? "" : whole(answer);
    default: return "";
  }
}

int run_isolation_command(const IsolationCall& call) {
  catch_signals();
  const base::Status done = run(call);
  return done.ok() ? kExitDone : report(done.error());
}

}  // namespace tarn
