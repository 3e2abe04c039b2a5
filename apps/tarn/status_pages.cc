#include "tarn/status_pages.h"

namespace tarn {

net::HttpHandler status_pages(const ServiceMetrics& metrics, const Health& health, const base::Clock& clock) {
  return [&](const net::HttpRequest& request) -> net::HttpResponse {
    if (request.path == "/metrics") return {200, "text/plain; version=0.0.4; charset=utf-8", metrics.text()};
    const bool live = request.path == "/healthz";
    if (!live && request.path != "/readyz") return {404, "text/plain", "/metrics, /healthz, /readyz\n"};
    const std::int64_t now = clock.unix_ms();
    const bool good = live ? health.healthy(now) : health.ready(now);
    return {good ? 200U : 503U, "application/json", health.json(now)};
  };
}

}  // namespace tarn
