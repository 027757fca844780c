// A document sets routes, tables, limits of the store and of links, and nothing else.
#include "hub/remote/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "hub/config/keys.h"
#include "hub/config/route_files.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Config local() {
  return *parse_config(R"({
    "hub_id": "site-7", "time_to_live_s": 60, "store": {"queue_bytes_max": "1MiB"},
    "routes": {"a": "FROM 'a' INTO $upstream", "b": "FROM 'b' INTO $upstream"},
    "links": {"fiber": {"host": "f"}, "lte": {"host": "l", "budget": {"day_bytes": 1000}}}})",
                       "headgate.json");
}

std::string error(std::string_view document) {
  const auto parsed = parse_document(document);
  if (!parsed) return parsed.error().what;
  const auto laid = lay_over(local(), *parsed);
  return laid ? "it was taken" : laid.error().what;
}

Config laid(std::string_view document) { return *lay_over(local(), *parse_document(document)); }

std::vector<std::string> routes_of(const Config& config) {
  RouteFolder folder;
  std::vector<std::string> texts;
  for (const auto& entry : collect_routes(config, "headgate.json", folder, {}, {}).entries)
    texts.push_back(entry.name + ": " + entry.text);
  return texts;
}

TEST(Documents, SetLimitsAndLeaveWhatTheyDoNotName) {
  const Config config = laid(R"({"time_to_live_s": 5, "store": {"on_full": "drop-oldest"},
                                "links": {"lte": {"rate_bytes_per_s": 2000, "budget": {"month_bytes": 9}}}})");
  EXPECT_EQ(config.time_to_live_s, 5u);
  EXPECT_EQ(config.queues.queue.bytes_max, 1048576u);
  EXPECT_EQ(config.queues.queue.on_full, core::OnFull::drop_oldest);
  EXPECT_EQ(config.links[1].terms.rate_bytes_per_s, 2000u);
  EXPECT_EQ(config.links[1].terms.day_bytes_max, 1000u);
  EXPECT_EQ(config.links[1].terms.month_bytes_max, 9u);
  EXPECT_EQ(config.links[0], local().links[0]);
}

TEST(Documents, PutRoutesOverThoseOfTheFilesAndTakeSomeAway) {
  EXPECT_THAT(
      routes_of(laid(R"({"routes": {"a": "FROM 'x' INTO $upstream", "c": "FROM 'c' INTO $upstream"}})")),
      ElementsAre("a: FROM 'x' INTO $upstream", "c: FROM 'c' INTO $upstream", "b: FROM 'b' INTO $upstream"));
  EXPECT_THAT(routes_of(laid(R"({"routes": {"a": null}})")), ElementsAre("b: FROM 'b' INTO $upstream"));
  EXPECT_THAT(routes_of(laid("{}")), ElementsAre("a: FROM 'a' INTO $upstream", "b: FROM 'b' INTO $upstream"));
}

TEST(Documents, HideWhatIsWrongWithARouteThatTheyReplace) {
  Config config = local();
  config.routes.errors.push_back({"headgate.json", "bad", "headgate.json: route \"bad\": is wrong"});
  RouteFolder folder;
  const auto with = [&](std::string_view document) {
    return collect_routes(*lay_over(config, *parse_document(document)), "headgate.json", folder, {}, {})
        .errors;
  };
  EXPECT_THAT(with("{}"), ::testing::SizeIs(1));
  EXPECT_THAT(with(R"({"routes": {"bad": null}})"), IsEmpty());
}

TEST(Documents, MaySetNoKeyThatIsForTheHubsOwnFile) {
  for (const Key<Config>& key : config_keys()) {
    if (is_remote(key.path) || key.path == "routes" || key.path == "tables" || key.path == "links") continue;
    std::string document = "1";
    std::string_view rest = key.path;
    while (!rest.empty()) {
      const size_t dot = rest.rfind('.');
      const std::string_view name = rest.substr(dot == std::string_view::npos ? 0 : dot + 1);
      document = "{\"" + std::string(name) + "\": " + document + "}";
      rest = dot == std::string_view::npos ? "" : rest.substr(0, dot);
    }
    EXPECT_THAT(error(document), HasSubstr("is for the hub's own file; leave it out of the document"))
        << key.path;
  }
}

