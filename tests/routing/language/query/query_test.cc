// What a computing route is compiled to.
#include "routing/language/query.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "routing/language/print.h"
#include "routing/table/compile.h"

namespace headgate::routing {
namespace {

std::string problems(const std::string& text, Semantics semantics = Semantics::strict) {
  std::vector<Diagnostic> found;
  (void)compile_route(text, semantics, BodyMode::auto_detect, found);
  std::string rendered;
  for (const Diagnostic& diagnostic : found) rendered += render(diagnostic, text);
  return rendered;
}

CompiledRoute compile_query(const std::string& text) {
  std::vector<Diagnostic> found;
  auto route = compile_route(text, Semantics::strict, BodyMode::auto_detect, found);
  EXPECT_TRUE(route) << problems(text);
  return route ? std::move(*route) : CompiledRoute{};
}

Query query(const std::string& text) { return compile_query(text).query; }

// The window of a route with that GROUP BY.
Window window(const std::string& text) {
  return query("SELECT count(*) AS n FROM 'a' GROUP BY " + text + " INTO $null").window;
}

TEST(Query, CompilesAllExamplesOfTheLanguage) {
  for (
      const char* text : {
          "FROM /messages/modules/tempSensor/outputs/* INTO $upstream",
          "SELECT * FROM /messages/* WHERE NOT IS_DEFINED($connectionModuleId) INTO $upstream",
          R"(FROM /messages/modules/sensor/outputs/raw INTO BrokeredEndpoint("/modules/ml/inputs/raw"))",
          R"(FROM /messages/modules/ml/outputs/score WHERE $body.score >= 0.8
              INTO BrokeredEndpoint("/modules/filter/inputs/anomaly"))",
          R"(SELECT $body.asset AS asset, count(*) AS anomalies, max($body.score) AS score_max,
                     percentile($body.temp, 0.95) AS t95, $window.start AS t0
              FROM /messages/modules/filter/outputs/confirmed TIMESTAMP BY $body.ts OVER $body.asset
              GROUP BY $body.asset, Tumbling(5m) HAVING count(*) > 0 INTO $upstream)",
          R"(SELECT $body.asset AS asset, $body.score AS score, $body.ts AS ts
              FROM /messages/modules/ml/outputs/score
              WHERE rising($body.score > 0.95) OVER ($body.asset) INTO Upstream("alerts/{$body.asset}"))",
          R"(FROM "plc/+/temperature" WHERE changed($body.value, 0.5, 10m) INTO $upstream)",
          R"(FROM "meter/#" WHERE changed($body.kwh, "1%") AND $body.quality = 'good' INTO $upstream)",
          R"(SELECT avg($body.rms) AS rms, stddev($body.rms) AS sd, min($body.rms) AS lo, max($body.rms) AS hi
              FROM /messages/modules/vib/* GROUP BY $connectionModuleId, Hopping(1m, 10s)
              HAVING stddev($body.rms) > 0.2 INTO Topic("insights/vibration"))",
          R"(FROM "gps/+" WHERE every(30s) INTO $upstream)",
          R"(FROM "camera/+/event" WHERE sample(0.05) OR $body.class = 'person' INTO $upstream)",
          R"(SELECT first($body.ts) AS start, last($body.ts) AS stop, count(*) AS n, delta($body.kwh) AS kwh
              FROM "ev/+/charge" GROUP BY $body.session, Session(2m, 4h) INTO $upstream)",
          R"(SELECT count_if($body.ok = false) AS bad, count(*) AS n FROM "line/1/part"
              GROUP BY Count(100) INTO Upstream("quality/line1"))",
          R"(FROM /messages/modules/boiler/* WHERE holds($body.p > 8.5, 15s)
              INTO BrokeredEndpoint("/modules/trip/inputs/in"))",
          R"(SELECT distinct($body.tag) AS tags, rate($body.counter) AS per_s FROM "rfid/+/read"
              WHERE dedup($body.epc, 10m) GROUP BY $body.gate, TumblingWindow(minute, 15)
              INTO $upstream, Topic("rfid/summary"))",
      }) {
    EXPECT_EQ(problems(text), "") << text;
  }
}

TEST(Windows, ReadStreamAnalyticsSpellingsAsTheShortOnes) {
  const std::pair<const char*, std::vector<const char*>> spellings[] = {
      {"Tumbling(15m)",
       {"TumblingWindow(minute, 15)", "TUMBLING(mi, 15)", "tumblingwindow(n, 15)",
        "Tumbling(Duration(minute, 15))", "TumblingWindow(Duration(15m))", "Tumbling(second, 900)",
        "Hopping(15m, 15m)", "Tumbling(15m, 0s)"}},
      {"Tumbling(1h, 5m)",
       {"TumblingWindow(hour, 1, minute, 5)", "TumblingWindow(Duration(hh, 1), Offset(minute, 5))",
        "TumblingWindow(minute, 60, 5)", "Tumbling(hour, 1, 5m)"}},
      {"Tumbling(1s, 999ms)",
       {"TumblingWindow(Duration(second, 1), Offset(millisecond, -1))", "Tumbling(1s, -1ms)"}},
      {"Hopping(1m, 10s)",
       {"HoppingWindow(minute, 1, second, 10)", "HoppingWindow(second, 60, 10)",
        "HOPPING(Duration(minute, 1), Hop(second, 10))", "HoppingWindow(ss, 60, 10, 0)"}},
      {"Hopping(1d, 1h, 30m)", {"HoppingWindow(Duration(day, 1), Hop(hour, 1), Offset(minute, 30))"}},
      {"Session(2m, 4h)",
       {"SessionWindow(minute, 2, 240)", "SessionWindow(minute, 2, hour, 4)",
        "SESSION(Timeout(minute, 2), MaxDuration(hour, 4))"}},
      {"Sliding(10s)", {"SlidingWindow(second, 10)", "SLIDING(Duration(ss, 10))"}},
      {"Count(100)", {"CountWindow(100)", "COUNT(100)", "Count(100, 100)"}},
      {"Count(100, 10)", {"countwindow(100, 10)"}},
  };
  for (const auto& [shortest, others] : spellings) {
    EXPECT_EQ(print(window(shortest)), shortest);
    for (const char* other : others) EXPECT_EQ(window(other), window(shortest)) << other;
  }
}

TEST(Windows, HoldTheirTimesInMilliseconds) {
  const Window hopping = window("Hopping(1m, 10s, 5s)");
  EXPECT_EQ(hopping.kind, Window::Kind::hopping);
  EXPECT_EQ(hopping.size_ms, 60'000);
  EXPECT_EQ(hopping.hop_ms, 10'000);
  EXPECT_EQ(hopping.offset_ms, 5000);
  const Window session = window("Session(2m, 4h)");
  EXPECT_EQ(session.gap_ms, 120'000);
  EXPECT_EQ(session.size_ms, 4 * 3'600'000);
  EXPECT_EQ(window("Tumbling(1m)").hop_ms, 60'000);
  EXPECT_EQ(window("Count(100)").hop_messages, 100u);
}

TEST(Query, NamesItemsByTheLastNameOfTheirPath) {
  const Query found = query(
      "SELECT avg($body.m.rms), count(*), percentile($body.t, 0.5), abs(max($body.n)), key, $window.start, "
      "last($body.list[2]) FROM 'a' GROUP BY key, Tumbling(1m) INTO $null");
  std::vector<std::string> names;
  for (const SelectItem& item : found.items) names.push_back(item.name);
  EXPECT_EQ(names, (std::vector<std::string>{"avg_rms", "count", "percentile_t", "abs_max_n", "key", "start",
                                             "last_list"}));
}

TEST(Query, KeepsWhatIsWrittenAfterAs) {
  const Query found = query("SELECT *, 1 + 2 AS sum, $body.a AS 'with blanks', b AS as FROM 'a' INTO $null");
  ASSERT_EQ(found.items.size(), 3u);
  EXPECT_TRUE(found.all);
  EXPECT_EQ(found.items[1].name, "with blanks");
  EXPECT_EQ(found.items[2].name, "as");
}

TEST(Query, PassesOnWhatHasNoListAndNoWindow) {
  EXPECT_TRUE(query("SELECT * FROM 'a' INTO $null").passes_on());
  EXPECT_FALSE(query("SELECT * FROM 'a' INTO $null").has_state());
  EXPECT_TRUE(query("FROM 'a' WHERE every(30s) INTO $null").has_state());
  EXPECT_FALSE(query("SELECT *, 1 AS one FROM 'a' INTO $null").passes_on());
}

TEST(Query, PutsKeysAndWindowFieldsWhereTheyAreNamed) {
  const Query found = query(
      "SELECT $body.a || '!' AS x, $window.end AS t, Site AS s FROM 'a' GROUP BY $body.a, site, Tumbling(1m) "
      "HAVING $body.a != 'b' AND $WINDOW.complete INTO $null");
  EXPECT_EQ(found.keys.size(), 2u);
  const auto count = [](const Expression& value, Op op) {
    return std::count_if(value.nodes.begin(), value.nodes.end(), [&](const Node& n) { return n.op == op; });
  };
  EXPECT_EQ(count(found.items[0].value, Op::group_key), 1);
  EXPECT_EQ(count(found.items[0].value, Op::body_or_property), 0);
  EXPECT_EQ(found.items[1].value.nodes.back().op, Op::window_field);
  EXPECT_EQ(found.items[1].value.nodes.back().left, static_cast<NodeIndex>(WindowField::end));
  EXPECT_EQ(found.items[2].value.nodes.back().left, 1u);
  EXPECT_EQ(count(found.having, Op::group_key), 1);
  EXPECT_EQ(count(found.having, Op::window_field), 1);
}

TEST(Query, TakesAWholeExpressionForAKey) {
  const Query found = query(
      "SELECT lower($body.a) AS a, length(lower($body.a)) AS n FROM 'a' GROUP BY lower($body.a), Tumbling(1m) "
      "INTO Topic('x/{lower($body.a)}')");
  EXPECT_EQ(found.items[0].value.nodes.size(), 1u);
  EXPECT_EQ(found.items[1].value.nodes.size(), 2u);
}

TEST(Query, KeepsOneOfEqualAggregates) {
  const Query found = query(
      "SELECT avg($body.a) AS a, avg({$body.a}) AS b, AVG( $body.a ) + 1 AS c FROM 'a' GROUP BY Tumbling(1m) "
      "HAVING avg($body.a) > 5 INTO $null");
  EXPECT_EQ(found.aggregates.size(), 2u);
}

TEST(Query, ReadsTheParametersOfAggregates) {
  const Query found = query(
      "SELECT percentile($body.a, 0.95) AS p, median($body.a) AS m, collect($body.a) AS c, collect($body.a, 5) AS d, "
      "argmax($body.id, $body.a) AS top, avg(payload()) FILTER (WHERE topic_level(-1) = 'temp') AS t "
      "FROM 'a' GROUP BY Count(9) INTO $null");
  ASSERT_EQ(found.aggregates.size(), 6u);
  EXPECT_EQ(found.aggregates[0].parameter, 0.95);
  EXPECT_EQ(found.aggregates[1].parameter, 0.5);
  EXPECT_EQ(found.aggregates[2].parameter, 100);
  EXPECT_EQ(found.aggregates[3].parameter, 5);
  EXPECT_FALSE(found.aggregates[4].by.empty());
  EXPECT_FALSE(found.aggregates[5].filter.empty());
}

TEST(Query, ReadsTheParametersOfFunctionsThatRemember) {
  const Query found = query(
      "SELECT lag($body.a) AS l, lag($body.a, 3) AS m, diff($body.a) OVER (topic_level(2)) AS d FROM 'a' "
      "WHERE changed($body.a, '2%', 10m) AND holds($body.p > 8.5, 15s) AND sample(0.1) AND dedup($body.id, 10m) "
      "INTO $null");
  ASSERT_EQ(found.stateful.size(), 7u);
  EXPECT_EQ(found.stateful[0].number, 1);
  EXPECT_EQ(found.stateful[1].number, 3);
  EXPECT_EQ(found.stateful[2].over.size(), 1u);
  EXPECT_TRUE(found.stateful[3].relative);
  EXPECT_EQ(found.stateful[3].number, 0.02);
  EXPECT_EQ(found.stateful[3].interval_ms, 600'000);
  EXPECT_EQ(found.stateful[4].interval_ms, 15'000);
  EXPECT_EQ(found.stateful[5].number, 0.1);
}

TEST(Query, FillsInTopics) {
  const CompiledRoute route = compile_query(
      "FROM 'a' INTO Topic('x/{$body.a}-{site}/y'), Upstream('alerts/{{all}}'), $deadletter, Upstream('b')");
  ASSERT_EQ(route.sinks.size(), 4u);
  const auto& pieces = route.sinks[0].filled_in.pieces;
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0].text, "x/");
  EXPECT_EQ(pieces[1].text, "-");
  EXPECT_EQ(pieces[2].text, "/y");
  EXPECT_TRUE(pieces[2].value.empty());
  EXPECT_EQ(route.sinks[0].topic, "x/{$body.a}-{site}/y");
  EXPECT_TRUE(route.sinks[1].filled_in.empty());
  EXPECT_EQ(route.sinks[1].topic, "alerts/{all}");
  EXPECT_EQ(route.sinks[2].kind, Sink::Kind::dead_letter);
  EXPECT_EQ(endpoint_name(route.sinks[3]), "$upstream");
}

TEST(Query, FindsKeysInLongValuesQuickly) {
  std::string sum = "$body.a";
  for (int i = 0; i < 1500; ++i) sum += " + 1";
  std::string keys;
  for (int i = 0; i < 12; ++i) keys += "$body.a + " + std::to_string(i) + ", ";
  EXPECT_EQ(
      query("SELECT " + sum + " AS x FROM 'a' GROUP BY " + keys + " $body.a + 1, Tumbling(1m) INTO $null")
          .items[0]
          .value.nodes.size(),
      2 * 1500u - 1);
}

TEST(Query, TellsATemplateFromBracesThatStandForThemselves) {
  const CompiledRoute route = compile_query("FROM 'a' INTO Topic('a/{{x}}'), Topic('a/{x}')");
  EXPECT_TRUE(route.sinks[0].filled_in.empty());
  EXPECT_FALSE(route.sinks[1].filled_in.empty());
}

// So many parts, parted by commas; `part` gets their numbers.
std::string list_of(size_t count, const std::function<std::string(size_t)>& part) {
  std::string list;
  for (size_t i = 0; i < count; ++i) list += (i == 0 ? "" : ", ") + part(i);
  return list;
}

// A route is taken with `most` parts, and refused with one more by a message that holds `message`.
void expect_at_most(size_t most, const std::string& message,
                    const std::function<std::string(size_t)>& route) {
  EXPECT_EQ(problems(route(most)), "") << message;
  EXPECT_NE(problems(route(most + 1)).find(message), std::string::npos) << problems(route(most + 1));
}

TEST(Limits, BoundEachListOfARoute) {
  const auto number = [](size_t i) { return std::to_string(i); };
  expect_at_most(kItemsMax, "the SELECT list has more than 256 items", [&](size_t count) {
    return "SELECT " + list_of(count, [&](size_t i) { return "1 AS n" + number(i); }) +
           " FROM 'a' INTO $null";
  });
  expect_at_most(kAggregatesMax, "the route has more than 64 aggregates", [&](size_t count) {
    return "SELECT " + list_of(count, [&](size_t i) { return "avg($body.a" + number(i) + ")"; }) +
           " FROM 'a' GROUP BY Tumbling(1m) INTO $null";
  });
  expect_at_most(kStatefulMax, "the route has more than 16 functions that remember", [&](size_t count) {
    return "SELECT " + list_of(count, [&](size_t i) { return "lag($body.a" + number(i) + ")"; }) +
           " FROM 'a' INTO $null";
  });
  expect_at_most(kKeysMax, "GROUP BY has more than 16 keys", [&](size_t count) {
    return "SELECT count(*) AS n FROM 'a' GROUP BY " +
           list_of(count, [&](size_t i) { return "a" + number(i); }) + ", Tumbling(1m) INTO $null";
  });
  expect_at_most(kKeysMax, "OVER has more than 16 keys", [&](size_t count) {
    return "FROM 'a' WHERE changed($body.a) OVER (" +
           list_of(count, [&](size_t i) { return "a" + number(i); }) + ") INTO $null";
  });
  expect_at_most(kSinksMax, "the route has more than 16 sinks", [&](size_t count) {
    return "FROM 'a' INTO " + list_of(count, [&](size_t i) { return "Topic('a" + number(i) + "')"; });
  });
}

TEST(Limits, CountTheNestingThroughAggregatesAndFilters) {
  const auto route = [](size_t depth) {
    return "SELECT (((avg(" + std::string(depth, '(') + "$body.a" + std::string(depth, ')') +
           ")))) AS a FROM 'a' GROUP BY Tumbling(1m) INTO $null";
  };
  EXPECT_EQ(problems(route(50)), "");
  EXPECT_NE(problems(route(60)).find("nested deeper than 64 levels"), std::string::npos)
      << problems(route(60));
}

TEST(Superset, LeavesPropertiesTheNamesOfItsKeywords) {
  for (const char* name :
       {"group",  "by",        "having",      "window",    "count",    "over",     "filter",
        "as",     "timestamp", "avg",         "changed",   "every",    "Tumbling", "30s",
        "minute", "payload",   "topic_level", "partition", "conforms", "lookup"}) {
    const std::string text = "FROM /messages/* WHERE " + std::string(name) + " = 'x' AND 'y' != " + name +
                             " OR is_defined(" + name + ") INTO $upstream";
    EXPECT_EQ(problems(text), "");
    EXPECT_EQ(problems(text, Semantics::edgehub), "");
    const std::string windowed = "SELECT count(*) AS n, " + std::string(name) + " AS " + name +
                                 " FROM 'a' WHERE " + name + " = 'x' GROUP BY " + name +
                                 ", Tumbling(1m) HAVING " + name + " != 'y' INTO $null";
    EXPECT_EQ(problems(windowed), "") << windowed;
  }
}

TEST(Superset, IsRefusedByEdgeHub) {
  for (const auto& [text, message] :
       {std::pair("SELECT $body.a AS a FROM /messages/* INTO $upstream", "edgeHub has no SELECT lists"),
        {"FROM /messages/* TIMESTAMP BY $body.t INTO $upstream", "edgeHub has no TIMESTAMP BY"},
        {"FROM /messages/* GROUP BY a INTO $upstream", "edgeHub has no GROUP BY"},
        {"FROM /messages/* WHERE every(30s) INTO $upstream", "edgeHub has no function `every`"},
        {"FROM /messages/* WHERE topic_level(1) = 'a' INTO $upstream",
         "edgeHub has no function `topic_level`"},
        {"FROM /messages/* WHERE conforms($body, 'a.json') INTO $upstream",
         "edgeHub has no function `conforms`"},
        {"FROM /messages/* WHERE lookup('a', b) = 'a' INTO $upstream", "edgeHub has no function `lookup`"},
        {"FROM /messages/* INTO Upstream('a')", "edgeHub has no sink `Upstream('…')`"},
        {"FROM /messages/* INTO $deadletter", "edgeHub has no sink `$deadletter`"}}) {
    const std::string found = problems(text, Semantics::edgehub);
    EXPECT_NE(found.find("error: " + std::string(message)), std::string::npos) << found;
  }
  EXPECT_EQ(problems("FROM /messages/* INTO Topic('a/{b}')", Semantics::edgehub), "");
}

}  // namespace
}  // namespace headgate::routing
