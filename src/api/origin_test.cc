// What a browser may ask of the service, and for whom.
#include "api/origin.h"

#include <gtest/gtest.h>

#include <string>

#include "support/isolation_town.h"

namespace {

using support::IsolationTown;

TEST(Origin, OfAnotherPageMayReadButNotChange) {
  IsolationTown town;
  const auto status = [&](const std::string& method, const std::string& target, IsolationTown::Headers headers) {
    headers.emplace_back("Host", "hil.example.org:7600");
    return town.ask("root", method, target, method == "POST" ? R"({"name":"x"})" : "", headers).status;
  };
  const IsolationTown::Headers elsewhere[] = {
      {{"Sec-Fetch-Site", "cross-site"}},
      {{"Sec-Fetch-Site", "same-site"}},
      {{"Origin", "https://evil.example.org"}},
      {{"Origin", "null"}},
      {{"Origin", "https://hil.example.org"}},
      {{"Origin", "https://hil.example.org:7600.evil.org"}},
      {{"Sec-Fetch-Site", "same-origin"}, {"Origin", "https://evil.example.org"}},
  };
  for (const auto& headers : elsewhere) {
    const std::size_t writes = town.store.writes();
    EXPECT_EQ(status("POST", "/v1/projects", headers), 403U);
    EXPECT_EQ(status("DELETE", "/v1/projects/empty", headers), 403U);
    EXPECT_EQ(status("PUT", "/v0/project/violet", headers), 403U);
    EXPECT_EQ(status("DELETE", "/v0/project/empty", headers), 403U);
    EXPECT_EQ(town.store.writes(), writes);
    EXPECT_EQ(status("GET", "/v1/projects", headers), 200U);
  }
  EXPECT_EQ(
      status("POST", "/v1/projects", {{"Sec-Fetch-Site", "same-origin"}, {"Origin", "https://HIL.example.org:7600"}}),
      201U);
  EXPECT_EQ(status("DELETE", "/v1/projects/x", {{"Sec-Fetch-Site", "none"}}), 204U);
}

TEST(Origin, BodiesSayThatTheyAreJson) {
  IsolationTown town;
  const auto created = [&](const std::string& name, const std::string& type) {
    return town.ask("root", "POST", "/v1/projects", R"({"name":")" + name + "\"}", {{"Content-Type", type}});
  };
  for (const char* other : {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                            "application/jsonp", "text/plain; application/json"})
    EXPECT_EQ(created("x", other).status, 415U) << other;
  EXPECT_EQ(created("x", "application/json").status, 201U);
  EXPECT_EQ(created("y", "Application/JSON ; charset=utf-8").status, 201U);
  EXPECT_EQ(town.ask("root", "DELETE", "/v1/projects/y", "", {}).status, 204U);
}

}  // namespace
