// A pool on this machine for the demo and the benches: a `tarn dht`, a `tarn provider` a book, and whatever commands are
// run as a requester, each a process of its own that shares nothing with the others but loopback. Everything lives in
// one temporary directory that goes at the end, as do the processes.
// Ports are learnt from the kernel and given back before a process takes them; one that lost its port to somebody else
// is started again with others.
// Errors: kCancelled if the user interrupts (catch_signals() first), else with what the process said. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "tarn/local_process.h"

namespace tarn {

struct LocalBook {  // one provider's one offer
  std::string name;
  std::uint64_t capacity = 0;
  std::string price;  // credits, or an expression (inventory/price.h)
};

struct LocalPoolOptions {
  std::string resource_class = "cpu=1 memory=1Gi";
  std::size_t drawn = 8;  // providers that compute in a session: the requesters' configuration
  int rtt_ms = 0;         // every message held back as over such a distance
  bool reveal = false;    // answer the plain allocation, too (benches)
  std::string limits;     // more lines for the providers' [limits]
  std::string sections;   // more of the providers' configurations, after [limits]
};

struct CommandEnd : ProcessEnd {
  std::string output, errors;
};

class LocalPool {
 public:
  using OnProgress = std::function<void(const std::string&)>;
  // Returns when every provider is announced: when a requester finds them all.
  static base::Result<std::unique_ptr<LocalPool>> start(std::vector<LocalBook> books, const LocalPoolOptions& options,
                                                        const OnProgress& on_progress);
  LocalPool(const LocalPool&) = delete;
  LocalPool& operator=(const LocalPool&) = delete;
  ~LocalPool();  // kills what runs

  std::size_t size() const { return providers_.size(); }
  const std::string& id(std::size_t provider) const { return providers_[provider].id; }
  const std::string& endpoint(std::size_t provider) const { return providers_[provider].endpoint; }
  std::string log(std::size_t provider) const;                    // JSON lines, debug level
  base::Result<std::string> metrics(std::size_t provider) const;  // the page
  const std::string& bootstrap() const { return bootstrap_; }     // HOST:PORT of the hash table
  const std::string& directory() const { return directory_.path(); }
  // What `tarn pool map --output json` said when all had been found.
  const std::string& map() const { return map_; }

  // A new requester's configuration: nobody has met it. The first is made by start().
  base::Result<std::string> new_requester();
  const std::string& requester() const { return requester_; }
  std::string requester_key() const { return directory_ / "requester0.state/identity.key"; }
  // `tarn ARGUMENTS` to its end, whatever that is; --config, --output and --rtt-ms are the caller's.
  base::Result<CommandEnd> run(const std::vector<std::string>& arguments);

 private:
  struct Provider {
    LocalBook book;
    std::string id, endpoint, http;
    pid_t process = -1;
    int starts = 0;
  };
  LocalPool(TemporaryDirectory directory, const LocalPoolOptions& options)
      : directory_(std::move(directory)), options_(options) {}
  std::string file(std::size_t provider, const char* what) const;
  base::Result<pid_t> spawn_into(const std::vector<std::string>& arguments, const std::string& output,
                                 const std::string& errors) const;
  base::Status start_table();
  base::Status start_provider(std::size_t provider);
  base::Status write_config(std::size_t provider) const;
  base::Status await_log(const OnProgress& on_progress);
  base::Status await_map(const OnProgress& on_progress);
  base::Status revive(std::size_t provider);

  TemporaryDirectory directory_;
  LocalPoolOptions options_;
  pid_t table_ = -1;
  std::string bootstrap_, requester_, map_;
  std::size_t requesters_ = 0, commands_ = 0;
  std::vector<Provider> providers_;
};

}  // namespace tarn
