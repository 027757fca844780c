// Tables that routes look up in: what each input sees of them, also over a crash at any step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "hub/engine/computation/lookup_records.h"
#include "routing/lookup/csv_rows.h"
#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::qos0;
using testing::qos1;
using testing::ScriptedClient;
using testing::v5;

broker::Publish retained(broker::Publish publish) {
  publish.retain = true;
  return publish;
}

class LookupsTest : public EngineTest {
 protected:
  LookupsTest() { store_.remember_commits(); }

  // `rows` of a CSV file; the file counts from now on.
  void file(const std::string& rows) {
    routing::TableSource& table = declare(routing::TableSource::Kind::file, "limits.csv");
    auto parsed = routing::parse_csv_rows("k,max\n" + rows, "limits.csv", "", {});
    table.rows = std::make_shared<const routing::RowSet>(*std::move(parsed));
    table.hash = table.rows->hash();
    table.fault.clear();
    use();
  }
  void broken_file(std::string fault) {
    routing::TableSource& table = declare(routing::TableSource::Kind::file, "limits.csv");
    table.rows = nullptr;
    table.fault = std::move(fault);
    use();
  }
  void topics(std::string filter) {
    declare(routing::TableSource::Kind::topics, std::move(filter)).key_level = 2;
    use();
  }
  void look_up() {
    route("SELECT $body.n AS n, lookup('limits', $body.k).max AS max FROM 't' INTO $upstream");
  }

  void publish(std::string_view topic, std::string_view body, uint8_t qos = 1, bool retain = false) {
    auto sensor = client();
    sensor.connect(v5("sensor"));
    broker::Publish packet = qos == 0 ? qos0(topic, body) : qos1(1, topic, body);
    sensor.publish(retain ? retained(std::move(packet)) : packet);
  }
  void input(int n) { publish("t", R"({"k":"a","n":)" + std::to_string(n) + "}"); }
  void limit(std::string_view body, uint8_t qos = 1) { publish("limits/a", body, qos, true); }

  void pass(int64_t ms) {
    clock_.advance_ms(ms);
    engine_->tick();
    commit();
  }
  void crash() {
    engine_.reset();
    executor_.drop_ready();
    store_.lose_uncommitted();
    restart();
  }
  LookupInfo table() const {
    const auto all = engine_->describe_lookups();
    return all.empty() ? LookupInfo() : all.front();
  }
  size_t stored_values(std::string_view prefix) {
    size_t count = 0;
    EXPECT_TRUE(store_.for_each(prefix, [&](std::string_view, std::string_view) {
      ++count;
      return core::Status();
    }));
    return count;
  }

 private:
  routing::TableSource& declare(routing::TableSource::Kind kind, std::string from) {
    routes_.tables.resize(1);
    routes_.tables[0].name = "limits";
    routes_.tables[0].kind = kind;
    routes_.tables[0].from = std::move(from);
    routes_.tables[0].declared_in = "r.json";
    return routes_.tables[0];
  }
  void use() { ASSERT_TRUE(engine_->use_routes(routes_, 0)); }
};

TEST_F(LookupsTest, OfAFileAreThereWithTheirRoute) {
  file("a,5\n");
  look_up();
  input(1);
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1,"max":5})"));
  EXPECT_EQ(table().rows, 1u);
  EXPECT_EQ(table().hash, routes_.tables[0].hash);
}

TEST_F(LookupsTest, OfAnotherContentBeginBehindInputsThatWait) {
  file("a,5\n");
  look_up();
  commit();
  input(1);
  file("a,6\n");
  input(2);
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1,"max":5})", R"({"n":2,"max":6})"));
}

TEST_F(LookupsTest, OfAContentThatIsUnchangedCostNothing) {
  file("a,5\n");
  look_up();
  commit();
  const auto inputs = store_.stats(*store_.find_queue("$computing")).in;
  file("a,5\n");
  pass(1'000);
  EXPECT_EQ(store_.stats(*store_.find_queue("$computing")).in, inputs);
}

TEST_F(LookupsTest, StayAsTheyAreWhenTheFileIsBroken) {
  file("a,5\n");
  look_up();
  broken_file("limits.csv:2:1: 3 fields, the header has 2");
  input(1);
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1,"max":5})"));
  EXPECT_EQ(table().fault, "limits.csv:2:1: 3 fields, the header has 2");
  EXPECT_THAT(log_.lines(), Contains(HasSubstr("table_kept table=limits")));
  crash();
  input(2);
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1,"max":5})", R"({"n":2,"max":5})"));
}

