// Result<T>: a value, or why the world or a caller did not let us have one. A closed set of codes, so that every edge
// (exit codes, later HTTP statuses) maps each once. Our own bugs are CHECKs, not Errors.
// An Error never carries a secret: its message may be printed, logged and sent to an operator.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace base {

enum class Code {
  kInvalidInput,        // the caller's input or configuration; nothing was changed
  kUnreachable,         // a peer cannot be reached, or its connection broke
  kPeerMisbehaved,      // locally certain; `party` says who
  kSomebodyMisbehaved,  // the protocol failed, and nobody can be named
  kDeadline,            // time ran out
  kCancelled,           // the user or a signal ended it
  kStorage,             // our own disk: a state file is missing, damaged, locked or cannot be written
  kUnauthenticated,     // a service does not know who calls
  kForbidden,           // it knows, and that one may not
  kNotFound,            // what the call is about is not there
  kConflict,            // it is there, in a state or with company that forbids the call; nothing was changed
};

struct Error {
  Code code;
  std::string message;
  std::optional<std::size_t> party = {};  // index in the session's public order, where one party is concerned
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & {
    CHECK(ok());
    return std::get<0>(state_);
  }
  const T& value() const& {
    CHECK(ok());
    return std::get<0>(state_);
  }
  T&& value() && {
    CHECK(ok());
    return std::get<0>(std::move(state_));
  }
  const Error& error() const {
    CHECK(!ok());
    return std::get<1>(state_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Error> state_;
};

struct Done {};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Done) {}
  Status(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    CHECK(error_.has_value());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace base

// Leaves the enclosing function with the error of `expression`, if it has one.
#define TARN_TRY(expression)                                                               \
  do {                                                                                     \
    if (auto tarn_status_ = (expression); !tarn_status_.ok()) return tarn_status_.error(); \
  } while (false)
#define TARN_CONCAT_(a, b) a##b
#define TARN_CONCAT(a, b) TARN_CONCAT_(a, b)
// TARN_ASSIGN(auto x, f()): x = the value, or leave with the error.
#define TARN_ASSIGN(target, expression)                                                              \
  auto TARN_CONCAT(tarn_result_, __LINE__) = (expression);                                           \
  if (!TARN_CONCAT(tarn_result_, __LINE__).ok()) return TARN_CONCAT(tarn_result_, __LINE__).error(); \
  target = std::move(TARN_CONCAT(tarn_result_, __LINE__)).value()
