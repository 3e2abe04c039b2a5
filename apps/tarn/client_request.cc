// Client commands of a table: from what was typed to the request.
#include <utility>

#include "api/text.h"
#include "base/check.h"
#include "model/duration.h"
#include "tarn/client_commands.h"
#include "tarn/output.h"

namespace tarn {
namespace {

using api::Json;
using Kind = ClientParameter::Kind;

constexpr std::int64_t kYearsMs = std::int64_t{10} * 366 * 86'400'000;

base::Error refused(std::string what) { return {base::Code::kInvalidInput, std::move(what)}; }

// The object with a member, "a.b": of the object within, set anew.
Json with(const Json& object, std::string_view path, Json value) {
  const std::size_t dot = path.find('.');
  const std::string_view name = path.substr(0, dot);
  if (dot != std::string_view::npos) {
    const Json* const inner = object.find(name);
    value = with(inner == nullptr ? Json::object() : *inner, path.substr(dot + 1), std::move(value));
  }
  Json out = Json::object();
  for (const auto& [key, kept] : *object.members())
    if (key != name) out.set(key, kept);
  return std::move(out.set(std::string(name), std::move(value)));
}

// JSON, or what is none as a text.
Json json_or_text(const std::string& text) {
  auto parsed = Json::parse(text);
  return parsed.ok() ? std::move(*parsed) : Json(text);
}

base::Result<Json> count_or_none(const ClientParameter& parameter, const std::string& text) {
  if (text == "none") return Json();
  const auto digits = api::from_digits(text);
  if (!digits) return refused(std::string(parameter.name) + " must be a whole number, or none");
  return Json(*digits);
}

base::Result<Json> duration_or_none(const ClientParameter& parameter, const std::string& text) {
  if (text == "none") return Json(0);
  const auto duration = model::parse_duration_ms(text, kYearsMs);
  if (!duration.ok()) return refused(std::string(parameter.name) + " " + duration.error().message);
  return Json(*duration);
}

base::Result<std::pair<std::string, std::string>> split(const std::string& text, char at, const char* expected) {
  const std::size_t place = text.find(at);
  if (place == std::string::npos || place == 0 || place + 1 == text.size())
    return refused("\"" + one_line(text.substr(0, 80)) + "\" must be " + expected);
  return std::pair(text.substr(0, place), text.substr(place + 1));
}

// Makes one request of what was typed.
class RequestMaker {
 public:
  RequestMaker(const ClientCall& call, const ReadSecret& secret, std::int64_t now)
      : call_(call), secret_(secret), now_(now) {
    if (*call.command->body != '\0') {
      auto parsed = Json::parse(call.command->body);
      CHECK(parsed.ok());
      body_ = std::move(*parsed);
    }
  }

  base::Result<ClientRequest> make() {
    std::string target = call_.command->target;
    for (const ClientParameter& parameter : call_.command->parameters) {
      const auto found = call_.given.find(parameter.name);
      const bool given = found != call_.given.end() && !found->second.empty();
      if (*parameter.to == '\0') {
        const std::string place = "{" + std::string(parameter.name) + "}";
        const std::size_t at = target.find(place);
        if (given && at != std::string::npos)
          target.replace(at, place.size(), api::percent_encoded(found->second.front()));
      } else if (given || parameter.kind == Kind::kSecret) {
        TARN_TRY(take(parameter, given ? found->second : std::vector<std::string>{""}));
      }
    }
    return ClientRequest{target + query_, finished_body()};
  }

 private:
  base::Status take(const ClientParameter& parameter, const std::vector<std::string>& given) {
    const std::string to = parameter.to;
    if (to.front() == '?') return ask(parameter, to.substr(1), given);
    if (parameter.kind == Kind::kNics) return take_nics(given);
    if (parameter.kind == Kind::kLabels || parameter.kind == Kind::kAttributes)
      return take_labels(to, given, parameter.kind == Kind::kLabels);
    if (parameter.kind == Kind::kTexts) {
      put(to, Json::array(Json::Array(given.begin(), given.end())));
      return {};
    }
    TARN_ASSIGN(Json value, value_of(parameter, given.front()));
    if (to == ".")
      body_ = std::move(value);
    else if (to.starts_with("changes."))
      change_ = with(change_, to.substr(8), std::move(value));
    else
      put(to, std::move(value));
    return {};
  }

