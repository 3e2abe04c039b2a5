#include "tarn/output.h"

#include <algorithm>
#include <cstdio>

#include "tarn/report.h"

namespace tarn {

const char* const kExitCodesHelp =
    "Exit codes:\n"
    "  0 done (a provider that was not selected is done, too)   3 no winner (requester)\n"
    "  2 input or configuration refused                         4 a peer cannot be reached\n"
    "  5 a peer misbehaved, and is named                        6 somebody misbehaved, and cannot be named\n"
    "  7 the deadline passed                                    8 own files: missing, damaged, locked, readable by "
    "others\n"
    "  9 demo, bench: result differs from the plain one         10 not there\n"
    "  11 its state forbids it                                  12 not allowed, or not known\n"
    "  130 interrupted\n";

namespace {
bool g_json = false;
}

void use_json(bool json) { g_json = json; }
bool json_wanted() { return g_json; }

std::string_view code_name(base::Code code) {
  switch (code) {
    case base::Code::kInvalidInput: return "invalid_input";
    case base::Code::kUnreachable: return "unreachable";
    case base::Code::kPeerMisbehaved: return "peer_misbehaved";
    case base::Code::kSomebodyMisbehaved: return "somebody_misbehaved";
    case base::Code::kDeadline: return "deadline";
    case base::Code::kCancelled: return "cancelled";
    case base::Code::kStorage: return "storage";
    case base::Code::kUnauthenticated: return "unauthenticated";
    case base::Code::kForbidden: return "forbidden";
    case base::Code::kNotFound: return "not_found";
    case base::Code::kConflict: return "conflict";
  }
  return "bug";
}

int exit_code(base::Code code) {
  switch (code) {
    case base::Code::kInvalidInput: return kExitRefused;
    case base::Code::kUnreachable: return kExitUnreachable;
    case base::Code::kPeerMisbehaved: return kExitPeerMisbehaved;
    case base::Code::kSomebodyMisbehaved: return kExitSomebodyMisbehaved;
    case base::Code::kDeadline: return kExitDeadline;
    case base::Code::kCancelled: return kExitCancelled;
    case base::Code::kStorage: return kExitStorage;
    case base::Code::kUnauthenticated:
    case base::Code::kForbidden: return kExitForbidden;
    case base::Code::kNotFound: return kExitNotFound;
    case base::Code::kConflict: return kExitConflict;
  }
  return kExitBug;
}

int report(const base::Error& error, const std::string& party) {
  const std::string who = party.empty() ? "" : party + ": ";
  std::fprintf(stderr, "tarn: %s%s\n", who.c_str(), error.message.c_str());
  if (g_json) std::printf("%s\n", error_json(error, party).c_str());
  return exit_code(error.code);
}

std::string located(const std::string& address, const std::string& message) {
  return message.starts_with(address) ? message : address + ": " + message;
}

std::string one_line(std::string_view text) {
  std::string out(text.substr(0, 2000));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return out;
}

void progress(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

namespace {
std::size_t display_width(const std::string& text) {  // UTF-8 without combining or wide characters, as all of ours is
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}
}  // namespace

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], display_width(row[c]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      line += row[c];
      if (c + 1 < row.size()) line += std::string(widths[c] - display_width(row[c]) + 2, ' ');
    }
    out += line + "\n";
  }
  return out;
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

}  // namespace tarn