TEST_F(LookupsTest, OfAFileThatChangedWhileTheHubWasDownAreOldForWhatWaited) {
  file("a,5\n");
  look_up();
  commit();
  input(1);
  while (waiting("$computing").empty()) ASSERT_TRUE(executor_.run_one());
  auto parsed = routing::parse_csv_rows("k,max\na,6\n", "limits.csv", "", {});
  routes_.tables[0].rows = std::make_shared<const routing::RowSet>(*std::move(parsed));
  routes_.tables[0].hash = routes_.tables[0].rows->hash();
  crash();
  input(2);
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1,"max":5})", R"({"n":2,"max":6})"));
}

TEST_F(LookupsTest, AreSentAgainWhenTheirContentWasPurged) {
  file("a,5\n");
  look_up();
  commit();
  file("a,6\n");
  ASSERT_TRUE(store_.purge(*store_.find_queue("$computing")));
  commit();
  pass(1'000);
  input(1);
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1,"max":6})"));
}

TEST_F(LookupsTest, BeginWithWhatIsRetained) {
  limit(R"({"max":5})");
  publish("limits/b", "7", 1, true);
  commit();
  topics("limits/+");
  look_up();
  input(1);
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1,"max":5})"));
  EXPECT_EQ(table().rows, 2u);
}

TEST_F(LookupsTest, DoNotChangeWithWhatCameBeforeTheirFirstRows) {
  route("SELECT count(*) AS n FROM 'limits/+' WHERE $body.max < 6 GROUP BY Tumbling(1h) INTO $null");
  commit();
  limit(R"({"max":5})");
  limit(R"({"max":7})");
  topics("limits/+");
  look_up();
  commit();
  input(1);
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1,"max":7})"));
}

TEST_F(LookupsTest, ChangeWithRetainedPublishesInTheirOrder) {
  topics("limits/+");
  look_up();
  commit();
  input(1);
  limit(R"({"max":5})");
  input(2);
  limit(R"({"max":6})");
  input(3);
  limit("");
  input(4);
  commit();
  EXPECT_THAT(waiting("$upstream"),
              ElementsAre(R"({"n":1})", R"({"n":2,"max":5})", R"({"n":3,"max":6})", R"({"n":4})"));
}

TEST_F(LookupsTest, DoNotChangeWithWhatIsNotRetained) {
  topics("limits/+");
  look_up();
  publish("limits/a", R"({"max":5})");
  commit();
  EXPECT_EQ(table().rows, 0u);
  EXPECT_THAT(waiting("$computing"), IsEmpty());
}

TEST_F(LookupsTest, KeepARowOfQos0OverACrash) {
  topics("limits/+");
  look_up();
  commit();
  limit(R"({"max":5})", 0);
  commit();
  pass(1'000);
  crash();
  input(1);
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1,"max":5})"));
}

TEST_F(LookupsTest, DoNotChangeWithAPublishThatIsDenied) {
  topics("limits/+");
  look_up();
  commit();
  access_.add("", {});
  limit(R"({"max":5})");
  commit();
  EXPECT_EQ(table().rows, 0u);
}

TEST_F(LookupsTest, CountWhatCannotBeARow) {
  topics("limits/+");
  look_up();
  limit(R"({"max":5})");
  limit("[1]");
  commit();
  EXPECT_EQ(table().rows, 1u);
  EXPECT_EQ(table().refused, 1u);
  EXPECT_THAT(table().fault, HasSubstr("limits/a: the body is an array"));
  EXPECT_EQ(engine_->computer().lookup_totals().refused, 1u);
}

TEST_F(LookupsTest, StoreOnlyRowsThatChange) {
  topics("limits/+");
  look_up();
  limit(R"({"max":5})");
  publish("limits/b", "7", 1, true);
  commit();
  pass(1'000);
  EXPECT_EQ(stored_values(kLookupRowPrefix), 2u);
  publish("limits/b", "", 1, true);
  commit();
  pass(1'000);
  EXPECT_EQ(stored_values(kLookupRowPrefix), 1u);
}

TEST_F(LookupsTest, LeaveNothingBehindWhenNoRouteLooksUpInThem) {
  topics("limits/+");
  look_up();
  limit(R"({"max":5})");
  commit();
  pass(1'000);
  remove_routes();
  commit();
  EXPECT_EQ(stored_values(kLookupRowPrefix), 0u);
  EXPECT_EQ(stored_values(kLookupPrefix), 0u);
  EXPECT_FALSE(table().in_force);
  EXPECT_EQ(engine_->computer().lookup_totals().rows, 0u);
}

TEST_F(LookupsTest, BeginAnewWhenTheirRowsComeFromElsewhere) {
  file("a,5\n");
  look_up();
  commit();
  limit(R"({"max":7})");
  commit();
  topics("limits/+");
  input(1);
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1,"max":7})"));
  EXPECT_EQ(stored_values(kLookupRowPrefix), 1u);
}

TEST_F(LookupsTest, LetWhatIsDueBeforeTheyChangeSeeTheOldRows) {
  clock_.advance_ms(60'000 - clock_.now().hub_ms % 60'000);
  topics("limits/+");
  route(
      "SELECT count(*) AS n FROM 't' GROUP BY Tumbling(1m) HAVING count(*) >= lookup('limits', 'a').max INTO $upstream");
  limit(R"({"max":1})");
  input(1);
  commit();
  clock_.advance_ms(61'000);
  limit(R"({"max":2})");
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1})"));
}

