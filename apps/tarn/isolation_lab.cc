#include "tarn/isolation_lab.h"

#include <cstdio>

#include "tarn/lab_tools.h"
#include "tarn/output.h"
#include "tarn/signals.h"
#include "tarn/stopwatch.h"

namespace tarn {
namespace {

base::Result<lab::Service> service_for(const lab::Lab& lab, const IsolationLabOptions& options) {
  if (options.service.url.empty()) return lab::start_service(lab.directory, options.tls);
  return lab::Service{options.service.url, options.service.ca, options.service.token_file};
}

base::Result<lab::Service> bring_up(const lab::Lab& lab, const IsolationLabOptions& options) {
  Stopwatch watch;
  const auto step = [&](const char* what, const base::Status& done) -> base::Status {
    if (!done.ok()) return done;
    if (interrupted()) return base::Error{base::Code::kCancelled, "interrupted"};
    progress(std::string(what) + " (" + fixed(watch.lap_ms() / 1000, 1) + " s)");
    return {};
  };
  TARN_TRY(step("servers: a network namespace each", lab::make_namespaces(lab)));
  TARN_TRY(step("switches: an Open vSwitch each", lab::start_switches(lab)));
  TARN_TRY(step("controllers: an ipmi_sim each", lab::start_bmcs(lab)));
  TARN_ASSIGN(lab::Service service, service_for(lab, options));
  ServiceHome home = lab::home_of(service);
  home.pin = options.service.pin;
  TARN_ASSIGN(const auto client, ServiceClient::open(home));
  TARN_TRY(step("service", {}));
  TARN_TRY(step("registered", lab::register_lab(lab, *client)));
  TARN_TRY(lab::write_file(lab.directory + "/env.sh", lab::environment(service), 0600));
  TARN_TRY(lab::write_file(lab.directory + "/lab.json", lab::to_json(lab, service), 0600));
  return service;
}

base::Status run(const IsolationLabOptions& options) {
  TARN_TRY(lab::check_machine());
  if (options.down) return lab::take_down(options.directory);
  TARN_ASSIGN(const lab::Lab lab, lab::plan(options.directory, options.shape));
  TARN_TRY(lab::make_directories(lab));
  const auto service = bring_up(lab, options);
  if (!service.ok()) {
    progress("removing what was made");
    if (const base::Status gone = lab::take_down(lab.directory); !gone.ok()) progress(gone.error().message);
    return service.error();
  }
  std::printf("%s", json_wanted() ? lab::to_json(lab, *service).c_str() : lab::to_text(lab, *service).c_str());
  return {};
}

}  // namespace

int run_isolation_lab(const IsolationLabOptions& options) {
  catch_signals();
  const base::Status done = run(options);
  return done.ok() ? kExitDone : report(done.error());
}

}  // namespace tarn
