#include <gtest/gtest.h>

#include "routing/table/route_table.h"
#include "tests/broker/codec/allocation_count.h"

namespace headgate::routing {
namespace {

// Allocations of matching one message, once the context has met it.
size_t allocations(const char* condition) {
  RouteSpec spec;
  spec.name = "r";
  spec.text = std::string("FROM /messages/modules/sensor/* WHERE ") + condition + " INTO $upstream";
  const auto built = RouteTable::build(std::span(&spec, 1));
  EXPECT_TRUE(built.statuses[0].ok()) << condition;
  core::Properties properties;
  properties.user = {{"level", "a level whose name is too long for a small string"}, {"temp", "71.5"}};
  core::Message message;
  message.topic = "modules/sensor/outputs/a/rather/long/output/name";
  message.body =
      R"({"machine":{"temperature":71.25,"name":"a name that is too long for a small string"},"list":[1,2]})";
  message.properties = std::make_shared<core::Properties>(std::move(properties));
  MatchContext context;
  std::vector<Match> matches;
  built.table->match(message, context, matches);
  EXPECT_EQ(matches.size(), 1u) << condition;
  const size_t before = testing::allocation_count();
  built.table->match(message, context, matches);
  return testing::allocation_count() - before;
}

TEST(Allocation, IsNotNeededOnceTheContextIsWarm) {
  for (const char* condition :
       {"true", "as_number(temp) > 70", "starts_with(level, 'a level')",
        "$body.machine.temperature > 70 AND $body.list[1] = 2", "$body.machine.name != 'x'",
        "$enqueuedTime > '1960'", "$topic = 'modules/sensor/outputs/a/rather/long/output/name'",
        "upper(level || ' and ' || lower($body.machine.name)) != 'x'",
        "concat(level, temp, $outputName) != 'x'", "topic_level(2) = 'sensor' AND topic_level(-1) = 'name'",
        "NOT is_defined(payload())"}) {
    EXPECT_EQ(allocations(condition), 0u) << condition;
  }
}

TEST(Allocation, IsNotNeededForJsonTextOnceItWasMade) {
  core::Message message;
  message.body =
      R"({"machine":{"temperature":71.25,"name":"a name that is too long for a small string"},"list":[1]})";
  const BodyPath machine = *parse_body_path("machine");
  const BodyPath list = *parse_body_path("list");
  MessageFields fields;
  size_t bytes = 0;
  const auto read = [&] {
    fields.bind(message);
    bytes = fields.body_json(machine, BodyMode::auto_detect).size() +
            fields.body_json(list, BodyMode::auto_detect).size();
  };
  read();
  const size_t before = testing::allocation_count();
  read();
  EXPECT_EQ(testing::allocation_count() - before, 0u);
  EXPECT_GT(bytes, 70u);
}

}  // namespace
}  // namespace headgate::routing