TEST_F(LookupsTest, OfADeclarationThatIsBrokenStay) {
  file("a,5\n");
  look_up();
  commit();
  routes_.tables.clear();
  routes_.errors.push_back({"r.json", "", "r.json: tables.limits: has neither \"file\" nor \"topic\""});
  ASSERT_TRUE(engine_->use_routes(routes_, 0));
  input(1);
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1,"max":5})"));
  crash();
  input(2);
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":1,"max":5})", R"({"n":2,"max":5})"));
}

// ---- a crash at every step ----

class LookupsThroughCrashes : public LookupsTest {
 protected:
  // A publish of QoS 1 is sent again until it is acknowledged, as clients do.
  void send(std::string_view topic, std::string_view body, bool retain) {
    while (!is_acknowledged(retain ? retained(qos1(1, topic, body)) : qos1(1, topic, body))) continue;
  }
  // False if the hub was killed before it said so.
  bool is_acknowledged(const broker::Publish& publish) {
    ScriptedClient sensor(engine_->broker(), clock_);
    sensor.connect(v5("sensor"));
    sensor.publish(publish);
    for (testing::Lines lines; lines.empty(); lines = sensor.read()) {
      EXPECT_TRUE(executor_.run_one());
      if (--steps_left_ != 0) continue;
      sensor.lose_hub();
      crash();
      return false;
    }
    return true;
  }
  void run(int steps) {
    steps_left_ = steps;
    for (int n = 1; n <= 4; ++n) {
      send("t", R"({"k":"a","n":)" + std::to_string(n) + "}", false);
      send("limits/a", R"({"max":)" + std::to_string(n * 10) + "}", true);
      send("t", R"({"k":"a","n":)" + std::to_string(n * 100) + "}", false);
      if (n == 2) pass(1'000);
    }
    commit();
    pass(1'000);
  }

  int steps_left_ = 0;
};

std::vector<std::string> without_repeats(std::vector<std::string> rows) {
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

class AtEachStep : public LookupsThroughCrashes, public ::testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Steps, AtEachStep, ::testing::Range(0, 40));

// A sender repeats what was stored and not acknowledged, so that a row can be there twice; each has the limit that was
// in force when its message came.
TEST_P(AtEachStep, EachInputSeesTheRowOfItsTime) {
  topics("limits/+");
  look_up();
  commit();
  run(GetParam());
  EXPECT_THAT(without_repeats(waiting("$upstream")),
              ElementsAre(R"({"n":1})", R"({"n":100,"max":10})", R"({"n":2,"max":10})",
                          R"({"n":200,"max":20})", R"({"n":3,"max":20})", R"({"n":300,"max":30})",
                          R"({"n":4,"max":30})", R"({"n":400,"max":40})"));
  crash();
  EXPECT_EQ(table().rows, 1u);
  EXPECT_THAT(waiting("$computing"), IsEmpty());
}

TEST_P(AtEachStep, AContentOfAFileCountsOnce) {
  file("a,5\n");
  look_up();
  commit();
  input(1);
  file("a,6\n");
  input(2);
  for (int step = 0; step < GetParam() && executor_.run_one(); ++step) continue;
  crash();
  commit();
  pass(1'000);
  const auto rows = waiting("$upstream");
  for (const std::string& row : rows)
    EXPECT_TRUE(row == R"({"n":1,"max":5})" || row == R"({"n":2,"max":6})") << row;
  input(3);
  commit();
  EXPECT_EQ(waiting("$upstream").back(), R"({"n":3,"max":6})");
}

}  // namespace
}  // namespace headgate::hub
