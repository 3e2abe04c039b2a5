#include "store/reader_pool.h"

#include <chrono>

namespace store {

namespace {
constexpr std::size_t kMostReaders = 4;
constexpr std::chrono::seconds kPatience{10};
}  // namespace

// One place of the pool, and its connection once there is one: both go back whatever happens meanwhile.
class ReaderPool::Lent {
 public:
  explicit Lent(ReaderPool& pool) : pool_(pool) {}
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  ~Lent() {
    try {
      if (reading_) connection->rollback();
    } catch (...) {
      connection.reset();  // another is opened in its place
    }
    pool_.give_back(std::move(connection));
  }
  base::Status begin() {
    reading_ = true;
    const base::Status begun = connection->begin(SqlConnection::Access::kRead);
    reading_ = begun.ok();
    return begun;
  }

  std::unique_ptr<SqlConnection> connection;

 private:
  ReaderPool& pool_;
  bool reading_ = false;
};

ReaderPool::ReaderPool(Open open) : open_(std::move(open)) {
  idle_.reserve(kMostReaders);  // so that giving back never asks for memory
}

base::Status ReaderPool::run(const Body& body) {
  TARN_ASSIGN(std::unique_ptr<SqlConnection> idle, borrow());
  Lent lent(*this);
  lent.connection = std::move(idle);
  if (!lent.connection) {
    TARN_ASSIGN(lent.connection, open_());
  }
  TARN_TRY(lent.begin());
  return body(*lent.connection);
}

// A place, with the connection that was in it; none: it has to be opened.
base::Result<std::unique_ptr<SqlConnection>> ReaderPool::borrow() {
  std::unique_lock lock(mutex_);
  if (!returned_.wait_for(lock, kPatience, [&] { return !idle_.empty() || lent_ < kMostReaders; }))
    return base::Error{base::Code::kStorage, "the database is busy with other readers; try again"};
  ++lent_;
  if (idle_.empty()) return std::unique_ptr<SqlConnection>();
  std::unique_ptr<SqlConnection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void ReaderPool::give_back(std::unique_ptr<SqlConnection> connection) noexcept {
  {
    const std::lock_guard lock(mutex_);
    --lent_;
    if (connection != nullptr) idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace store
