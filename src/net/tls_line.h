// TlsLine: pool::Line over a Link. It reads one message at a time and none before it is asked for, so a peer can make
// us hold no more than one message of the length that receive() allows; what it says early waits in the kernel, until
// the line is used again or has become a link of a session (release()).
// one_way_delay_ms imitates distance as in Mesh: a message is held back that long, and leaves inside a later call of
// this line or of the mesh that it became a part of, at the latest when the line goes.
// Threads: one at a time. Invariants: receive() returns by its timeout or 100 ms after cancellation; the destructor
// hands over what is queued and says goodbye within the delay and a quarter of a second.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/link.h"
#include "pool/lines.h"

namespace net {

// What all lines of a party have in common.
struct LineOptions {
  int one_way_delay_ms = 0;
  std::size_t max_message = std::size_t{32} << 20;  // of a mesh made of lines
  std::function<bool()> cancelled;                  // called from every thread that waits
};

class TlsLine final : public pool::Line {
 public:
  TlsLine(std::unique_ptr<Link> link, const crypto::PublicKey& peer, std::string from, const LineOptions& options);
  ~TlsLine() override;
  TlsLine(const TlsLine&) = delete;
  TlsLine& operator=(const TlsLine&) = delete;

  const crypto::PublicKey& peer() const override { return peer_; }
  std::string from() const override { return from_; }
  base::Status send(base::Bytes message) override;
  base::Result<base::Bytes> receive(std::size_t max_bytes, int timeout_ms) override;

  std::unique_ptr<Link> release() { return std::move(link_); }  // nothing but the destructor may follow

  // For a caller who waits for several lines at once. take(): what receive() would return, if it can be told now.
  std::optional<base::Result<base::Bytes>> take(std::size_t max_bytes);
  pollfd watched() const;
  void serve(short events);
  std::optional<Time> next_release() const { return link_->blocked() ? std::nullopt : link_->next_release(); }

 private:
  std::unique_ptr<Link> link_;
  crypto::PublicKey peer_;
  std::string from_;
  std::chrono::milliseconds delay_;
  std::function<bool()> cancelled_;
};

}  // namespace net
