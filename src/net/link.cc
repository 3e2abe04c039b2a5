#include "net/link.h"

#include <algorithm>
#include <array>

namespace net {

namespace {

constexpr std::size_t kLengthField = 4;
constexpr std::size_t kOverhead = 64;             // so that empty messages, too, fill a queue
constexpr std::size_t kCoalesce = 4 * kRecord;    // so much leaves in one system call
constexpr std::size_t kReadBurst = 64 * kRecord;  // then it is the other links' turn

std::uint8_t length_byte(std::size_t length, std::size_t i) { return static_cast<std::uint8_t>(length >> (8 * i)); }

}  // namespace

Link::Link(std::unique_ptr<TlsStream> shaken, std::optional<std::size_t> party, std::size_t max_message)
    : stream_(std::move(shaken)), party_(party), max_message_(max_message), allowance_(max_message + kOverhead) {}

const base::Error& Link::error() const {
  CHECK(error_.has_value());
  return *error_;
}

void Link::fail(base::Code code, const std::string& what) {
  if (error_) return;
  error_ = base::Error{code, what, party_};
  lost_output_ = lost_output_ || !outbox_.empty() || stream_->output_size() > 0;
  outbox_.clear();
  outbox_bytes_ = 0;
  body_ = {};
  stream_.reset();
}

void Link::shut_down() {
  if (!open()) return;
  stream_->shut_down();
  fail(base::Code::kUnreachable, "is no longer connected: the link was closed here");
}

base::Status Link::send(base::Bytes message, Time now, std::chrono::milliseconds delay) {
  if (!open()) return *error_;
  if (message.size() > max_message_) {
    return base::Error{base::Code::kInvalidInput, "a message is longer than the mesh allows", party_};
  }
  const std::size_t cost = message.size() + kOverhead;
  if (outbox_bytes_ + cost > 4 * allowance_) {
    write(now);
    if (outbox_bytes_ + cost > 4 * allowance_) fail(base::Code::kUnreachable, "does not read what is sent to it");
    if (!open()) return *error_;
  }
  if (mute_) {
    lost_output_ = true;
    return base::Error{base::Code::kUnreachable, "takes no more messages", party_};
  }
  const bool nothing_queued = outbox_.empty() && !blocked();
  outbox_.push_back({std::move(message), now + delay});
  outbox_bytes_ += cost;
  if (nothing_queued && delay.count() == 0) write(now);
  return {};
}

void Link::write(Time now) {
  std::array<std::uint8_t, kRecord> scratch;
  while (open() && !mute_) {
    if (stream_->output_size() >= kCoalesce) push();
    if (mute_ || stream_->output_size() >= kCoalesce) return;
    const base::ByteView record = next_record(now, scratch);
    if (record.empty()) break;
    std::size_t written = 0;  // less than the record where the peer asked for smaller ones
    const Io result = stream_->write(record, written);
    if (result == Io::kAgain) break;
    if (result != Io::kDone) {
      fail(base::Code::kUnreachable, stream_->failure());
      return;
    }
    consume(written);
  }
  if (open() && !mute_) push();
}

// Fills a record from as many due frames as fit; the middle of a long body needs no copy.
base::ByteView Link::next_record(Time now, std::span<std::uint8_t> scratch) const {
  std::size_t used = 0, offset = head_sent_;
  for (const Frame& frame : outbox_) {
    if (frame.release > now || used == scratch.size()) break;
    const base::ByteView body(frame.body);
    if (used == 0 && offset >= kLengthField && body.size() - (offset - kLengthField) >= scratch.size()) {
      return body.subspan(offset - kLengthField, scratch.size());
    }
    for (; offset < kLengthField && used < scratch.size(); ++offset) scratch[used++] = length_byte(body.size(), offset);
    if (offset >= kLengthField) {
      const base::ByteView rest = body.subspan(offset - kLengthField);
      const base::ByteView part = rest.first(std::min(rest.size(), scratch.size() - used));
      std::copy(part.begin(), part.end(), scratch.begin() + static_cast<std::ptrdiff_t>(used));
      used += part.size();
    }
    offset = 0;
  }
  return scratch.first(used);
}

void Link::consume(std::size_t size) {
  head_sent_ += size;
  while (!outbox_.empty() && head_sent_ >= outbox_.front().body.size() + kLengthField) {
    head_sent_ -= outbox_.front().body.size() + kLengthField;
    outbox_bytes_ -= outbox_.front().body.size() + kOverhead;
    outbox_.pop_front();
  }
}

// A send that fails does not end the link: what the peer sent before it went away is still in the kernel's buffer, and
// reading finds the end soon enough.
void Link::push() {
  if (stream_->push() != Io::kBroken) return;
  mute_ = lost_output_ = true;
  outbox_.clear();
  outbox_bytes_ = 0;
}

void Link::set_party(std::size_t party) {
  party_ = party;
  if (error_) error_->party = party;
}

void Link::socket_readable() {
  if (!open()) return;
  stream_->socket_readable();
  more_ = true;
}

void Link::on_readable() {
  socket_readable();
  read();
}

void Link::read() {
  std::array<std::uint8_t, kRecord> scratch;
  std::size_t burst = 0;
  while (wants_read() && burst < kReadBurst) {
    std::size_t size = 0;
    if (!read_some(scratch, max_message_, size)) return;
    burst += size;
  }
  more_ = true;
}

void Link::read_message(std::size_t max_bytes) {
  std::array<std::uint8_t, kRecord> scratch;
  while (open() && inbox_.empty()) {
    const std::size_t missing =
        length_bytes_ < kLengthField ? kLengthField - length_bytes_ : std::size_t{length_} - body_.size();
    std::size_t size = 0;
    const auto part = std::span(scratch).first(std::min(missing, scratch.size()));
    if (!read_some(part, std::min(max_bytes, max_message_), size)) return;
  }
}

// False if there is nothing, or no more.
bool Link::read_some(std::span<std::uint8_t> into, std::size_t max_bytes, std::size_t& size) {
  const Io result = stream_->read(into, size);
  if (result == Io::kDone) {
    absorb(into.first(size), max_bytes);
    return true;
  }
  if (result == Io::kAgain) {
    more_ = false;
    return false;
  }
  left_ = result == Io::kClosed;
  fail(base::Code::kUnreachable, stream_->failure());
  return false;
}

void Link::absorb(base::ByteView data, std::size_t max_bytes) {
  while (!data.empty()) {
    if (length_bytes_ < kLengthField) {
      length_ |= static_cast<std::uint32_t>(data[0]) << (8 * length_bytes_++);
      data = data.subspan(1);
      if (length_bytes_ < kLengthField) continue;
      if (length_ > max_bytes) {
        fail(base::Code::kPeerMisbehaved, "announces a message longer than allowed");
        return;
      }
    }
    const std::size_t take = std::min<std::size_t>(data.size(), length_ - body_.size());
    const std::size_t needed = body_.size() + take;
    if (needed > body_.capacity()) {
      // Double what has arrived; never beyond the message.
      body_.reserve(std::min<std::size_t>(length_, std::max(needed, 2 * body_.size())));
    }
    body_.insert(body_.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(take));
    data = data.subspan(take);
    if (body_.size() == length_) finish_message();
  }
}

void Link::finish_message() {
  inbox_bytes_ += body_.size() + kOverhead;
  inbox_.push_back(std::move(body_));
  body_ = {};
  length_bytes_ = 0;
  length_ = 0;
}

std::optional<base::Bytes> Link::pop() {
  if (inbox_.empty()) return std::nullopt;
  base::Bytes message = std::move(inbox_.front());
  inbox_.pop_front();
  inbox_bytes_ -= message.size() + kOverhead;
  return message;
}

std::optional<Time> Link::next_release() const {
  if (!open() || mute_ || outbox_.empty()) return std::nullopt;
  return outbox_.front().release;
}

}  // namespace net
