// Routes that remember, whose sinks have no room: who waits, and that nothing is lost or comes twice, whatever else
// happens meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "hub/engine/queue_verbs.h"
#include "tests/hub/engine/computation/windows_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Lines;
using testing::qos1;
using testing::to;
using testing::v3;
using testing::v5;

constexpr const char* kInput = "modules/m/inputs/i";

std::string number(int n) { return R"({"n":)" + std::to_string(n) + "}"; }

std::vector<std::string> numbers(int from, int to) {
  std::vector<std::string> bodies;
  for (int n = from; n <= to; ++n) bodies.push_back(number(n));
  return bodies;
}

routing::QueueRule at_most(uint64_t messages, core::OnFull on_full = core::OnFull::reject) {
  routing::QueueRule rule;
  rule.messages_max = messages;
  rule.on_full = on_full;
  return rule;
}

// A route whose sink, a module's input, takes so many messages and refuses more.
class FullSinks : public Windows {
 protected:
  void route_to_narrow_input(uint64_t messages, const std::string& more_sinks = "") {
    route(
        "SELECT $body.n AS n FROM 'plant/#' WHERE changed($body.n) INTO BrokeredEndpoint('/modules/m/inputs/i')" +
            more_sinks,
        {}, 0, at_most(messages));
  }
  void publish_number(int n) { publish("plant/1", number(n)); }
  void publish_numbers(int from, int to) {
    for (int n = from; n <= to; ++n) publish_number(n);
  }
  // The module takes what waits in its input.
  std::vector<std::string> take_all() {
    std::vector<std::string> bodies;
    for (const store::Entry& entry : entries(kInput)) {
      bodies.push_back(entry.message->body);
      store_.finish(*store_.find_queue(kInput), store::kDefaultLane, entry.seq, store::Outcome::delivered);
    }
    commit();
    return bodies;
  }
  // Lets the module take until nothing comes any more.
  std::vector<std::string> take_to_the_end() {
    std::vector<std::string> bodies;
    for (int quiet = 0; quiet < 3; ++quiet) {
      const auto taken = take_all();
      if (!taken.empty()) quiet = 0;
      bodies.insert(bodies.end(), taken.begin(), taken.end());
      pass(1'000);
    }
    return bodies;
  }
  void reload() {
    ASSERT_TRUE(engine_->use_routes(routes_, 0));
    commit();
  }
  std::string blocked_by(size_t route) { return engine_->describe_routes()[route].computed->blocked_by; }
  bool results_wait(std::string_view route) {
    return store_.find_queue("$results/" + std::string(route)).has_value();
  }
};

TEST_F(FullSinks, StopTheirRouteAlone) {
  route_to_narrow_input(2);
  route("FROM 'plant/#' WHERE changed($body.n) INTO $upstream");
  publish_numbers(1, 3);
  EXPECT_EQ(waiting("$upstream").size(), 3u);
  EXPECT_THAT(waiting(kInput), ElementsAre(number(1), number(2)));
  EXPECT_EQ(blocked_by(0), "1 results: there is no room in modules/m/inputs/i");
  EXPECT_EQ(blocked_by(1), "");
}

TEST_F(FullSinks, GetWhatWaitedInItsOrderOnceTheyHaveRoom) {
  route_to_narrow_input(2);
  publish_numbers(1, 4);
  EXPECT_EQ(take_all().size(), 2u);
  publish_number(5);
  pass(1'000);
  EXPECT_THAT(take_all(), ElementsAre(number(3), number(4)));
  pass(1'000);
  EXPECT_THAT(take_all(), ElementsAre(number(5)));
  pass(1'000);
  EXPECT_FALSE(results_wait("r0"));
  EXPECT_EQ(blocked_by(0), "");
}

// ---- as many results as may wait ----

TEST_F(FullSinks, RefuseInputsOfTheirRouteOnceAsManyResultsWaitAsMay) {
  route_to_narrow_input(1);
  publish_numbers(1, 2);
  EXPECT_THAT(blocked_by(0), HasSubstr("as many as may wait: inputs are refused"));
  auto sensor = client();
  sensor.connect(v5("sensor"));
  EXPECT_THAT(sensor.publish(qos1(1, "plant/1", number(3))), ElementsAre(HasSubstr("PUBACK 1 97")));
  commit();
  EXPECT_EQ(inputs_waiting(), 0u);
  EXPECT_THAT(take_to_the_end(), ElementsAre(number(1), number(2)));
  publish_number(3);
  EXPECT_THAT(take_to_the_end(), ElementsAre(number(3)));
}

TEST_F(FullSinks, LetOtherRoutesComputeBeyondThat) {
  route_to_narrow_input(1);
  route("FROM 'plant/#' WHERE changed($body.n) INTO $upstream");
  route("FROM 'other/#' WHERE changed($body.n) INTO $upstream");
  publish_numbers(1, 4);
  publish("other/1", number(9));
  EXPECT_EQ(engine_->computer().blocked_by(), "");
  EXPECT_THAT(waiting("$upstream"), ElementsAre(number(1), number(2), number(9)));
}

TEST_F(FullSinks, HoldPublishersThatCannotBeRefusedUntilThereIsRoom) {
  route_to_narrow_input(1);
  route("FROM 'plant/#' WHERE changed($body.n) INTO $upstream");
  auto sensor = client();
  sensor.connect(v3("sensor"));
  Lines answers;
  for (int n = 1; n <= 4; ++n) {
    const Lines more = sensor.publish(qos1(static_cast<uint16_t>(n), "plant/1", number(n)));
    answers.insert(answers.end(), more.begin(), more.end());
    commit();
  }
  const Lines more = sensor.read();
  answers.insert(answers.end(), more.begin(), more.end());
  EXPECT_THAT(answers, ElementsAre("PUBACK 1", "PUBACK 2"));
  EXPECT_EQ(take_to_the_end(), numbers(1, 4));
  EXPECT_THAT(sensor.read(), ElementsAre("PUBACK 3", "PUBACK 4"));
  EXPECT_EQ(waiting("$upstream"), numbers(1, 4));
}

TEST_F(FullSinks, DropQos0InputsOfTheirRouteBeyondThatAndCountThem) {
  route_to_narrow_input(1);
  route("FROM 'plant/#' WHERE changed($body.n) INTO Topic('seen')");
  publish_numbers(1, 2);
  auto reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("seen", 0)});
  publish("plant/1", number(3), 0);
  EXPECT_EQ(engine_->computer().dropped(), 1u);
  EXPECT_THAT(reader.read(), ElementsAre(HasSubstr("seen=" + number(3))));
  EXPECT_THAT(take_to_the_end(), ElementsAre(number(1), number(2)));
}

TEST_F(FullSinks, HaveRoomForTheResultsOfInputsThatWereTakenBefore) {
  route_to_narrow_input(1);
  auto sensor = client();
  sensor.connect(v5("sensor"));
  for (int n = 1; n <= 5; ++n) sensor.publish(qos1(static_cast<uint16_t>(n), "plant/1", number(n)));
  commit();  // all of them are inputs before the first result has no room
  EXPECT_EQ(engine_->computer().blocked_by(), "");
  EXPECT_EQ(inputs_waiting(), 0u);
  EXPECT_EQ(take_to_the_end(), numbers(1, 5));
}

TEST_F(FullSinks, KeepTheirLimitOverARestart) {
  route_to_narrow_input(1);
  publish_numbers(1, 2);
  store_.remember_commits();
  crash();
  EXPECT_THAT(blocked_by(0), HasSubstr("as many as may wait"));
  publish_number(3);
  EXPECT_THAT(take_to_the_end(), ElementsAre(number(1), number(2)));
}

TEST_F(FullSinks, TakeAnotherLimitAtAReload) {
  route_to_narrow_input(1);
  publish_numbers(1, 2);
  routes_.entries[0].queue = at_most(2);
  reload();
  publish_numbers(3, 4);  // one finds room in the sink, which had no more than the one that waited before
  EXPECT_EQ(take_to_the_end(), numbers(1, 4));
}

TEST_F(FullSinks, ThatDropTheOldestHoldNothingUp) {
  route(
      "SELECT $body.n AS n FROM 'plant/#' WHERE changed($body.n) INTO BrokeredEndpoint('/modules/m/inputs/i'), "
      "$upstream",
      {}, 0, at_most(2, core::OnFull::drop_oldest));
  publish_numbers(1, 5);
  EXPECT_FALSE(results_wait("r0"));
  EXPECT_THAT(take_to_the_end(), ElementsAre(number(4), number(5)));
  EXPECT_EQ(store_.stats(*store_.find_queue(kInput)).dropped, 3u);
}

// ---- several sinks ----

TEST_F(FullSinks, HoldBackAllOfAResultThatHasSeveral) {
  route_to_narrow_input(1, ", BrokeredEndpoint('/modules/other/inputs/i')");
  publish_number(1);
  take_all();
  publish_numbers(2, 3);
  EXPECT_THAT(take_all(), IsEmpty()) << "the other one has no room";
  EXPECT_EQ(*purge_queue(store_, "modules/other/inputs/i"), 1u);
  commit();
  EXPECT_EQ(take_all(), numbers(2, 2));
  EXPECT_THAT(waiting("modules/other/inputs/i"), ElementsAre(number(2)));
}

TEST_F(FullSinks, HoldBackWhatWouldBePublishedToo) {
  route_to_narrow_input(1, ", Topic('seen')");
  auto reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("seen", 0)});
  publish_numbers(1, 2);
  EXPECT_THAT(reader.read(), ElementsAre(HasSubstr("seen=" + number(1))));
  EXPECT_EQ(take_to_the_end(), numbers(1, 2));
  EXPECT_THAT(reader.read(), ElementsAre(HasSubstr("seen=" + number(2))));
}

