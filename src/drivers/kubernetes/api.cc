#include "drivers/kubernetes/api.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <thread>

namespace drivers {

namespace {

constexpr int kFirstPauseMs = 100, kLongestPauseMs = 5'000, kSlice = 100;
constexpr std::size_t kPage = 500, kMaxPages = 1'000;
constexpr std::size_t kMaxEvent = 4 * 1024 * 1024, kMaxMessage = 300;

nlohmann::json parse(std::string_view text) { return nlohmann::json::parse(text, nullptr, false); }

std::string write(const nlohmann::json& value) {
  return value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::string escaped(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
        std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return out;
}

std::string with(const std::string& path, const std::string& query) {
  return path + (path.find('?') == std::string::npos ? '?' : '&') + query;
}

std::string cleaned(std::string_view text) {
  std::string out(text.substr(0, kMaxMessage));
  std::replace_if(out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7e; }, ' ');
  return out;
}

void sleep(int ms, const std::function<bool()>& cancelled) {
  for (; ms > 0 && !(cancelled && cancelled()); ms -= kSlice)
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(ms, kSlice)));
}

}  // namespace

nlohmann::json ApiReply::json() const { return parse(body); }

std::string ApiReply::message() const {
  const nlohmann::json said = json();
  if (said.is_object())
    if (const auto found = said.find("message"); found != said.end() && found->is_string() && !found->empty())
      return cleaned(found->get_ref<const std::string&>());
  return "HTTP " + std::to_string(status);
}

KubernetesApi::KubernetesApi(base::HttpClient& http, const base::Clock& clock, ApiOptions options)
    : http_(http), clock_(clock), options_(std::move(options)) {
  if (!options_.pause) options_.pause = [cancelled = options_.cancelled](int ms) { sleep(ms, cancelled); };
}

base::Result<ApiReply> KubernetesApi::call(base::HttpRequest request, bool repeatable) {
  request.target.insert(0, options_.prefix);
  request.headers.emplace_back("Accept", "application/json");
  const std::int64_t until = clock_.steady_ms() + options_.timeout_ms;
  for (int pause = kFirstPauseMs;; pause = std::min(2 * pause, kLongestPauseMs)) {
    if (options_.cancelled && options_.cancelled()) return base::Error{base::Code::kCancelled, "cancelled"};
    const std::int64_t left = until - clock_.steady_ms();
    if (left <= 0) return base::Error{base::Code::kDeadline, "the API server does not answer in time"};
    const std::int64_t begin = clock_.steady_ms();
    const auto reply = http_.send(request, static_cast<int>(left));
    if (options_.on_call)
      options_.on_call({request.method, request.target, reply.ok() ? reply->status : 0, clock_.steady_ms() - begin});
    int wait = pause;
    if (reply.ok()) {
      // 429 and 503 say that nothing was done. After another 5xx something may have been: only for what may be repeated.
      const bool again = reply->status == 429 || reply->status == 503 || (reply->status >= 500 && repeatable);
      if (!again) return ApiReply{reply->status, reply->body};
      wait = std::max<int>(pause, 1'000 * std::min(reply->retry_after_s.value_or(0), 3'600));
    } else if (reply.error().code != base::Code::kUnreachable || !repeatable) {
      return reply.error();
    }
    if (clock_.steady_ms() + wait >= until) {  // no time for another try: the last word counts
      if (reply.ok()) return ApiReply{reply->status, reply->body};
      return reply.error();
    }
    options_.pause(wait);
  }
}

namespace {

// An answer with a body that is no JSON comes from something in between.
base::Result<ApiReply> checked(base::Result<ApiReply> reply) {
  if (reply.ok() && reply->ok() && !nlohmann::json::accept(reply->body))
    return base::Error{base::Code::kInvalidInput, "what the API server answers is no JSON"};
  return reply;
}

base::HttpRequest sending(const char* method, std::string target, const char* type, const nlohmann::json& body) {
  return {method, std::move(target), {{"Content-Type", type}}, write(body)};
}

}  // namespace

base::Result<ApiReply> KubernetesApi::get(const std::string& path) {
  return checked(call({"GET", path, {}, ""}, true));
}

base::Result<ApiReply> KubernetesApi::create(const std::string& path, const nlohmann::json& object) {
  const std::string target = with(path, "fieldManager=" + escaped(options_.field_manager));
  return checked(call(sending("POST", target, "application/json", object), false));
}

