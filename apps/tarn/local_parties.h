// A session's parties as processes on this machine, each a `tarn place` of its own with its own key, configuration and
// state directory, for the demo and the benches. Everything lives in one temporary directory that goes at the end.
// Sockets are bound before the processes start and handed over, so no port is guessed. One thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "tarn/local_process.h"
#include "tarn/report.h"

namespace tarn {

struct LocalSession {
  std::size_t parties = 0;
  std::string mechanism, resource_class;
  std::vector<std::string> names;
  std::vector<std::string> inputs;  // the body of each party's [input]; empty for a bare circuit
  std::string circuit;              // path of a Bristol file, or empty
  int rtt_ms = 0;
  unsigned extension_k = 4;
  int deadline_s = 120;
};

struct PartyEnd : ProcessEnd {
  std::string output, errors;
};

class LocalParties {
 public:
  static base::Result<LocalParties> make(const LocalSession& session);

  const std::string& id(std::size_t party) const { return ids_[party]; }
  // As strangers: acquaintances are forgotten first.
  base::Status forget();
  // One session; an error if a process cannot be started or the user interrupts. Whatever the parties say is in their end.
  base::Result<std::vector<PartyEnd>> run();

 private:
  LocalParties(LocalSession session, TemporaryDirectory directory)
      : session_(std::move(session)), directory_(std::move(directory)) {}
  base::Status make_identities();
  base::Status write_configs(const std::vector<std::string>& addresses) const;
  std::string file(std::size_t party, const char* what) const;

  LocalSession session_;
  TemporaryDirectory directory_;
  std::vector<std::string> ids_;
};

// What each party reported, or the first party's failure in words.
base::Result<std::vector<PartyReport>> reports_of(const std::vector<PartyEnd>& ends);

}  // namespace tarn
