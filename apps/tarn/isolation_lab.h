// tarn isolation lab: a whole datacenter on this machine, with a service that knows it.
#pragma once

#include <string>

#include "tarn/lab.h"
#include "tarn/service_client.h"

namespace tarn {

struct IsolationLabOptions {
  std::string directory = "/run/tarn-lab";
  lab::Shape shape;
  bool down = false;
  bool tls = false;     // of a service of its own
  ServiceHome service;  // with a URL: this one instead
};
int run_isolation_lab(const IsolationLabOptions& options);

}  // namespace tarn