base::Result<ApiReply> KubernetesApi::apply(const std::string& path, const nlohmann::json& object) {
  const std::string target = with(path, "fieldManager=" + escaped(options_.field_manager) + "&force=true");
  return checked(call(sending("PATCH", target, "application/apply-patch+yaml", object), true));
}

base::Result<ApiReply> KubernetesApi::replace(const std::string& path, const nlohmann::json& object) {
  const std::string target = with(path, "fieldManager=" + escaped(options_.field_manager));
  return checked(call(sending("PUT", target, "application/json", object), true));
}

base::Result<ApiReply> KubernetesApi::merge(const std::string& path, const nlohmann::json& patch) {
  const std::string target = with(path, "fieldManager=" + escaped(options_.field_manager));
  return checked(call(sending("PATCH", target, "application/merge-patch+json", patch), true));
}

base::Result<ApiReply> KubernetesApi::remove(const std::string& path, const nlohmann::json& options) {
  return checked(call(sending("DELETE", path, "application/json", options), true));
}

base::Result<ApiReply> KubernetesApi::list(const std::string& path, const std::string& label_selector) {
  std::string query = "limit=" + std::to_string(kPage);
  if (!label_selector.empty()) query += "&labelSelector=" + escaped(label_selector);
  nlohmann::json all;
  std::string next;
  for (std::size_t page = 0; page < kMaxPages; ++page) {
    TARN_ASSIGN(ApiReply reply, get(with(path, next.empty() ? query : query + "&continue=" + escaped(next))));
    if (reply.status == 410 && !next.empty()) {  // the snapshot that the pages are of is gone
      next.clear();
      all = nullptr;
      continue;
    }
    if (!reply.ok()) return reply;
    nlohmann::json part = reply.json();
    const bool listed = part.is_object() && part["items"].is_array() && part["metadata"].is_object();
    if (!listed) return base::Error{base::Code::kInvalidInput, "what the API server answers is no list"};
    const auto mark = part["metadata"].find("continue");
    next = mark != part["metadata"].end() && mark->is_string() ? mark->get<std::string>() : "";
    if (all.is_null()) {
      if (next.empty()) return reply;
      all = std::move(part);
    } else {
      for (auto& item : part["items"]) all["items"].push_back(std::move(item));
      all["metadata"] = std::move(part["metadata"]);
    }
    if (next.empty()) return ApiReply{reply.status, write(all)};
  }
  return base::Error{base::Code::kInvalidInput, "the API server's list does not end"};
}

base::Result<ApiReply> KubernetesApi::watch(const std::string& path, const std::string& resource_version,
                                            int timeout_ms,
                                            const std::function<bool(const nlohmann::json& event)>& on_event) {
  const std::string target =
      options_.prefix + with(path, "watch=true&allowWatchBookmarks=true&resourceVersion=" + escaped(resource_version));
  std::string waiting;  // an event that is not complete yet
  ApiReply outcome{200, ""};
  bool is_none = false;
  const auto take_line = [&](std::string_view line) {
    const nlohmann::json event = parse(line);
    is_none = !event.is_object() || !event.contains("type") || !event["type"].is_string() || !event.contains("object");
    if (is_none) return false;
    if (event["type"] != "ERROR") return on_event(event);
    outcome.body = write(event["object"]);
    const auto code = event["object"].is_object() ? event["object"].find("code") : event["object"].end();
    outcome.status = code != event["object"].end() && code->is_number_unsigned() ? code->get<unsigned>() : 500;
    return false;
  };
  const auto on_data = [&](std::string_view bytes) {
    for (std::size_t end; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
      waiting.append(bytes.substr(0, end));
      if (!waiting.empty() && !take_line(waiting)) return false;
      waiting.clear();
    }
    waiting.append(bytes);
    is_none = waiting.size() > kMaxEvent;
    return !is_none;
  };
  const std::int64_t begin = clock_.steady_ms();
  const auto reply = http_.stream({"GET", target, {{"Accept", "application/json"}}, ""}, timeout_ms, on_data);
  if (options_.on_call) options_.on_call({"WATCH", target, reply.ok() ? reply->status : 0, clock_.steady_ms() - begin});
  if (!reply.ok()) return reply.error();
  if (is_none) return base::Error{base::Code::kInvalidInput, "what the API server tells is no event"};
  if (reply->status != 200) return ApiReply{reply->status, reply->body};
  return outcome;
}

}  // namespace drivers
