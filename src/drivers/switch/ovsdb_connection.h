// OvsdbConnection: messages to and from one OVSDB server. While it sends it reads, so that a server that answers before it
// goes on reading cannot block it.
// Errors: kUnreachable (refused, broken, not JSON-RPC), kDeadline. After one the connection is of no use.
// Threads: one.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "drivers/switch/json_rpc.h"
#include "drivers/switch/ovsdb_endpoint.h"

namespace drivers {

using Until = std::chrono::steady_clock::time_point;

class OvsdbConnection {
 public:
  static base::Result<std::unique_ptr<OvsdbConnection>> open(const OvsdbSettings& settings, Until until);
  ~OvsdbConnection();
  OvsdbConnection(const OvsdbConnection&) = delete;
  OvsdbConnection& operator=(const OvsdbConnection&) = delete;

  base::Status send(std::string_view message, Until until);
  base::Result<std::string> receive(Until until);
  // What has come by now; nothing is waited for.
  base::Result<std::optional<std::string>> receive_now();

 private:
  explicit OvsdbConnection(int socket) : socket_(socket) {}
  base::Status connect(const OvsdbSettings& settings, Until until);
  base::Status wait(short events, short& ready, Until until) const;
  base::Status read_some();

  int socket_;
  JsonRpcDecoder decoder_;
};

}  // namespace drivers
