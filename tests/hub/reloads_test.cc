// Reloads whose routes are compiled elsewhere, when the test says so.
#include "hub/reloads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::qos1;
using testing::v5;

class ReloadsTest : public EngineTest {
 protected:
  void want(const std::string& name, const std::string& text) {
    auto& entries = config_.routes.entries;
    std::erase_if(entries, [&](const auto& entry) { return entry.name == name; });
    entries.emplace_back();
    entries.back().name = name;
    entries.back().text = text;
  }
  // A reload that notes when it begins and when it is over.
  void reload(const std::string& name) {
    reloads_.in_turn([this, name](const Reloads::Over& over) {
      happened_.push_back(name + " begins");
      (void)reloads_.begin();
      reloads_.look_at_routes(config_, "", true, [this, name, over] {
        happened_.push_back(name + " is over");
        took_ = reloads_.report().took;
        over();
      });
    });
  }
  // The other thread runs its next work; what follows on the loop waits.
  void compile() {
    jobs_.front().work();
    jobs_.front().work = nullptr;
  }
  void finish() {
    if (jobs_.front().work) compile();
    const auto then = std::move(jobs_.front().then);
    jobs_.pop_front();
    then();
  }
  void finish_all() {
    while (!jobs_.empty()) finish();
  }
  void publish(std::string_view topic, std::string_view body) {
    auto sensor = client();
    sensor.connect(v5("sensor"));
    sensor.publish(qos1(1, topic, body));
    commit();
  }

  struct Job {
    std::function<void()> work, then;
  };
  std::deque<Job> jobs_;
  Config config_;
  std::vector<std::string> happened_;
  std::vector<std::string> took_;
  Reloads reloads_{*engine_, clock_, log_, [this](std::function<void()> work, std::function<void()> then) {
                     jobs_.push_back({std::move(work), std::move(then)});
                   }};
};

TEST_F(ReloadsTest, LeaveTheRoutesInForceUntilTheirsAreCompiled) {
  want("a", "FROM 'one' INTO $upstream");
  reload("first");
  finish_all();
  want("a", "FROM 'two' INTO $upstream");
  reload("second");
  publish("one", "1");
  publish("two", "not yet");
  compile();
  publish("one", "2");
  finish();
  publish("one", "no more");
  publish("two", "3");
  EXPECT_THAT(waiting("$upstream"), ElementsAre("1", "2", "3"));
}

TEST_F(ReloadsTest, CountMessagesOfMeanwhileByTheRouteThatWasInForce) {
  want("w", "SELECT count(*) AS n FROM 'a' GROUP BY Tumbling(1h) INTO $upstream");
  reload("first");
  finish_all();
  publish("a", "1");
  want("w", "SELECT sum(payload()) AS sum FROM 'a' GROUP BY Tumbling(1h) INTO $upstream");
  reload("second");
  compile();
  publish("a", "2");
  finish_all();
  commit();
  publish("a", "7");
  for (int i = 0; i < 3; ++i) {
    clock_.advance_ms(1'000);
    engine_->tick();
    commit();
  }
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":2})"));  // what ends gives what it has
  clock_.advance_ms(2 * 3'600'000);
  engine_->tick();
  commit();
  EXPECT_THAT(waiting("$upstream"), ElementsAre(R"({"n":2})", R"({"sum":7})"));
}

TEST_F(ReloadsTest, TakeTurns) {
  want("a", "FROM 'one' INTO $upstream");
  reload("first");
  reload("second");
  EXPECT_THAT(happened_, ElementsAre("first begins"));
  want("b", "FROM 'two' INTO $upstream");  // after the first has looked, before the second does
  finish();
  EXPECT_THAT(happened_, ElementsAre("first begins", "first is over", "second begins"));
  EXPECT_THAT(took_, ElementsAre("routes added: a"));
  finish_all();
  EXPECT_THAT(happened_, ElementsAre("first begins", "first is over", "second begins", "second is over"));
  EXPECT_THAT(took_, ElementsAre("routes added: b"));
}

