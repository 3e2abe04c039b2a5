// What a command asks of an inventory, and what it is told: the same whether a provider runs, which answers over the
// socket in its state directory (net/control_socket.h), or the command has opened the files itself.
//   question   u8 version 1 · u8 kind · 16 id, and for kReserve: text offer · u64 units · u64 from · u64 until · text purpose
//   answer     u8 version 1 · u8 0 or 1 + base::Code · text message · u32 n, offers: text name · u64 capacity, free, held,
//              leased, reserved, reserved at most · u32 n, reservations: 16 id · as in the question
// Decoding is strict: nothing, where the bytes are not exactly one of these. Pure, any thread.
#pragma once

#include "inventory/inventory.h"

namespace tarn {

inline constexpr const char* kControlName = "control.sock";  // in the state directory

struct InventoryQuestion {
  enum class Kind : std::uint8_t { kShow = 1, kReserve, kRelease };
  Kind kind = Kind::kShow;
  inventory::Reservation reservation;  // kRelease: its id alone

  base::Bytes encode() const;
  static std::optional<InventoryQuestion> decode(base::ByteView bytes);
};

// How the question ended, and how things stand now, in any case.
struct InventoryAnswer {
  std::optional<base::Error> error;
  std::vector<inventory::Totals> totals;
  std::vector<inventory::Reservation> reservations;

  base::Bytes encode() const;
  static std::optional<InventoryAnswer> decode(base::ByteView bytes);
};

InventoryAnswer answer(const InventoryQuestion& question, inventory::Inventory& inventory, std::int64_t now);

}  // namespace tarn
