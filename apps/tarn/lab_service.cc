// The lab's own service: `tarn isolation serve` as an administrator would run it, with its configuration and state in the
// lab's directory.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "net/socket.h"
#include "tarn/lab.h"
#include "tarn/lab_tools.h"
#include "tarn/local_process.h"
#include "tarn/output.h"
#include "tarn/service_client.h"
#include "tarn/signals.h"

namespace tarn::lab {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{30};

// As long as it is held nobody else is given its port; a service may listen there all the same, as only one of the two
// sockets listens (net::bind_at).
base::Result<net::Fd> free_port() {
  TARN_ASSIGN(const net::Address any, net::Address::parse("127.0.0.1:1"));
  std::vector<net::Endpoint> endpoints = net::numeric_endpoints(any);
  reinterpret_cast<sockaddr_in&>(endpoints.front().storage).sin_port = 0;
  return net::bind_at(endpoints.front());
}

std::string configuration(const std::string& address, bool tls) {
  return "[http]\nlisten = \"" + address + "\"\n" + (tls ? "" : "development = true\n") +
         "[storage]\nstate_dir = \"service\"\n";
}

// Its last line, if it has ended; nothing while it runs.
std::string last_words(const std::string& log) {
  std::string text = read_all(log);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

base::Status await_answer(const std::string& log, const Service& service) {
  for (const auto end = Clock::now() + kPatience; Clock::now() < end;) {
    if (interrupted()) return base::Error{base::Code::kCancelled, "interrupted"};
    // Its certificate and token are there before it answers, but not from the beginning.
    const auto client = ServiceClient::open(home_of(service));
    if (client.ok() && (*client)->call("GET", "/v1/switches").ok()) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return base::Error{base::Code::kDeadline, "the lab's service does not answer: " + last_words(log)};
}

}  // namespace

ServiceHome home_of(const Service& service) {
  ServiceHome out;
  out.url = service.url;
  out.ca = service.authority;
  out.token_file = service.token_file;
  return out;
}

base::Result<Service> start_service(const std::string& home, bool tls) {
  TARN_ASSIGN(const net::Fd held, free_port());
  TARN_ASSIGN(const net::Endpoint at, net::local_endpoint(held));
  const std::string address = at.text();
  const std::string config = home + "/service.toml", state = home + "/service";
  TARN_TRY(write_file(config, configuration(address, tls), 0600));
  std::error_code failed;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", failed).string();
  if (failed) return base::Error{base::Code::kStorage, "/proc/self/exe: " + failed.message()};
  TARN_TRY(start({{program, "isolation", "serve", "--config", config}, "", "", {}, false}, home + "/service.pid",
                 home + "/service.log"));
  Service out{(tls ? "https://" : "http://") + address, tls ? state + "/server.pem" : "",
              state + "/administrator.token"};
  TARN_TRY(await_answer(home + "/service.log", out));
  return out;
}

}  // namespace tarn::lab