TEST_F(ReloadsTest, ReportAsTheyDoAtTheStart) {
  want("good", "FROM 'one' INTO $upstream");
  want("bad", "FROM 'one' WHERE INTO $upstream");
  ASSERT_TRUE(reloads_.look_at_start(config_, ""));
  EXPECT_THAT(jobs_, ::testing::SizeIs(0));
  const auto left_out = reloads_.report().left_out;
  EXPECT_THAT(left_out, ElementsAre(HasSubstr("route 'bad': 1:")));
  reload("again");
  finish_all();
  EXPECT_EQ(reloads_.report().left_out, left_out);
  EXPECT_EQ(reloads_.report().active, 1u);
  want("good", "FROM 'one' WHERE INTO $upstream");
  reload("worse");
  finish_all();
  EXPECT_THAT(reloads_.report().kept, ElementsAre(HasSubstr("route 'good' stays as it was")));
  EXPECT_EQ(reloads_.report().active, 1u);
}

TEST_F(ReloadsTest, LookAgainAfterAMistakeInATurnOfItsOwn) {
  want("bad", "FROM 'one' WHERE INTO $upstream");
  reload("first");
  finish_all();
  want("bad", "FROM 'one' INTO $upstream");
  reload("slow");
  clock_.advance_ms(kSecondLookMs);
  reloads_.look_again_when_due(config_, "");
  EXPECT_EQ(jobs_.size(), 1u);
  finish_all();
  EXPECT_EQ(reloads_.report().active, 1u);
  EXPECT_THAT(reloads_.report().left_out, IsEmpty());
}

TEST_F(ReloadsTest, PreviewInTheirTurnAndChangeNothing) {
  want("a", "FROM 'one' INTO $upstream");
  reload("first");
  std::vector<std::string> told;
  reloads_.in_turn([&](const Reloads::Over& over) {
    want("b", "FROM 'two' INTO $upstream");
    reloads_.preview(config_, "", {"/routes/b.json", "{}"}, [&told, over](const ApplyReport& report) {
      for (const RouteOutcome& one : report.routes) told.push_back(one.route + ": " + one.what);
      over();
    });
  });
  EXPECT_THAT(told, IsEmpty());
  finish_all();
  EXPECT_THAT(told, ElementsAre("a: unchanged", "b: added"));
  EXPECT_EQ(engine_->routes().active(), 1u);
}

TEST_F(ReloadsTest, PutNothingInForceOnceTheHubStops) {
  want("a", "FROM 'one' INTO $upstream");
  reload("first");
  reload("second");
  compile();
  reloads_.stop();
  finish_all();
  EXPECT_EQ(engine_->routes().active(), 0u);
  EXPECT_THAT(happened_, ElementsAre("first begins"));
}

TEST_F(ReloadsTest, HaveTheWeakestRoutesUntilOthersAreGivenAndTellOfEachUse) {
  int used = 0;
  reloads_.on_used([&] { ++used; });
  reloads_.use_weakest(std::make_shared<const routing::RouteFile>(routing::parse_desired_routes(
      R"({"routes": {"a": "FROM /* INTO $upstream", "b": "FROM"}})", "$edgeHub")));
  want("c", "FROM 'two' INTO $upstream");
  ASSERT_TRUE(reloads_.look_at_start(config_, ""));
  EXPECT_EQ(engine_->routes().active(), 2u);
  EXPECT_EQ(used, 1);
  std::vector<std::string> wrong;
  for (const RouteInfo& route : engine_->describe_mistakes()) wrong.push_back(route.file + " " + route.name);
  EXPECT_THAT(wrong, ElementsAre("$edgeHub b"));
  want("a", "FROM 'one' INTO $upstream");  // an operator's file takes the name
  reload("again");
  finish_all();
  EXPECT_EQ(used, 2);
  EXPECT_THAT(
      reloads_.report().left_out,
      ::testing::Contains("$edgeHub: route \"a\" cannot be taken:  has one of that name, which goes before"));
  publish("one", "1");
  publish("three", "2");
  EXPECT_THAT(waiting("$upstream"), ElementsAre("1"));
  reloads_.use_weakest(nullptr);
  reload("without");
  finish_all();
  EXPECT_THAT(engine_->describe_mistakes(), IsEmpty());
}

}  // namespace
}  // namespace headgate::hub
