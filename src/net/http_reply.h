// HttpReplyParser: the bytes of an HTTP/1.1 answer, however they are cut, become a base::HttpReply. Everything of it has
// a limit. Interim answers (1xx) are skipped; a body whose end only the connection's end tells is taken as well.
// Boost.Beast parses; its headers, which take 15 s to compile, stay in http_reply.cc.
// Errors: kInvalidInput, for what is no HTTP or longer than allowed; kUnreachable, from end(), if the answer is not
// complete. After an error, and after done(), nothing may be fed. Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/http.h"

namespace net {

struct ReplyLimits {
  std::size_t header_bytes = 64 * 1024;
  std::size_t body_bytes = 16 * 1024 * 1024;  // of what is kept: on_data gets any amount
};

class HttpReplyParser {
 public:
  // What comes of a body of status 200, if there is an on_data: it is not kept then. False: no more is wanted.
  using OnData = std::function<bool(std::string_view)>;

  HttpReplyParser(bool to_head, ReplyLimits limits, OnData on_data = nullptr);
  ~HttpReplyParser();
  HttpReplyParser(const HttpReplyParser&) = delete;
  HttpReplyParser& operator=(const HttpReplyParser&) = delete;

  base::Status feed(std::string_view bytes);
  base::Status end();      // the peer said that nothing more comes
  bool begun() const;      // anything came
  bool done() const;       // all is here, or on_data wants no more
  bool reusable() const;   // done, nothing came beyond, and the peer keeps the connection
  base::HttpReply take();  // once done

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace net
