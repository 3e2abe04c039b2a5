#include "pool/placement_circuit.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "base/check.h"
#include "mpc/circuit_builder.h"

namespace pool {

namespace {

using Number = auction::Number<mpc::Bit>;

Number input(mpc::CircuitBuilder& builder, std::size_t owner, std::size_t width) {
  Number bits;
  for (std::size_t i = 0; i < width; ++i) bits.push_back(builder.input(owner));
  return bits;
}

void output(mpc::CircuitBuilder& builder, std::size_t owner, const Number& bits) {
  for (const mpc::Bit& bit : bits) builder.output(owner, bit);
}

base::Status check(std::uint64_t value, std::size_t width, const std::string& field) {
  CHECK(width >= auction::kMinWidth && width <= auction::kMaxWidth);
  if (value >> width == 0) return {};
  return base::Error{base::Code::kInvalidInput, field + " is too large: this pool computes with " +
                                                    std::to_string(width) + " bits, at most " +
                                                    std::to_string((std::uint64_t{1} << width) - 1)};
}

void append(mpc::Bits& bits, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) bits.push_back(value >> i & 1);
}

}  // namespace

mpc::Circuit placement_circuit(auction::Mechanism mechanism, std::size_t providers, std::size_t width) {
  CHECK(providers >= kMinProviders && providers <= kMaxProviders);
  CHECK(width >= auction::kMinWidth && width <= max_width(mechanism));
  const std::size_t units = quantity_width(mechanism, width);
  mpc::CircuitBuilder builder(providers + 1);
  // One statement an input: the order of evaluation inside one is the compiler's choice, and the circuit must be one.
  auction::Request<mpc::Bit> request;
  request.quantity = input(builder, 0, units);
  request.max_price = input(builder, 0, width);
  std::vector<auction::Offer<mpc::Bit>> offers(providers);
  for (std::size_t i = 0; i < providers; ++i) {
    offers[i].capacity = input(builder, i + 1, units);
    offers[i].price = input(builder, i + 1, width);
  }

  const auction::Told<mpc::Bit> told = auction::place(mechanism, request, offers);

  output(builder, 0, told.requester);
  for (std::size_t i = 0; i < providers; ++i) output(builder, i + 1, told.providers[i]);
  return std::move(builder).build();
}

base::Result<mpc::Bits> encode(auction::Mechanism mechanism, std::size_t width, const auction::RequesterInput& input) {
  const std::size_t units = quantity_width(mechanism, width);
  if (input.quantity == 0) return base::Error{base::Code::kInvalidInput, "quantity is 0: ask for at least one unit"};
  TARN_TRY(check(input.quantity, units, "quantity"));
  TARN_TRY(check(input.max_price, width, "max_price"));
  mpc::Bits bits;
  append(bits, input.quantity, units);
  append(bits, input.max_price, width);
  return bits;
}

base::Result<mpc::Bits> encode(auction::Mechanism mechanism, std::size_t width, const auction::ProviderInput& input) {
  const std::size_t units = quantity_width(mechanism, width);
  TARN_TRY(check(input.capacity, width, "capacity"));
  TARN_TRY(check(input.price, width, "price"));
  mpc::Bits bits;
  append(bits, std::min(input.capacity, (std::uint64_t{1} << units) - 1), units);
  append(bits, input.price, width);
  return bits;
}

}  // namespace pool
