// ReaderPool: a few connections that read, so that nobody who looks waits for who writes, nor long for who looks. They
// are opened when they are first needed.
// Threads: any. A body must not call run() of the same pool.
// Errors: kStorage, also where none is free for ten seconds. A body's exception goes to its caller; its connection is lent
// again.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "store/sql.h"

namespace store {

class ReaderPool {
 public:
  using Body = std::function<base::Status(SqlConnection&)>;
  using Open = std::function<base::Result<std::unique_ptr<SqlConnection>>()>;
  explicit ReaderPool(Open open);

  base::Status run(const Body& body);  // on one state of everything

 private:
  class Lent;
  base::Result<std::unique_ptr<SqlConnection>> borrow();
  void give_back(std::unique_ptr<SqlConnection> connection) noexcept;

  Open open_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<SqlConnection>> idle_;
  std::size_t lent_ = 0;
};

}  // namespace store