TEST(Documents, MaySetNoKeyOfALinkButItsLimits) {
  for (const Key<upstream::NamedLink>& key : link_keys()) {
    if (is_remote_of_link(key.path)) continue;
    const std::string name(key.path.substr(0, key.path.find('.')));
    EXPECT_EQ(
        error(R"({"links": {"lte": {")" + name + R"(": 1}}})"),
        "remote document: links.lte." + name + ": is for the hub's own file; leave it out of the document");
  }
}

TEST(Documents, SayWhatIsWrongAndWhere) {
  EXPECT_EQ(error(R"({"links": {"sat": {"rate_bytes_per_s": 1}}})"),
            "remote document: links.sat: the hub has no link of that name");
  EXPECT_THAT(error(R"({"links": {"lte": {"budget": {"day_byts": 1}}}})"),
              HasSubstr("links.lte.budget.day_byts: unknown key; did you mean \"day_bytes\"?"));
  EXPECT_THAT(
      error(R"({"store": {"queue_bytes_max": -1}, "time_to_live_s": "soon"})"),
      ::testing::AllOf(HasSubstr("store.queue_bytes_max: is -1"), HasSubstr("time_to_live_s: is \"soon\"")));
  EXPECT_THAT(error(R"({"routes": {"a": {"priority": 1}}})"),
              HasSubstr("remote document: routes.a.route: is missing"));
  EXPECT_THAT(error(R"({"routes": []})"), HasSubstr("remote document"));
  EXPECT_THAT(error(R"({"limts": {}})"), HasSubstr("limts: unknown key"));
  EXPECT_THAT(error("{"), HasSubstr("remote document:1:"));
}

TEST(Documents, SetWhatIsDesiredOfTwins) {
  const auto document =
      parse_document(R"({"twins": {"edge-1/sensor": {"b": 1, "a": [2]}, "$edgeHub": {"routes": {}}}})");
  ASSERT_TRUE(document);
  ASSERT_EQ(document->twins.size(), 2u);
  EXPECT_EQ(document->twins[0].id.id(), "edge-1/sensor");
  EXPECT_EQ(document->twins[0].properties, R"({"b":1,"a":[2]})");
  EXPECT_EQ(document->settings, "{}");
}

TEST(Documents, NameEachTwinThatCannotBeSet) {
  EXPECT_EQ(
      error(R"({"twins": {"a//b": {}, "leaf-1": {"x.y": 1}, "leaf-2": {"a": null}, "leaf-3": 7}})"),
      "remote document: twins[\"a//b\"]: is no identity; allowed: DEVICE or DEVICE/MODULE\n"
      "remote document: twins.leaf-1: a name may not have a blank, a control character, or one of . $ #, at 'x.y'\n"
      "remote document: twins.leaf-2: null is no value, at 'a'\n"
      "remote document: twins.leaf-3: it is no JSON object");
  EXPECT_EQ(error(R"({"twins": []})"),
            "remote document: twins: is a list; allowed: {\"DEVICE/MODULE\": {…}}");
}

// Keys that a schema allows, each with its path.
std::set<std::string> keys_in(const nlohmann::json& schema, const std::string& before = "") {
  std::set<std::string> keys;
  if (!schema.contains("properties")) return {before.substr(0, before.size() - 1)};
  for (const auto& [name, value] : schema["properties"].items())
    keys.merge(keys_in(value, before + name + "."));
  return keys;
}

TEST(Documents, MaySetExactlyTheKeysOfTheirSchema) {
  std::ifstream file(HEADGATE_REMOTE_SCHEMA);
  const auto schema = nlohmann::json::parse(file);
  std::set<std::string> wanted = {"routes", "tables", "links", "twins"};
  for (const Key<Config>& key : config_keys())
    if (is_remote(key.path)) wanted.emplace(key.path);
  EXPECT_EQ(keys_in(schema), wanted);
  std::set<std::string> of_links;
  for (const Key<upstream::NamedLink>& key : link_keys())
    if (is_remote_of_link(key.path)) of_links.emplace(key.path);
  EXPECT_EQ(keys_in(schema["properties"]["links"]["additionalProperties"]), of_links);
}

TEST(Documents, NeedALinkWithANameToLimitIt) {
  Config config;
  config.upstream.link.host = "broker";
  const auto laid = lay_over(config, *parse_document(R"({"links": {"upstream": {}}})"));
  EXPECT_THAT(laid.error().what, HasSubstr("the hub's link has no name; give it one in the hub's own file"));
}

}  // namespace
}  // namespace headgate::hub
