// Link: messages over one TlsStream. A frame is a little-endian u32 length and that many bytes.
// Nothing here waits: read() and write() do what is possible now, and Mesh polls. Both queues are bounded: reading
// stops while more than two of the longest messages wait unread; a peer for which four wait unsent does not read.
// The receive buffer grows with what has arrived, never with what was announced.
// Threads: one. Invariants: messages come out of pop() whole and in order, also after the link has failed; a link fails
// once and keeps its first error; errors name the party, once there is a session, and never contain message bytes.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "net/tls.h"

namespace net {

class Link {
 public:
  Link(std::unique_ptr<TlsStream> shaken, std::optional<std::size_t> party, std::size_t max_message);

  // Queues a frame that may leave after `delay`, in order; without delay it is tried at once (`now` is then Time{}).
  base::Status send(base::Bytes message, Time now, std::chrono::milliseconds delay);
  void write(Time now);  // what is due, as far as the socket takes it
  void read();           // what is there, up to a burst or a full inbox
  void on_readable();    // read(), after poll() reported the socket
  // As read(), but no further than to the end of one message of at most so many bytes: for a peer that may not yet say
  // more, and whose next message may be a longer one. Does nothing while a message waits.
  void read_message(std::size_t max_bytes);
  void socket_readable();  // poll() reported it: has_input() again
  std::optional<base::Bytes> pop();

  bool open() const { return !error_.has_value(); }
  bool broken() const { return !open() && !left_; }  // ended, and not by the peer's goodbye
  const base::Error& error() const;
  void fail(base::Code code, const std::string& what);  // closes the socket
  void shut_down();                                     // says goodbye; then fails as closed by us

  void set_party(std::size_t party);  // whom errors name from now on
  int fd() const { return stream_->fd(); }
  bool wants_read() const { return open() && inbox_bytes_ <= 2 * allowance_; }
  bool has_input() const { return more_ && wants_read(); }  // read() will find something without poll()
  bool blocked() const { return open() && !mute_ && stream_->output_size() > 0; }  // wants POLLOUT
  std::optional<Time> next_release() const;
  bool idle() const { return outbox_.empty() && !blocked(); }
  bool lost_output() const { return lost_output_; }

 private:
  struct Frame {
    base::Bytes body;
    Time release;
  };
  base::ByteView next_record(Time now, std::span<std::uint8_t> scratch) const;
  void consume(std::size_t size);
  void push();
  bool read_some(std::span<std::uint8_t> into, std::size_t max_bytes, std::size_t& size);
  void absorb(base::ByteView data, std::size_t max_bytes);
  void finish_message();

  std::unique_ptr<TlsStream> stream_;
  std::optional<std::size_t> party_;
  std::size_t max_message_;
  std::size_t allowance_;  // what one of the longest messages costs a queue
  std::optional<base::Error> error_;
  bool left_ = false;

  std::deque<Frame> outbox_;
  std::size_t outbox_bytes_ = 0;
  std::size_t head_sent_ = 0;  // of the first frame, its length field included
  bool mute_ = false;          // sending failed; what the peer said before is still to be read
  bool lost_output_ = false;

  std::deque<base::Bytes> inbox_;
  std::size_t inbox_bytes_ = 0;
  std::size_t length_bytes_ = 0;  // how much of the length field is here
  std::uint32_t length_ = 0;
  base::Bytes body_;
  bool more_ = true;  // the TLS layer may hold more, as after a handshake
};

}  // namespace net
