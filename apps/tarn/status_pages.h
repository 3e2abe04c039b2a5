// The pages that a daemon shows to its own monitors: /metrics for Prometheus; /healthz and /readyz, 200 or 503, with
// the checks as JSON. Metrics, health and clock outlive the handler.
// Threads: as net::HttpServer calls it.
#pragma once

#include "base/clock.h"
#include "net/http_server.h"
#include "tarn/health.h"
#include "tarn/service_metrics.h"

namespace tarn {
net::HttpHandler status_pages(const ServiceMetrics& metrics, const Health& health, const base::Clock& clock);
}  // namespace tarn
