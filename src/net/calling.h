// Calling: the work of one Switchboard::call: many dials and lines at once, each until its first reply, under one poll.
// Threads: one. The function for replies must not call back into it.
#pragma once

#include <memory>
#include <vector>

#include "net/dial.h"

namespace net {

class Calling {
 public:
  using OnReply = std::function<bool(pool::Lines::Reply)>;
  Calling(const TlsContext& context, const LineOptions& options, std::size_t max_reply, const OnReply& on_reply)
      : context_(context), options_(options), max_reply_(max_reply), on_reply_(on_reply) {}

  void dial(const pool::Peer& peer, base::ByteView message);
  void run(int timeout_ms);

 private:
  struct Conversation {  // by turns a dial and a line; neither once it is over
    std::unique_ptr<Dial> dial;
    std::unique_ptr<TlsLine> line;
  };
  std::optional<base::Result<base::Bytes>> news(Conversation& conversation) const;
  bool hand_out();
  void end(const base::Error& error);
  void wait(Time until);

  const TlsContext& context_;
  const LineOptions& options_;
  std::size_t max_reply_;
  const OnReply& on_reply_;
  std::vector<Conversation> conversations_;  // by peer
  std::size_t open_ = 0;                     // not over yet
};

}  // namespace net