TEST_F(FullSinks, OfARouteThatPublishesHoldUpWhatItPublishes) {
  route("SELECT $body.n AS n FROM 'plant/#' WHERE changed($body.n) INTO Topic('out')");
  route("FROM 'out' INTO BrokeredEndpoint('/modules/m/inputs/i')", {}, 0, at_most(1));
  publish_numbers(1, 2);
  EXPECT_THAT(blocked_by(0), HasSubstr("1 results"));
  EXPECT_THAT(take_all(), ElementsAre(number(1)));
  pass(1'000);
  EXPECT_THAT(take_all(), ElementsAre(number(2)));
}

// A route that is fed by another one has no publishers who could wait.
TEST_F(FullSinks, HoldUpAllThatComputesWhereRoutesFeedEachOtherBeyondAllLimits) {
  limits_.queue.messages_max = 4;
  engine_->use_limits(limits_);
  route("FROM 'plant/#' WHERE changed($body.n) INTO Topic('mid')");
  route("SELECT $body.n AS n FROM 'mid' WHERE changed($body.n) INTO BrokeredEndpoint('/modules/m/inputs/i')",
        {}, 0, at_most(1));
  std::vector<std::string> accepted;
  for (int n = 1; n <= 30; ++n) {
    auto sensor = client();
    sensor.connect(v5("sensor"));
    Lines answers = sensor.publish(qos1(1, "plant/1", number(n)));
    commit();
    const Lines later = sensor.read();
    answers.insert(answers.end(), later.begin(), later.end());
    if (answers == Lines{"PUBACK 1"}) accepted.push_back(number(n));
  }
  EXPECT_THAT(engine_->computer().blocked_by(), HasSubstr("is full"));
  EXPECT_LT(accepted.size(), 30u);
  EXPECT_EQ(take_to_the_end(), accepted);
  EXPECT_EQ(engine_->computer().blocked_by(), "");
}

// ---- meanwhile ----

TEST_F(FullSinks, GetWhatARouteGaveBeforeItWasRemoved) {
  route_to_narrow_input(2);
  publish_numbers(1, 4);
  remove_routes();
  commit();
  EXPECT_EQ(take_to_the_end(), numbers(1, 4));
  EXPECT_FALSE(results_wait("r0"));
  EXPECT_FALSE(store_.find_queue(kInput));
}

TEST_F(FullSinks, ThatWerePurgedWithTheirRouteTakeWhatWaitedAlongAndSaySo) {
  routing::QueueRule rule = at_most(2);
  rule.on_remove = routing::OnRemove::purge;
  route(
      "SELECT $body.n AS n FROM 'plant/#' WHERE changed($body.n) INTO BrokeredEndpoint('/modules/m/inputs/i')",
      {}, 0, rule);
  publish_numbers(1, 4);
  remove_routes();
  commit();
  pass(1'000);
  pass(1'000);
  EXPECT_FALSE(results_wait("r0"));
  EXPECT_THAT(log_.lines(), ::testing::Contains(HasSubstr("result_dropped")));
  EXPECT_THAT(log_.lines(),
              ::testing::Contains(::testing::AllOf(HasSubstr("results_go_on"), HasSubstr("dropped=2"))));
}

TEST_F(FullSinks, GetWhatARouteGaveBeforeItLedElsewhere) {
  route_to_narrow_input(2);
  publish_numbers(1, 4);
  routes_.entries[0].text = "SELECT $body.n AS n FROM 'plant/#' WHERE changed($body.n) INTO $upstream";
  reload();
  publish_number(5);
  EXPECT_EQ(take_to_the_end(), numbers(1, 4));
  EXPECT_THAT(waiting("$upstream"), ElementsAre(number(5)));
}

TEST_F(FullSinks, GoOnOnceAnOperatorHasPurgedWhatWaits) {
  route_to_narrow_input(2);
  publish_numbers(1, 4);
  EXPECT_EQ(*purge_queue(store_, "$results/r0"), 2u);
  commit();
  EXPECT_EQ(take_all(), numbers(1, 2));
  publish_number(5);
  EXPECT_EQ(take_to_the_end(), numbers(5, 5));
  EXPECT_FALSE(results_wait("r0"));
  EXPECT_EQ(blocked_by(0), "");
}

TEST_F(FullSinks, GoOnOnceAnOperatorHasPurgedTheSink) {
  route_to_narrow_input(2);
  publish_numbers(1, 4);
  EXPECT_EQ(*purge_queue(store_, kInput), 2u);
  commit();
  EXPECT_EQ(take_to_the_end(), numbers(3, 4));
}

TEST_F(FullSinks, LoseNothingIfTheStoreFailsWhileResultsArePutAside) {
  route_to_narrow_input(2);
  publish_numbers(1, 2);
  auto sensor = client();
  sensor.connect(v5("sensor"));
  sensor.publish(qos1(1, "plant/1", number(3)));
  bool stored = false;
  executor_.post([&stored] { stored = true; });
  executor_.run_until([&stored] { return stored; });
  store_.fail_next_commit({core::Errc::io, "disk gone"});
  commit();
  store_.recover();
  commit();
  pass(1'000);
  EXPECT_EQ(take_to_the_end(), numbers(1, 3));
}

// ---- kill -9 at every step ----

class KilledWithFullSinks : public FullSinks {
 protected:
  // Everything that came out, by where: of the input in its order, of the others what waits at the end.
  struct Out {
    std::vector<std::string> input, upstream, other;
    friend bool operator==(const Out&, const Out&) = default;
  };

  // Runs what has been posted by now, and nothing that comes of it.
  void run_posted() {
    bool reached = false;
    executor_.post([&reached] { reached = true; });
    executor_.run_until([&reached] { return reached; });
  }
  // An action, and a kill after so many steps of what follows from it, if it is this one's turn.
  void act(const std::function<void()>& action, size_t steps_before_kill) {
    action();
    if (kill_at_ != acts_++) return commit();
    for (size_t i = 0; i < steps_before_kill; ++i) run_posted();
    crash();
  }
  void publish_kept(int n) {
    auto sensor = client();
    sensor.connect(v5("sensor"));
    sensor.publish(qos1(1, "plant/1", number(n)));
    run_posted();  // acknowledged; what is computed of it is yet to be stored
  }
  std::vector<std::string> take(size_t most) {
    std::vector<std::string> bodies;
    for (const store::Entry& entry : entries(kInput)) {
      if (bodies.size() == most) break;
      bodies.push_back(entry.message->body);
      store_.finish(*store_.find_queue(kInput), store::kDefaultLane, entry.seq, store::Outcome::delivered);
    }
    commit();
    return bodies;
  }

  Out run(size_t kill_at, size_t steps_before_kill) {
    kill_at_ = kill_at;
    acts_ = 0;
    store_.remember_commits();
    Out out;
    const auto keep = [&out](const std::vector<std::string>& taken) {
      out.input.insert(out.input.end(), taken.begin(), taken.end());
    };
    for (int n = 1; n <= 9; ++n) {
      act([&] { publish_kept(n); }, steps_before_kill);
      if (n == 5) keep(take(1));
      const auto tick = [&] {
        clock_.advance_ms(1'000);
        engine_->tick();
      };
      if (n >= 5) act(tick, steps_before_kill);
    }
    keep(take_to_the_end());
    out.upstream = waiting("$upstream");
    out.other = waiting("modules/other/inputs/i");
    return out;
  }

  size_t kill_at_ = 0;
  size_t acts_ = 0;
};

class EveryStep : public KilledWithFullSinks, public ::testing::WithParamInterface<const char*> {};

TEST_P(EveryStep, LosesNothingAndGivesNothingTwice) {
  constexpr size_t kNever = SIZE_MAX;
  route(GetParam(), {}, 0, at_most(100));
  route("FROM 'narrow' INTO BrokeredEndpoint('/modules/m/inputs/i')", {}, 0, at_most(2));
  route("FROM 'seen' INTO $upstream");
  const auto clear = [this] {
    for (const char* queue : {"$upstream", "modules/other/inputs/i"})
      if (store_.find_queue(queue)) (void)purge_queue(store_, queue);
    commit();
    publish("plant/1", number(0));  // not what the last run ended with
    (void)take_to_the_end();
    for (const char* queue : {"$upstream", "modules/other/inputs/i"})
      if (store_.find_queue(queue)) (void)purge_queue(store_, queue);
    commit();
  };
  clear();
  const Out expected = run(kNever, 0);
  const size_t acts = acts_;
  ASSERT_EQ(expected.input.size(), 9u);
  for (size_t steps = 0; steps < 4; ++steps) {
    for (size_t kill_at = 0; kill_at < acts; ++kill_at) {
      clear();
      EXPECT_EQ(run(kill_at, steps), expected) << "killed " << steps << " steps into act " << kill_at;
    }
  }
}

std::string sinks_in_words(const ::testing::TestParamInfo<const char*>& info) {
  constexpr const char* kNames[] = {"OfOneQueue", "OfTwoQueues", "OfAQueueAndATopic", "OfSlidingWindows"};
  return kNames[info.index];
}

INSTANTIATE_TEST_SUITE_P(
    FullSinks, EveryStep,
    ::testing::Values(
        "SELECT $body.n AS n FROM 'plant/#' WHERE changed($body.n) INTO BrokeredEndpoint('/modules/m/inputs/i')",
        "SELECT $body.n AS n FROM 'plant/#' WHERE changed($body.n) INTO BrokeredEndpoint('/modules/m/inputs/i'), "
        "$upstream",
        "SELECT $body.n AS n FROM 'plant/#' WHERE changed($body.n) INTO BrokeredEndpoint('/modules/m/inputs/i'), "
        "Topic('seen')",
        "SELECT last($body.n) AS n FROM 'plant/#' GROUP BY Count(1) INTO BrokeredEndpoint('/modules/m/inputs/i'), "
        "Topic('seen')"),
    sinks_in_words);

}  // namespace
}  // namespace headgate::hub
