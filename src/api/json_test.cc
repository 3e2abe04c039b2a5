#include "api/json.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "api/schema.h"

namespace {

using api::Json;

rc::Gen<Json> value_of_depth(int depth) {
  auto leaf =
      rc::gen::oneOf(rc::gen::just(Json()), rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return Json(b); }),
                     rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t n) { return Json(n); }),
                     rc::gen::map(rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127)),
                                  [](const std::string& text) { return Json(text); }));
  if (depth == 0) return leaf;
  auto inside = rc::gen::container<std::vector<Json>>(value_of_depth(depth - 1));
  return rc::gen::oneOf(leaf,
                        rc::gen::map(inside, [](std::vector<Json> items) { return Json::array(std::move(items)); }),
                        rc::gen::map(inside, [](const std::vector<Json>& items) {
                          Json out = Json::object();
                          for (std::size_t i = 0; i < items.size(); ++i) out.set("m" + std::to_string(i), items[i]);
                          return out;
                        }));
}

RC_GTEST_PROP(Json, ComesBackAsItWasWritten, ()) {
  const Json value = *value_of_depth(2);
  const auto again = Json::parse(value.dump());
  RC_ASSERT(again.ok());
  RC_ASSERT(*again == value);
}

std::string fault_of(const std::string& text) {
  const auto value = Json::parse(text);
  return value.ok() ? "" : value.error().message;
}

TEST(Json, RefusesWhatIsNotOneValueInUtf8) {
  for (const char* text : {"", "{", "[1,]", "{} {}", "nul", "'a'", "{\"a\" 1}", "\"\xff\"", "01", "1e999", "// x\n1"})
    EXPECT_NE(fault_of(text), "") << text;
}

TEST(Json, RefusesAMemberTwice) { EXPECT_EQ(fault_of(R"({"a":1,"a":2})"), "has a member twice"); }

TEST(Json, IsLimitedInDepthMembersAndValues) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_EQ(fault_of(nested(Json::kMaxDepth)), "");
  EXPECT_EQ(fault_of(nested(Json::kMaxDepth + 1)), "is nested too deeply");
  std::string wide = "{", many = "[0";
  for (std::size_t i = 0; i <= Json::kMaxMembers; ++i) wide += (i ? ",\"" : "\"") + std::to_string(i) + "\":0";
  for (std::size_t i = 0; i < Json::kMaxValues; ++i) many += ",0";
  EXPECT_EQ(fault_of(wide + "}"), "has too many members in one object");
  EXPECT_EQ(fault_of(many + "]"), "has too many values");
}

TEST(Json, WipesASecretHoweverDeepAndLeavesTheRest) {
  Json body = *Json::parse(R"({"user":"u","bmc":{"password":"hush","user":"v"},"password":"too"})");
  body.wipe_member("password");
  EXPECT_EQ(body.dump(), R"({"user":"u","bmc":{"password":"","user":"v"},"password":""})");
}

std::string schema_fault(std::string_view schema, const std::string& text) {
  const auto fault = api::check(schema, *Json::parse(text));
  return fault ? fault->field + " " + fault->message : "";
}

TEST(Schema, NamesTheFieldAndWhatIsWrongWithIt) {
  EXPECT_EQ(schema_fault("NewProject", R"({"name":"p"})"), "");
  EXPECT_EQ(schema_fault("NewProject", R"({"name":"p","node_quota":null})"), "");
  EXPECT_EQ(schema_fault("NewProject", "{}"), "name is missing");
  EXPECT_EQ(schema_fault("NewProject", R"({"name":7})"), "name must be of type string");
  EXPECT_EQ(schema_fault("NewProject", R"({"name":""})"), "name must not be empty");
  EXPECT_EQ(schema_fault("NewProject", R"({"name":"p","nodes":1})"), "nodes is not known here");
  EXPECT_EQ(schema_fault("NewProject", R"({"name":"p","node_quota":-1})"), "node_quota must be at least 0");
  EXPECT_EQ(schema_fault("NewProject", R"({"name":"p","node_quota":1.5})"),
            "node_quota must be of type integer or null");
  EXPECT_EQ(schema_fault("NewProject", "[]"), " must be of type object");
  EXPECT_EQ(schema_fault("NewChanges", R"({"changes":[]})"), "changes must not be empty");
  EXPECT_EQ(schema_fault("NewChanges", R"({"changes":[{"kind":"cut","node":"n","nic":"i","network":"w"}]})"),
            "changes[0].kind must be one of \"connect\", \"detach\"");
  EXPECT_EQ(schema_fault("NewNode", R"({"name":"n","bmc":{"type":"t","address":"a","user":"u"}})"),
            "bmc.password is missing");
}

}  // namespace
