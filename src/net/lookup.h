// Lookup: the endpoints of an address that a stranger chose, without waiting: a name server of his could take its time.
// Numeric hosts are known at once; for a name a detached thread asks getaddrinfo, and poll() on fd() tells when it is
// done. Whoever loses patience just drops the Lookup; the thread ends when the resolver gives up (at most kMaxLookups).
// Errors: kUnreachable: no such name, or too many are being asked for.
// Threads: a Lookup belongs to one.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "net/address.h"
#include "net/socket.h"

namespace net {

inline constexpr int kMaxLookups = 64;  // in this process at a time

class Lookup {
 public:
  explicit Lookup(const Address& address);

  bool done() const;
  int fd() const;                                // readable or hung up once done
  base::Result<std::vector<Endpoint>> result();  // once it is done

 private:
  struct Shared;
  void ask(const Address& name);
  std::shared_ptr<Shared> shared_;
};

}  // namespace net
