// The client commands of our services, as tables (isolation_commands.h, market_commands.h): what a command's words and
// parameters are, which call of /v1 it makes, and which columns of the answer it prints. client_options.cc makes the
// command line of a table, client_request.cc the request of what was typed, client_text.cc the text of an answer, and
// client_run.cc carries any of them out; what fits no table is a command of its own.
// Threads: any.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tarn/service_client.h"

namespace tarn {

struct ClientParameter {
  enum class Kind : std::uint8_t {
    kText,
    kTexts,       // one or more: a list
    kOrNone,      // a text, or "none": null
    kCount,       // a whole number, or "none": null
    kLabels,      // LABEL=VALUE, any number of them; VALUE as kJson
    kAttributes,  // NAME=VALUE, any number of them; VALUE is a text
    kFlag,        // true if it is there
    kSecret,      // --…-file FILE; without it the terminal is asked without echo, or a line of stdin is read
    kJson,        // any JSON; what is none is a text
    kTime,        // from now on: 4h, 7d; or a moment, RFC 3339
    kSince,       // the same, but before now
    kDuration,    // 90s, 4h, or none: milliseconds
    kNics,        // NODE/NIC, one or more
  };
  const char* name;  // "PROJECT": an argument; "--quota": an option
  const char* help;
  Kind kind = Kind::kText;
  const char* to =
      "";  // a member of the body ("bmc.user": of one within), or of the query ("?owner"); else of the path
  bool required = false;
};

struct ClientColumn {
  const char* head;
  const char* member;  // of the answer; "nics": how many, if it is a list of objects
};

struct ClientCall;

struct ClientCommand {
  enum class Shows : std::uint8_t {
    kDone,       // nothing but that it is done
    kObject,     // all of the answer, or only its columns
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
  std::vector<ClientParameter> parameters;
  Shows shows = Shows::kDone;
  std::vector<ClientColumn> columns = {};
  const char* body = "";                               // members that are always the same: {"enabled":true}
  const char* more = "";                               // below its help: examples
  int (*carry_out)(const ClientCall& call) = nullptr;  // instead of run_client_command, which makes the one call
};

// The groups that commands are in, with a line of help each: "project", …
struct ClientGroup {
  const char* name;
  const char* help;
};

// One command as it was typed.
struct ClientCall {
  const ClientCommand* command = nullptr;
  ServiceHome home;
  std::map<std::string, std::vector<std::string>>
      given;  // by parameter's name; a flag's is "true"; not given: absent or empty
  bool wait = true;
  std::string timeout = "5m";  // of waiting
};
int run_client_command(const ClientCall& call);

struct ClientRequest {
  std::string target;
  api::Json body;  // null: none
};
// `secret` reads a secret, from a file or, if none is named, from whoever is there; `now` is for times.
using ReadSecret = std::function<base::Result<std::string>(const std::string& file)>;
base::Result<ClientRequest> make_request(const ClientCall& call, const ReadSecret& secret, std::int64_t now);
// A moment, or a duration from now on, or, `before`, back from it: 2026-12-31T12:00:00Z, 4h, +4h, now.
base::Result<std::int64_t> moment(std::string_view what, const std::string& text, std::int64_t now,
                                  bool before = false);

std::string shown_text(const ClientCommand& command, const api::Json& answer);
std::string whole_text(const api::Json& object);  // a line a member; objects and lists of them as tables below
std::string list_text(const std::vector<ClientColumn>& columns, const api::Json::Array& items);
std::string cell_text(const api::Json& value);  // in one cell of a table; of an object NAME=VALUE …
std::string cell_text(const api::Json& object, const char* member);

}  // namespace tarn