  base::Result<Json> value_of(const ClientParameter& parameter, const std::string& text) {
    switch (parameter.kind) {
      case Kind::kOrNone: return text == "none" ? Json() : Json(text);
      case Kind::kCount: return count_or_none(parameter, text);
      case Kind::kFlag: return Json(true);
      case Kind::kJson: return json_or_text(text);
      case Kind::kTime:
      case Kind::kSince: {
        TARN_ASSIGN(const std::int64_t at, moment(parameter.name, text, now_, parameter.kind == Kind::kSince));
        return Json(api::rfc3339(at));
      }
      case Kind::kDuration: return duration_or_none(parameter, text);
      case Kind::kSecret: {
        TARN_ASSIGN(std::string read, secret_(text));
        return Json(std::move(read));
      }
      default: return Json(text);
    }
  }

  void put(const std::string& to, Json value) {
    body_ = with(body_.is_null() ? Json::object() : body_, to, std::move(value));
  }

  void ask(const std::string& name, const std::string& value) {
    const bool first = query_.empty() && std::string_view(call_.command->target).find('?') == std::string_view::npos;
    query_ += (first ? "?" : "&") + api::percent_encoded(name) + "=" + api::percent_encoded(value);
  }
  base::Status ask(const ClientParameter& parameter, const std::string& name, const std::vector<std::string>& given) {
    if (parameter.kind != Kind::kLabels) {
      TARN_ASSIGN(const Json value, value_of(parameter, given.front()));
      ask(name, value.string() != nullptr ? *value.string() : value.dump());
      return {};
    }
    for (const std::string& label : given) {
      TARN_ASSIGN(const auto pair, split(label, '=', "LABEL=VALUE"));
      ask(name + "." + pair.first, json_or_text(pair.second).dump());
    }
    return {};
  }

  base::Status take_labels(const std::string& to, const std::vector<std::string>& given, bool json) {
    for (const std::string& label : given) {
      TARN_ASSIGN(const auto pair, split(label, '=', json ? "LABEL=VALUE" : "NAME=VALUE"));
      if (json) {
        put(to + "." + pair.first, json_or_text(pair.second));
        continue;
      }
      // Names of attributes may have dots.
      const Json* const so_far = body_.is_null() ? nullptr : body_.find(to);
      Json all = so_far == nullptr ? Json::object() : *so_far;
      put(to, std::move(all.set(pair.first, pair.second)));
    }
    return {};
  }

  base::Status take_nics(const std::vector<std::string>& given) {
    for (const std::string& place : given) {
      TARN_ASSIGN(auto pair, split(place, '/', "NODE/NIC"));
      places_.push_back(std::move(pair));
    }
    return {};
  }

  // A change for each NIC; what the changes have in common was said once.
  Json finished_body() {
    if (places_.empty()) return std::move(body_);
    Json changes = Json::array();
    for (const auto& [node, nic] : places_) {
      Json change = Json::object({{"kind", body_.text("kind")}, {"node", node}, {"nic", nic}});
      for (const auto& [key, value] : *change_.members()) change.set(key, value);
      changes.push(std::move(change));
    }
    Json out = Json::object({{"changes", std::move(changes)}});
    if (body_.has("wait")) out.set("wait", body_.flag("wait"));
    return out;
  }

  const ClientCall& call_;
  const ReadSecret& secret_;
  const std::int64_t now_;
  Json body_, change_ = Json::object();
  std::string query_;
  std::vector<std::pair<std::string, std::string>> places_;
};

}  // namespace

base::Result<std::int64_t> moment(std::string_view what, const std::string& text, std::int64_t now, bool before) {
  if (const auto at = api::from_rfc3339(text)) return *at;
  if (text == "now") return now;
  const auto duration = model::parse_duration_ms(text.starts_with('+') ? text.substr(1) : text, kYearsMs);
  if (!duration.ok())
    return refused(std::string(what) + " must be a duration (4h, 7d) or a moment (2026-12-31T12:00:00Z)");
  return before ? now - *duration : now + *duration;
}

base::Result<ClientRequest> make_request(const ClientCall& call, const ReadSecret& secret, std::int64_t now) {
  return RequestMaker(call, secret, now).make();
}

}  // namespace tarn
