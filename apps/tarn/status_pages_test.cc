#include "tarn/status_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tarn {
namespace {

struct FixedClock final : base::Clock {
  std::int64_t unix_ms() const override { return 1'800'000'000'000; }
};

TEST(StatusPages, ShowMetricsAndHealth) {
  const FixedClock clock;
  const ServiceMetrics metrics("1");
  Health health(clock.unix_ms());
  const net::HttpHandler handler = status_pages(metrics, health, clock);
  const auto pages = [&](const char* path) {
    net::HttpRequest request;
    request.path = path;
    return handler(request);
  };
  EXPECT_EQ(pages("/metrics").status, 200U);
  EXPECT_THAT(pages("/metrics").content_type, testing::StartsWith("text/plain; version=0.0.4"));
  EXPECT_THAT(pages("/metrics").body, testing::HasSubstr("tarn_build_info"));
  EXPECT_EQ(pages("/healthz").status, 200U);
  EXPECT_EQ(pages("/readyz").status, 503U);
  for (const Check check : {Check::kStorage, Check::kDht, Check::kClock, Check::kAnnounced, Check::kDelivery})
    health.report(check, true, clock.unix_ms());
  EXPECT_EQ(pages("/readyz").status, 200U);
  health.report(Check::kStorage, false, clock.unix_ms(), "read-only");
  for (const char* path : {"/healthz", "/readyz"}) {
    EXPECT_EQ(pages(path).status, 503U);
    EXPECT_EQ(pages(path).content_type, "application/json");
    EXPECT_THAT(pages(path).body, testing::HasSubstr("read-only"));
  }
  EXPECT_EQ(pages("/").status, 404U);
  EXPECT_EQ(pages("/metrics/x").status, 404U);
}

}  // namespace
}  // namespace tarn
