#include "routing/files/queue_rule.h"

#include <gtest/gtest.h>

#include "routing/files/route_file.h"

namespace headgate::routing {
namespace {

RouteFile read_members(const std::string& members) {
  return parse_route_file(R"({"routes": {"a": {"route": "r", )" + members + "}}}", "r.json");
}

TEST(QueueRule, ReadsLimitsWithUnits) {
  const RouteFile file = read_members(
      R"("queue": {"maxBytes": "64MiB", "maxMessages": 1000, "maxAge": "7d", "onFull": "drop-oldest"}, "onRemove": "purge")");
  ASSERT_EQ(file.entries.size(), 1u) << file.errors.at(0).what;
  EXPECT_EQ(file.entries[0].queue,
            (QueueRule{64u << 20U, 1000u, 604'800'000, OnFull::drop_oldest, OnRemove::purge}));
}

TEST(QueueRule, IsEmptyWhereTheRouteSaysNothing) {
  EXPECT_EQ(read_members(R"("priority": 1)").entries.at(0).queue, QueueRule{});
}

TEST(QueueRule, SaysWhatIsWrongWhereAndWhatIsAllowed) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"("queue": 7)", "queue: is 7; allowed: an object with maxBytes, maxMessages, maxAge, onFull"},
      {R"("queue": {"maxByte": 1})", "queue.maxByte: unknown key; did you mean \"maxBytes\"?"},
      {R"("queue": {"maxBytes": "64 Mb"})",
       "queue.maxBytes: is \"64 Mb\"; allowed: a number of bytes or \"64MiB\", 0 for no limit"},
      {R"("queue": {"maxMessages": -1})",
       "queue.maxMessages: is -1; allowed: a number of messages, 0 for no limit"},
      {R"("queue": {"maxAge": 7})",
       "queue.maxAge: is 7; allowed: \"30s\", \"15m\", \"12h\" or \"7d\", up to 36500d; \"0s\" for no limit"},
      {R"("queue": {"onFull": "block"})",
       "queue.onFull: is \"block\"; allowed: \"reject\", \"drop-newest\", \"thin\", \"dilute\" or \"drop-oldest\""},
      {R"("onRemove": true)", "onRemove: is true; allowed: \"keep\", \"drain\" or \"purge\""}};
  for (const auto& [json, error] : table) {
    const RouteFile file = read_members(json);
    EXPECT_TRUE(file.entries.empty()) << json;
    ASSERT_EQ(file.errors.size(), 1u) << json;
    EXPECT_EQ(file.errors[0].what, "r.json: routes.a." + error);
  }
}

TEST(QueueRule, OfTwoRoutesToOneQueueTheTightestLimitHolds) {
  const QueueRule both =
      combined({.bytes_max = 10, .messages_max = 0, .age_max_ms = 7}, {.bytes_max = 20, .messages_max = 5});
  EXPECT_EQ(both, (QueueRule{.bytes_max = 10, .messages_max = 5, .age_max_ms = 7}));
}

TEST(QueueRule, OfTwoRoutesToOneQueueTheGentlerWayHolds) {
  const QueueRule both = combined({.on_full = OnFull::drop_oldest, .on_remove = OnRemove::purge},
                                  {.on_full = OnFull::dilute, .on_remove = OnRemove::drain});
  EXPECT_EQ(both, (QueueRule{.on_full = OnFull::dilute, .on_remove = OnRemove::drain}));
}

TEST(QueueRule, RoutesDisagreeOnlyAboutWhatBothSay) {
  EXPECT_FALSE(disagree({.bytes_max = 10}, {.messages_max = 5}));
  EXPECT_FALSE(disagree({.bytes_max = 10}, {.bytes_max = 10}));
  EXPECT_TRUE(disagree({.bytes_max = 10}, {.bytes_max = 11}));
}

}  // namespace
}  // namespace headgate::routing
