#include "net/http_reply.h"

#include <utility>  // Asio 1.18 uses it without including it

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <limits>

#include "net/http_chunks.h"

namespace net {

namespace {
namespace beast = boost::beast;
namespace http = beast::http;
using beast::error_code;

constexpr int kMaxInterim = 8;
constexpr std::string_view kTooLong = "its answer is longer than allowed";

base::Error refused(std::string_view why) { return {base::Code::kInvalidInput, std::string(why)}; }

// Where the body goes as it comes.
struct Sink {
  std::size_t limit = 0;
  HttpReplyParser::OnData on_data;
  std::string kept;
  bool stopped = false, too_long = false;

  bool passes_on(unsigned status) const { return on_data && status == 200; }
  void expect(unsigned status, std::uint64_t size) { too_long |= !passes_on(status) && size > limit; }
  void take(unsigned status, std::string_view bytes) {
    if (stopped) return;
    if (passes_on(status)) {
      stopped = !on_data(bytes);
    } else if (bytes.size() > limit - kept.size()) {
      too_long = true;
    } else {
      kept.append(bytes);
    }
  }
  bool full() const { return stopped || too_long; }
};

// A Body in the sense of Beast that hands everything to a Sink.
struct SinkBody {
  using value_type = Sink*;
  class reader {
   public:
    template <bool IsRequest, class Fields>
    reader(http::header<IsRequest, Fields>& header, value_type& sink)
        : status_([&header] { return header.result_int(); }), sink_(sink) {}
    void init(const boost::optional<std::uint64_t>&, error_code& failure) { failure = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& failure) {
      std::size_t size = 0;
      for (const auto buffer : beast::buffers_range_ref(buffers)) {
        sink_->take(status_(), {static_cast<const char*>(buffer.data()), buffer.size()});
        size += buffer.size();
      }
      failure = sink_->full() ? http::error::body_limit : error_code();
      return size;
    }
    void finish(error_code& failure) { failure = {}; }

   private:
    std::function<unsigned()> status_;  // known by the time that a body comes
    value_type& sink_;
  };
};

std::optional<int> seconds(std::string_view text) {
  int value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

struct HttpReplyParser::Impl {
  bool to_head;
  ReplyLimits limits;
  Sink sink;
  beast::flat_buffer waiting;  // what the parser wants to see again together with what follows
  std::optional<http::response_parser<SinkBody>> parser;
  int interim = 0;
  bool amid_chunk_header = false;
  bool begun = false, ended = false;

  void start() {
    parser.emplace();
    parser->header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    parser->body_limit(
        std::numeric_limits<std::uint64_t>::max());  // the sink's counts; Beast 1.74 compares none wrongly
    parser->eager(true);
    parser->skip(to_head);
    parser->get().body() = &sink;
  }
  bool done() const { return sink.stopped || parser->is_done(); }
  base::Status parse();
  base::Status judge(error_code failure) const;
};

HttpReplyParser::HttpReplyParser(bool to_head, ReplyLimits limits, OnData on_data)
    : impl_(new Impl{to_head, limits, Sink{limits.body_bytes, std::move(on_data), {}}, {}, {}}) {
  impl_->start();
}

HttpReplyParser::~HttpReplyParser() = default;

base::Status HttpReplyParser::Impl::judge(error_code failure) const {
  if (sink.stopped || (!failure && !sink.too_long)) return {};
  if (sink.too_long || failure == http::error::header_limit || failure == http::error::body_limit)
    return refused(kTooLong);
  return refused("what it answers is no HTTP");
}

base::Status HttpReplyParser::Impl::parse() {
  while (!done() && waiting.size() >= (amid_chunk_header ? kShortestLastChunk : 1)) {
    error_code failure;
    waiting.consume(parser->put(waiting.data(), failure));
    if (parser->is_header_done()) {
      const unsigned status = parser->get().result_int();
      if (status < 100) return refused("what it answers is no HTTP");
      if (!to_head) sink.expect(status, parser->content_length().value_or(0));
    }
    const bool wants_more = failure == http::error::need_more;
    TARN_TRY(judge(wants_more ? error_code() : failure));
    if (wants_more && waiting.size() > limits.header_bytes) return refused(kTooLong);
    amid_chunk_header = wants_more && parser->is_header_done();
    if (wants_more) return {};
    if (sink.stopped || !parser->is_done() || parser->get().result_int() >= 200) continue;
    if (parser->get().result_int() == 101 || ++interim > kMaxInterim) return refused("what it answers was not asked");
    start();
  }
  return {};
}

base::Status HttpReplyParser::feed(std::string_view bytes) {
  CHECK(!done() && !impl_->ended);
  if (bytes.empty()) return {};
  impl_->begun = true;
  const auto room = impl_->waiting.prepare(bytes.size());
  std::copy(bytes.begin(), bytes.end(), static_cast<char*>(room.data()));
  impl_->waiting.commit(bytes.size());
  return impl_->parse();
}

base::Status HttpReplyParser::end() {
  impl_->ended = true;
  if (done()) return {};
  error_code failure;
  if (impl_->parser->got_some()) impl_->parser->put_eof(failure);
  if (!failure && impl_->parser->is_done()) return {};
  return base::Error{base::Code::kUnreachable,
                     begun() ? "closed the connection amid its answer" : "closed the connection without an answer"};
}

bool HttpReplyParser::begun() const { return impl_->begun; }
bool HttpReplyParser::done() const { return impl_->done(); }

bool HttpReplyParser::reusable() const {
  return impl_->parser->is_done() && !impl_->ended && impl_->waiting.size() == 0 && impl_->parser->keep_alive();
}

base::HttpReply HttpReplyParser::take() {
  CHECK(done());
  const auto& header = impl_->parser->get();
  base::HttpReply reply;
  reply.status = header.result_int();
  if (const auto after = header.find(http::field::retry_after); after != header.end())
    reply.retry_after_s = seconds({after->value().data(), after->value().size()});
  reply.body = std::move(impl_->sink.kept);
  return reply;
}

}  // namespace net
