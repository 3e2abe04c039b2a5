// Directory: the distributed hash table as discovery sees it: values under keys, each expiring unless put again. It
// belongs to nobody and promises nothing: values may be missing, stale, forged or repeated, so what is put is signed
// (announcement.h), and "no value" never means that there is none. drivers/dht implements it, tests in memory.
// Threads: any.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>

#include "base/bytes.h"

namespace discovery {

using DirectoryKey = std::array<std::uint8_t, 32>;

class Directory {
 public:
  static constexpr std::size_t kMaxValue = 16 * 1024;

  virtual ~Directory() = default;
  // Returns at once. `slot` tells values of one publisher under one key apart: the same slot replaces.
  virtual void put(const DirectoryKey& key, std::uint64_t slot, base::Bytes value) = 0;
  // Asks for all keys at once and streams what comes, on the caller's thread, until `on_value` returns false, every
  // key has been searched to the end, or time is up. While nothing comes it calls on_value(0, {}) about every 20 ms, so
  // that the caller can decide that it has waited enough; a value is never empty.
  virtual void get(std::span<const DirectoryKey> keys, int timeout_ms,
                   const std::function<bool(std::size_t key, base::ByteView value)>& on_value) = 0;
};

}  // namespace discovery
