// Whose turn it is not does nothing in the cluster.
#include "tarn/fenced_fulfiller.h"

#include <gtest/gtest.h>

#include "support/memory_fulfiller.h"

namespace tarn {
namespace {

TEST(FencedFulfiller, DoesNothingUnlessItIsItsTurn) {
  auto inner = std::make_unique<support::MemoryFulfiller>();
  support::MemoryFulfiller& cluster = *inner;
  bool leads = true;
  int effects = 0;
  cluster.between = [&] { ++effects; };
  FencedFulfiller fenced(std::move(inner), [&] { return leads; });
  const inventory::Order order{};
  ASSERT_TRUE(fenced.deliver(order).ok());
  ASSERT_TRUE(fenced.access(order).ok());
  ASSERT_EQ(fenced.present().value().size(), 1U);
  ASSERT_GT(effects, 0);

  leads = false;
  effects = 0;
  const auto refused = [](const auto& result) {
    return !result.ok() && result.error().code == base::Code::kUnreachable;
  };
  EXPECT_TRUE(refused(fenced.deliver(order)));
  EXPECT_TRUE(refused(fenced.withdraw(order.lease)));
  EXPECT_TRUE(refused(fenced.access(order)));
  EXPECT_TRUE(refused(fenced.usage(order.lease)));
  EXPECT_TRUE(refused(fenced.present()));
  EXPECT_TRUE(refused(fenced.recalled()));
  EXPECT_EQ(effects, 0);

  leads = true;
  EXPECT_EQ(fenced.present().value().size(), 1U);  // still there
  EXPECT_TRUE(fenced.withdraw(order.lease).ok());
}

}  // namespace
}  // namespace tarn
