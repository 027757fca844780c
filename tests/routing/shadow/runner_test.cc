// Routes that count and deliver nothing, without a hub.
#include "routing/shadow/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "routing/lookup/csv_rows.h"

namespace headgate::routing {
namespace {

constexpr int64_t kHourMs = 3'600'000;

RouteSpec spec(std::string name, std::string text) {
  RouteSpec spec;
  spec.name = std::move(name);
  spec.text = std::move(text);
  return spec;
}

core::Message reading(int64_t at_ms, std::string body, std::string topic = "plant/1") {
  core::Message message;
  message.topic = std::move(topic);
  message.body = std::move(body);
  message.arrived_ms = message.arrived_hub_ms = at_ms;
  message.qos = 1;
  return message;
}

ShadowRun run_of(const std::vector<RouteSpec>& specs) {
  RouteTable::Built built = RouteTable::build(specs);
  for (const RouteStatus& status : built.statuses) EXPECT_TRUE(status.ok()) << status.name;
  return ShadowRun(std::move(built.table));
}

TEST(ShadowRunTest, CountsWhatAPickWouldHaveTakenAndShowsTheLast) {
  ShadowRun run = run_of({spec("hot", "FROM 'plant/#' WHERE $body.c > 80 INTO $upstream")});
  run.take(reading(1, R"({"c":81})"), 1);
  run.take(reading(2, R"({"c":70})"), 2);
  run.take(reading(3, R"({"c":90})", "plant/2"), 3);
  run.take(reading(4, R"({"c":99})", "office"), 4);
  run.take(reading(5, R"({})"), 5);
  const ShadowCounts counts = run.counts(0);
  EXPECT_EQ(counts.route.evaluated, 4u);
  EXPECT_EQ(counts.route.matched, 2u);
  EXPECT_EQ(counts.route.undefined, 1u);
  EXPECT_EQ(counts.route.results, 2u);
  EXPECT_EQ(counts.last.at_ms, 3);
  EXPECT_EQ(counts.last.to, "$upstream");
  EXPECT_EQ(counts.last.topic, "plant/2");
  EXPECT_EQ(counts.last.body, R"({"c":90})");
}

TEST(ShadowRunTest, CountsEachOfTwoThatWantOneEndpoint) {
  ShadowRun run =
      run_of({spec("a", "FROM 'plant/#' INTO $upstream"), spec("b", "FROM 'plant/1' INTO $upstream")});
  run.take(reading(1, "{}"), 1);
  EXPECT_EQ(run.counts(0).route.results, 1u);
  EXPECT_EQ(run.counts(1).route.results, 1u);
}

TEST(ShadowRunTest, CountsASinkEachAndNothingForNull) {
  ShadowRun run = run_of({spec("many", "FROM 'plant/#' INTO $upstream, Topic('copy'), $null")});
  run.take(reading(1, "{}"), 1);
  EXPECT_EQ(run.counts(0).route.results, 2u);
  EXPECT_EQ(run.counts(0).last.to, "topic:copy");
  EXPECT_EQ(run.counts(0).last.topic, "copy");
}

TEST(ShadowRunTest, MakesRowsAndCountsWhatTheyCannotTake) {
  ShadowRun run =
      run_of({spec("row", "SELECT $body.c AS c FROM 'plant/#' INTO Topic('rows/{$body.asset}')")});
  run.take(reading(1, R"({"c":1,"asset":"m1"})"), 1);
  run.take(reading(2, R"({"c":2,"asset":"a/b"})"), 2);
  const ShadowCounts counts = run.counts(0);
  EXPECT_EQ(counts.route.results, 1u);
  EXPECT_EQ(counts.last.topic, "rows/m1");
  EXPECT_EQ(counts.last.body, R"({"c":1})");
  EXPECT_EQ(counts.route.type_errors, 1u);
  EXPECT_THAT(counts.type_error_last, ::testing::HasSubstr("asset"));
}

TEST(ShadowRunTest, ComputesWindowsByTheTimeOfMessagesAndTicks) {
  ShadowRun run = run_of(
      {spec("mean", "SELECT avg($body.c) AS mean FROM 'plant/#' GROUP BY Tumbling(1h) INTO $upstream")});
  EXPECT_FALSE(run.advance(1000, 256));
  run.take(reading(1000, R"({"c":1})"), 1);
  run.take(reading(2000, R"({"c":3})"), 2);
  EXPECT_EQ(run.counts(0).route.results, 0u);
  EXPECT_EQ(run.counts(0).groups, 1u);
  EXPECT_GT(run.counts(0).state_bytes, 0u);
  EXPECT_FALSE(run.advance(kHourMs, 256));
  EXPECT_EQ(run.counts(0).route.results, 1u);
  EXPECT_EQ(run.counts(0).last.body, R"({"mean":2})");
  EXPECT_EQ(run.counts(0).last.topic, "routes/mean");
}

TEST(ShadowRunTest, GivesManyResultsInSteps) {
  ShadowRun run = run_of({spec(
      "n",
      "SELECT $body.k AS k, count(*) AS n FROM 'plant/#' GROUP BY $body.k, Tumbling(1h) INTO $upstream")});
  for (int k = 0; k < 100; ++k) run.take(reading(1000, R"({"k":)" + std::to_string(k) + "}"), 1);
  EXPECT_TRUE(run.advance(kHourMs, 40));
  EXPECT_EQ(run.counts(0).route.results, 40u);
  EXPECT_TRUE(run.advance(kHourMs, 40));
  EXPECT_FALSE(run.advance(kHourMs, 40));
  EXPECT_EQ(run.counts(0).route.results, 100u);
}

TEST(ShadowRunTest, RemembersForFunctionsThatDo) {
  ShadowRun run = run_of({spec("steps", "FROM 'plant/#' WHERE changed($body.c, 5) INTO $upstream")});
  for (const char* body : {R"({"c":1})", R"({"c":3})", R"({"c":9})"}) run.take(reading(1, body), 1);
  EXPECT_EQ(run.counts(0).route.evaluated, 3u);
  EXPECT_EQ(run.counts(0).route.matched, 2u);
  EXPECT_EQ(run.counts(0).route.results, 2u);
  EXPECT_EQ(run.counts(0).last.body, R"({"c":9})");
}

TEST(ShadowRunTest, KeepsTheBeginningOfALargeBody) {
  ShadowRun run = run_of({spec("all", "FROM 'plant/#' INTO $upstream")});
  run.take(reading(1, std::string(100'000, 'x')), 1);
  EXPECT_EQ(run.counts(0).last.body.size(), ShadowRun::kSampleBytesMax);
}

TEST(ShadowRunTest, NeitherTakesHiddenTopicsNorInputs) {
  ShadowRun run = run_of({spec("all", "FROM /messages/* INTO $upstream")});
  run.take(reading(1, "{}", "$hidden"), 1);
  run.take(reading(1, "{}", "modules/m/inputs/i"), 2);
  EXPECT_EQ(run.counts(0).route.evaluated, 0u);
}

// ---- lookup tables ----

TableSource limits(std::string_view rows) {
  TableSource source;
  source.name = "limits";
  source.from = "limits.csv";
  source.rows = std::make_shared<const RowSet>(*parse_csv_rows(rows, "limits.csv", "", {}));
  source.hash = source.rows->hash();
  return source;
}

ShadowRun looking_up(const TableSource& source) {
  const std::vector<RouteSpec> specs = {
      spec("s", "SELECT lookup('limits', $body.m).max AS max FROM 'plant/#' INTO $upstream")};
  RouteTable::Built built = RouteTable::build(specs, {&source, 1});
  EXPECT_TRUE(built.statuses[0].ok());
  return ShadowRun(std::move(built.table));
}

TEST(ShadowRunTest, LooksUpInTheRowsOfAFileAsTheyAreNow) {
  ShadowRun run = looking_up(limits("m,max\na,10\n"));
  run.take(reading(1, R"({"m":"a"})"), 1);
  EXPECT_EQ(run.counts(0).last.body, R"({"max":10})");
  const TableSource changed = limits("m,max\na,20\n");
  run.use_tables({&changed, 1});
  run.take(reading(2, R"({"m":"a"})"), 2);
  EXPECT_EQ(run.counts(0).last.body, R"({"max":20})");
  EXPECT_EQ(run.counts(0).route.results, 2u);
}

TEST(ShadowRunTest, ChangesTablesWithRetainedMessagesBeforeItTakesThem) {
  TableSource source;
  source.name = "limits";
  source.kind = TableSource::Kind::topics;
  source.from = "plant/+";
  source.key_level = 2;
  ShadowRun run = looking_up(source);
  core::Message row = reading(1, R"({"m":"a","max":10})", "plant/a");
  row.retain = true;
  run.take(row, 1);
  EXPECT_EQ(run.counts(0).last.body, R"({"max":10})");
  run.take(reading(2, R"({"m":"a","max":20})", "plant/a"), 2);
  EXPECT_EQ(run.counts(0).last.body, R"({"max":10})") << "a message that is not retained changes no table";
}

}  // namespace
}  // namespace headgate::routing
