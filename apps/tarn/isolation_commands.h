// The client commands of the isolation service, as one table: what a command's words and parameters are, which call of
// /v1 it makes, and which columns of the answer it prints. isolation_options.cc makes the command line of it, and
// isolation_run.cc carries any of them out; what fits no table (import) is a command of its own.
// Threads: any.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tarn/isolation_client.h"

namespace tarn {

struct IsolationParameter {
  enum class Kind : std::uint8_t {
    kText,
    kOrNone,  // a text, or "none": null
    kCount,   // a whole number, or "none": null
    kLabels,  // LABEL=VALUE, any number of them; VALUE as kJson
    kFlag,    // true if it is there
    kSecret,  // --…-file FILE; without it the terminal is asked without echo, or a line of stdin is read
    kJson,    // any JSON; what is none is a text
    kTime,    // from now on: 4h, 7d; or a moment, RFC 3339
    kNics,    // NODE/NIC, one or more
  };
  const char* name;  // "PROJECT": an argument; "--quota": an option
  const char* help;
  Kind kind = Kind::kText;
  const char* to =
      "";  // a member of the body ("bmc.user": of one within), or of the query ("?owner"); else of the path
  bool required = false;
};

struct IsolationColumn {
  const char* head;
  const char* member;  // of the answer; "nics": how many, if it is a list of objects
};

struct IsolationCommand {
  enum class Shows : std::uint8_t {
    kDone,       // nothing but that it is done
    kObject,     // all of the answer
    kList,       // its items, in columns
    kName,       // the answer's name
    kNames,      // items that are texts
    kOperation,  // what is going on; waited for, unless told otherwise
    kRelease,    // a node that is on its way back; waited for as well
    kStream,     // bytes as they come
    kEvents,     // the list; with --follow those that come, too
  };
  const char* words;  // "project create"
  const char* help;
  const char* method;
  const char* target;  // "/v1/projects/{PROJECT}"
  std::vector<IsolationParameter> parameters;
  Shows shows = Shows::kDone;
  std::vector<IsolationColumn> columns = {};
  const char* body = "";  // members that are always the same: {"enabled":true}
};

std::span<const IsolationCommand> isolation_commands();
// The groups that they are in, with a line of help each: "project", …
struct IsolationGroup {
  const char* name;
  const char* help;
};
std::span<const IsolationGroup> isolation_groups();

// One command as it was typed.
struct IsolationCall {
  const IsolationCommand* command = nullptr;
  IsolationHome home;
  std::map<std::string, std::vector<std::string>>
      given;  // by parameter's name; a flag's is "true"; not given: absent or empty
  bool wait = true;
  std::string timeout = "5m";  // of waiting
};
int run_isolation_command(const IsolationCall& call);

// The two halves of a call that need no service (tests).
struct IsolationRequest {
  std::string target;
  api::Json body;  // null: none
};
// `secret` reads a secret, from a file or, if none is named, from whoever is there; `now` is for times.
using ReadSecret = std::function<base::Result<std::string>(const std::string& file)>;
base::Result<IsolationRequest> make_request(const IsolationCall& call, const ReadSecret& secret, std::int64_t now);
std::string shown_text(const IsolationCommand& command, const api::Json& answer);

}  // namespace tarn
