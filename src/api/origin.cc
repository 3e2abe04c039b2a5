#include "api/origin.h"

#include <string>
#include <string_view>

#include "api/text.h"

namespace api {

bool from_another_origin(const net::HttpRequest& request) {
  const std::string* site = request.header("Sec-Fetch-Site");
  if (site != nullptr && *site != "same-origin" && *site != "none") return true;
  const std::string* origin = request.header("Origin");
  if (origin == nullptr) return false;
  const std::string* host = request.header("Host");
  const auto scheme = origin->find("://");
  return host == nullptr || scheme == std::string::npos ||
         !same_word(std::string_view(*origin).substr(scheme + 3), *host);
}

bool says_json(const net::HttpRequest& request) {
  const std::string* type = request.header("Content-Type");
  if (type == nullptr) return false;
  std::string_view media = std::string_view(*type).substr(0, type->find(';'));
  while (media.ends_with(' ')) media.remove_suffix(1);
  return same_word(media, "application/json");
}

}  // namespace api
