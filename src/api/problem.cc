#include "api/problem.h"

#include "api/json.h"

namespace api {

namespace {

using base::Code;

constexpr std::string_view kOurTrouble = "the service cannot use its storage now; try again, and tell who runs it";

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kInvalidInput: return "invalid_input";
    case Code::kUnreachable: return "unreachable";
    case Code::kPeerMisbehaved:
    case Code::kSomebodyMisbehaved: return "peer_misbehaved";
    case Code::kDeadline: return "deadline";
    case Code::kCancelled: return "cancelled";
    case Code::kStorage: return "storage";
    case Code::kUnauthenticated: return "unauthenticated";
    case Code::kForbidden: return "forbidden";
    case Code::kNotFound: return "not_found";
    case Code::kConflict: return "conflict";
  }
  return "error";
}

std::string_view title_of(unsigned status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Internal Server Error";
  }
}

std::string_view hil_type_of(Code code, bool creates) {
  switch (code) {
    case Code::kInvalidInput: return "BadArgumentError";
    case Code::kUnauthenticated:
    case Code::kForbidden: return "AuthorizationError";
    case Code::kNotFound: return "NotFoundError";
    case Code::kConflict: return creates ? "DuplicateError" : "BlockedError";
    case Code::kUnreachable:
    case Code::kDeadline:
    case Code::kPeerMisbehaved:
    case Code::kSomebodyMisbehaved: return "OBMError";
    case Code::kStorage:
    case Code::kCancelled: return "ServerError";
  }
  return "ServerError";
}

}  // namespace

unsigned status_of(Code code) {
  switch (code) {
    case Code::kInvalidInput: return 400;
    case Code::kUnauthenticated: return 401;
    case Code::kForbidden: return 403;
    case Code::kNotFound: return 404;
    case Code::kConflict: return 409;
    case Code::kUnreachable:
    case Code::kPeerMisbehaved:
    case Code::kSomebodyMisbehaved: return 502;
    case Code::kCancelled:
    case Code::kStorage: return 503;
    case Code::kDeadline: return 504;
  }
  return 500;
}

unsigned hil_status_of(Code code) {
  switch (code) {
    case Code::kInvalidInput: return 400;
    case Code::kUnauthenticated:
    case Code::kForbidden: return 401;
    case Code::kNotFound: return 404;
    case Code::kConflict: return 409;
    case Code::kUnreachable:
    case Code::kPeerMisbehaved:
    case Code::kSomebodyMisbehaved:
    case Code::kCancelled:
    case Code::kStorage:
    case Code::kDeadline: return 500;
  }
  return 500;
}

net::HttpResponse problem(unsigned status, std::string_view code, std::string_view detail, std::string_view field) {
  Json body = Json::object(
      {{"type", "about:blank"}, {"title", title_of(status)}, {"status", status}, {"code", code}, {"detail", detail}});
  if (!field.empty()) body.set("field", field);
  return {.status = status, .content_type = "application/problem+json", .body = body.dump()};
}

net::HttpResponse problem(const base::Error& error, std::string_view field) {
  return problem(status_of(error.code), code_name(error.code),
                 error.code == Code::kStorage ? kOurTrouble : std::string_view(error.message), field);
}

net::HttpResponse hil_error(unsigned status, std::string_view type, std::string_view message) {
  const Json body = Json::object({{"type", type}, {"msg", message}});
  return {.status = status, .content_type = "application/json", .body = body.dump()};
}

net::HttpResponse hil_error(const base::Error& error, std::string_view field, bool creates) {
  const std::string_view said = error.code == Code::kStorage ? kOurTrouble : std::string_view(error.message);
  return hil_error(hil_status_of(error.code), hil_type_of(error.code, creates),
                   field.empty() ? std::string(said) : std::string(field) + ": " + std::string(said));
}

}  // namespace api
