// Places: how many may do at once what holds up a thread for long, in all and of each user, so that nobody keeps the
// others from being served.
// Threads: any. Place is an object that frees its place when it goes; Places must outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

namespace api {

class Places {
 public:
  using User = std::int64_t;  // whom it is counted for
  struct Limit {
    std::size_t all = 0, a_user = 0;
  };
  explicit Places(Limit limit) : limit_(limit) {}

  class Place {
   public:
    Place() = default;
    Place(Places& places, User user) : places_(places.enter(user) ? &places : nullptr), user_(user) {}
    ~Place() {
      if (places_ != nullptr) places_->leave(user_);
    }
    Place(Place&& other) noexcept : places_(std::exchange(other.places_, nullptr)), user_(other.user_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(places_, other.places_);
      std::swap(user_, other.user_);
      return *this;
    }
    explicit operator bool() const { return places_ != nullptr; }  // false: all are taken

   private:
    Places* places_ = nullptr;
    User user_ = 0;
  };
  Place take(User user) { return {*this, user}; }

 private:
  bool enter(User user) {
    const std::lock_guard lock(mutex_);
    if (taken_ >= limit_.all) return false;
    std::size_t& of_user = of_user_[user];
    if (of_user >= limit_.a_user) return false;  // it has some, so its entry is no leftover
    ++of_user;
    ++taken_;
    return true;
  }
  void leave(User user) {
    const std::lock_guard lock(mutex_);
    --taken_;
    if (--of_user_[user] == 0) of_user_.erase(user);
  }

  const Limit limit_;
  std::mutex mutex_;
  std::size_t taken_ = 0;
  std::map<User, std::size_t> of_user_;
};

}  // namespace api
