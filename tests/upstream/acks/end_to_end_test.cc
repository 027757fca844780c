// Batches end when their consumer has them for good, whatever becomes of the broker in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/upstream/chain/hub_side.h"
#include "upstream/drain/acks/notice.h"

namespace headgate::upstream {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::HubSide;
using ::testing::IsEmpty;
using testing::mark_json;
using testing::ReceivedBatch;
using Json = nlohmann::json;

UpstreamOptions acknowledged_by_the_consumer() {
  UpstreamOptions options = testing::small_chained_batches();
  options.acknowledgement = Acknowledgement::end_to_end;
  options.credit_batches = 4;
  return options;
}

class EndToEndAcks : public ::testing::Test, public HubSide {
 protected:
  EndToEndAcks() : HubSide(acknowledged_by_the_consumer()) { link->session.session_present = true; }

  [[nodiscard]] Json notice(uint64_t number) const {
    return {{"v", 1}, {"ep", store.identity().epoch}, {"n", number}};
  }
  void say(const Json& what) { say(what.dump()); }
  void say(const std::string& text) {
    forwarder->on_notice(text, clock.now());
    settle();
  }
  void acknowledge(uint64_t number) { say(notice(number)); }
  void send(size_t messages) {
    append(messages);
    settle();
    pass_ms(1500);
  }
  [[nodiscard]] uint64_t number(size_t i) const { return numbers().at(i); }
  [[nodiscard]] std::string payload(size_t i) const { return received.at(i).payload; }
  [[nodiscard]] std::string hash_before(size_t i) const { return mark_json(payload(i)).at("prev"); }
  // The broker forgets all that it has, and the hub with it.
  void lose_broker() {
    link->session.session_present = false;
    link->drop();
    settle();
    pass_ms(500);
  }
  void restart() {
    kill();
    settle();
  }
  [[nodiscard]] std::multiset<uint64_t> ids_since(size_t first) const {
    std::multiset<uint64_t> ids;
    for (size_t i = first; i < received.size(); ++i)
      for (const uint64_t id : received[i].seqs()) ids.insert(id);
    return ids;
  }
  [[nodiscard]] const store::QueueStats& stats() { return store.stats(queue); }
};

TEST_F(EndToEndAcks, KeepMessagesUntilTheConsumerHasThem) {
  send(8);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(waiting(), 8U) << "the broker's answer ends nothing";
  EXPECT_EQ(status().end_to_end.held_batches, 2U);
  acknowledge(number(0));
  EXPECT_EQ(waiting(), 4U);
  acknowledge(number(1));
  EXPECT_EQ(waiting(), 0U);
  EXPECT_EQ(stats().delivered, 8U);
  EXPECT_EQ(status().messages, 8U);
  EXPECT_EQ(status().end_to_end.held_batches, 0U);
}

TEST_F(EndToEndAcks, LetAConsumerThatLostItsStateGoOnWhereTheOneBeforeHadNoCredit) {
  send(4);
  Json paused = notice(number(0));
  paused["credit"] = 0;
  say(paused);
  send(4);
  ASSERT_EQ(received.size(), 1U);
  say(Json{{"v", 1}, {"ep", store.identity().epoch}, {"credit", 4}});
  pass_ms(1500);
  ASSERT_EQ(received.size(), 2U) << "it can acknowledge nothing before it has something";
  acknowledge(number(1));
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(EndToEndAcks, GoAgainSoonToAConsumerThatLostItsStateAndSaysSo) {
  send(4);
  acknowledge(number(0));
  send(4);
  ASSERT_EQ(received.size(), 2U);
  say(Json{{"v", 1}, {"ep", store.identity().epoch}, {"again", 7}});
  pass_ms(15'000);
  ASSERT_EQ(received.size(), 3U);
  EXPECT_EQ(payload(2), payload(1));
}

class EndToEndAcksWithAnAudience : public ::testing::Test, public HubSide {
 protected:
  EndToEndAcksWithAnAudience() : HubSide(waits_for_an_audience()) {}

  static UpstreamOptions waits_for_an_audience() {
    UpstreamOptions options = acknowledged_by_the_consumer();
    options.no_subscriber = NoSubscriber::wait;
    return options;
  }
};

TEST_F(EndToEndAcksWithAnAudience, AreWaitedForAfterARestartWithoutBurningTheCpu) {
  append(8);
  settle();
  pass_ms(1500);
  ASSERT_EQ(numbers().size(), 2U);
  kill();
  settle();
  EXPECT_GT(forwarder->next_deadline(), clock.now().mono_ms) << "it listens first, and asks nobody meanwhile";
  pass_ms(EndToEnd::kHearMs + 1000);
  EXPECT_EQ(numbers().size(), 4U);
}

TEST_F(EndToEndAcks, LetADictionaryBeUsedAsLongAsTheConsumerHoldsIt) {
  const auto dictionary = read_dictionary(testing::small_batch_dictionary()).value();
  forwarder->offer(dictionary);
  const auto send_one = [this] {
    send(1);
    return testing::dictionary_needed(received.back().payload);
  };
  EXPECT_EQ(send_one(), 0U) << "it has not said so";
  Json other = notice(number(0));
  other["dictionaries"] = {dictionary->id ^ 1};
  say(other);
  EXPECT_EQ(send_one(), 0U);
  Json holds = notice(number(1));
  holds["dictionaries"] = {7, dictionary->id};
  say(holds);
  EXPECT_EQ(send_one(), dictionary->id);
  acknowledge(number(2));
  EXPECT_EQ(send_one(), 0U) << "it says so no longer";
}

TEST_F(EndToEndAcks, SendABatchAgainWithoutADictionaryThatTheConsumerHasLost) {
  const auto dictionary = read_dictionary(testing::small_batch_dictionary()).value();
  forwarder->offer(dictionary);
  Json holds = notice(0);
  holds["dictionaries"] = {dictionary->id};
  say(holds);
  send(1);
  ASSERT_EQ(testing::dictionary_needed(received.back().payload), dictionary->id);
  Json lost = notice(0);
  lost["again"] = 1;
  say(lost);
  pass_ms(60'000);
  ASSERT_GT(received.size(), 1U);
  EXPECT_EQ(testing::dictionary_needed(received.back().payload), 0U);
  EXPECT_EQ(numbers().back(), numbers().front()) << "the same batch, by its content";
  EXPECT_EQ(received.back().json, received.front().json);
  EXPECT_EQ(mark_json(received.back().payload), mark_json(received.front().payload));
}

TEST_F(EndToEndAcks, HearOfDictionariesAlsoFromAReaderThatHasLostItsState) {
  const auto dictionary = read_dictionary(testing::small_batch_dictionary()).value();
  forwarder->offer(dictionary);
  send(1);
  Json holds = notice(number(0));
  holds["dictionaries"] = {dictionary->id};
  say(holds);
  say(notice(0));  // ignored: it has less than before
  send(1);
  EXPECT_EQ(testing::dictionary_needed(received.back().payload), 0U);
}

TEST_F(EndToEndAcks, SayHowManyBatchesWaitAndSinceWhen) {
  send(4);
  const int64_t since_ms = status().end_to_end.held_since_ms;
  EXPECT_GT(since_ms, 0);
  pass_ms(5000);
  send(4);
  EXPECT_EQ(status().end_to_end.held_batches, 2U);
  EXPECT_EQ(status().end_to_end.held_since_ms, since_ms);
}

TEST_F(EndToEndAcks, LetNoMoreBatchesGoThanTheCredit) {
  send(40);
  EXPECT_EQ(received.size(), 4U);
  pass_ms(60'000);
  EXPECT_EQ(received.size(), 4U);
  acknowledge(number(1));
  EXPECT_EQ(received.size(), 6U) << "the broker's window does not matter here";
}

TEST_F(EndToEndAcks, TakeTheCreditThatTheConsumerGives) {
  Json wide = notice(0);
  wide["credit"] = 7;
  say(wide);
  send(40);
  EXPECT_EQ(received.size(), 7U);
  Json none = notice(number(6));
  none["credit"] = 0;
  say(none);
  EXPECT_EQ(received.size(), 7U) << "no credit, no batch";
  EXPECT_EQ(status().end_to_end.credit_batches, 0U);
}

TEST_F(EndToEndAcks, KeepNoMorePlansThanTheCredit) {
  Json endless = notice(0);
  endless["credit"] = UINT64_MAX;
  say(endless);
  EXPECT_EQ(status().end_to_end.credit_batches, kCreditBatchesMax);
}

TEST_F(EndToEndAcks, SendNothingTwiceOverAConnectionThatIsMadeAnew) {
  send(8);
  link->drop();
  settle();
  pass_ms(10'000);
  EXPECT_EQ(received.size(), 2U) << "the broker still has the session, and so the batches";
  acknowledge(number(1));
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(EndToEndAcks, GoAgainByteForByteOnceTheBrokerHasForgottenThem) {
  send(8);
  lose_broker();
  EXPECT_EQ(received.size(), 2U) << "the consumer may be about to say that it has them";
  pass_ms(5000);
  ASSERT_EQ(received.size(), 4U);
  EXPECT_EQ(payload(2), payload(0));
  EXPECT_EQ(payload(3), payload(1));
  send(4);
  EXPECT_EQ(mark_json(payload(4))["after"].is_null() ? number(4) - 1 : 0, number(1)) << "the chain goes on";
  EXPECT_EQ(status().end_to_end.sent_again_batches, 2U);
}

TEST_F(EndToEndAcks, GoAgainOnlyAsFarAsTheConsumerLacksThem) {
  send(12);
  ASSERT_EQ(received.size(), 3U);
  lose_broker();
  acknowledge(number(1));
  ASSERT_EQ(received.size(), 4U) << "it is known by now, and nothing waits";
  EXPECT_EQ(payload(3), payload(2));
}

TEST_F(EndToEndAcks, GoAgainWhenTheConsumerWishesItAndNotOften) {
  send(8);
  Json wish = notice(number(0));
  wish["again"] = 77;
  say(wish);
  ASSERT_EQ(received.size(), 3U);
  EXPECT_EQ(payload(2), payload(1));
  say(wish);
  EXPECT_EQ(received.size(), 3U) << "one wish, however often it is read";
  wish["again"] = 78;
  say(wish);
  EXPECT_EQ(received.size(), 3U);
  pass_ms(EndToEnd::kAgainMs * 2 + 1000);
  EXPECT_EQ(received.size(), 4U) << "but every wish is fulfilled";
}

TEST_F(EndToEndAcks, GoAgainLessAndLessOftenWhileNobodyAcknowledgesThem) {
  options.acknowledgement_timeout_ms = 60'000;
  restart();
  send(4);
  pass_ms(50'000);
  EXPECT_EQ(received.size(), 1U);
  pass_ms(20'000);
  EXPECT_EQ(received.size(), 2U);
  pass_ms(100'000);
  EXPECT_EQ(received.size(), 2U);
  pass_ms(24 * 3'600'000);
  EXPECT_LT(received.size(), 14U);
  EXPECT_EQ(ids_since(0).count(*ids_since(0).begin()), received.size());
  acknowledge(number(0));
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(EndToEndAcks, AreResumedAfterAKillFromWhatTheConsumerHas) {
  send(12);
  restart();
  EXPECT_EQ(received.size(), 3U) << "what is retained is about to come";
  acknowledge(number(1));
  ASSERT_EQ(received.size(), 4U);
  EXPECT_EQ(payload(3), payload(2));
  EXPECT_EQ(waiting(), 4U);
  EXPECT_EQ(stats().delivered, 8U);
}

TEST_F(EndToEndAcks, OfBatchesThatAKillHasTakenFromMemoryEndThemWithoutSendingThem) {
  send(8);
  restart();
  acknowledge(number(1));
  EXPECT_EQ(waiting(), 0U);
  pass_ms(60'000);
  EXPECT_EQ(received.size(), 2U);
  EXPECT_THAT(forwarder->status(clock.now()).abandoned_batches, 0U);
}

TEST_F(EndToEndAcks, OfManyMessagesAreSettledAFewAtATime) {
  options.batch.messages_max = 1000;
  restart();
  send(1000);
  ASSERT_EQ(received.size(), 1U);
  restart();
  forwarder->on_notice(notice(number(0)).dump(), clock.now());
  EXPECT_EQ(forwarder->next_deadline(), clock.now().mono_ms) << "one call reads a part";
  EXPECT_EQ(waiting(), 1000U) << "and ends none of the batch before it knows all";
  pass_ms(1);
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(EndToEndAcks, GoAgainAfterAKillWhereNobodyRetainsAnything) {
  send(8);
  restart();
  pass_ms(5000);
  ASSERT_EQ(received.size(), 4U);
  EXPECT_EQ(payload(2), payload(0));
  EXPECT_EQ(payload(3), payload(1));
}

TEST_F(EndToEndAcks, ComeBeforeTheBrokersAnswerAndWaitForIt) {
  std::vector<std::function<void()>> answers;
  link->hold_answers([&](std::function<void()> one) { answers.push_back(std::move(one)); });
  append(4);
  settle();
  ASSERT_EQ(received.size(), 1U);
  acknowledge(number(0));
  EXPECT_EQ(waiting(), 4U);
  ASSERT_EQ(answers.size(), 1U);
  answers[0]();
  settle();
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(EndToEndAcks, ThatCannotBeTrueChangeNothing) {
  send(8);
  acknowledge(number(0));
  const auto with = [&](const char* member, const Json& value) {
    Json one = notice(number(1));
    one[member] = value;
    return one.dump();
  };
  const std::pair<std::string, const char*> untrue[] = {
      {"", "no JSON object"},
      {"[]", "no JSON object"},
      {with("v", 2), R"("v" is not 1)"},
      {with("ep", ""), "epoch, is missing"},
      {with("ep", "01J8ZQ4M5N6P7Q8R9S0T1V2W3X"), "this hub's is"},
      {with("n", "7"), R"("n" is not a whole number)"},
      {with("n", -1), R"("n" is not a whole number)"},
      {with("n", number(1) + 1), "the last that was sent is"},
      {with("n", 0), "whoever consumes has lost"},
      {with("hash", hash_before(1)), "another batch"},
      {with("from", number(1) + 1), "which goes again"},
      {with("credit", 1.5), R"("credit" is not)"},
      {with("nack", "all"), R"("nack" is not)"},
      {with("nack", {1}), R"("nack" is not)"},
      {with("replay", 7), R"("replay" is not)"},
      {with("replay", {{"from", 9}, {"to", 8}}), R"("replay" is not)"},
      {with("nack", {{{"why", "neither"}}}), R"("nack" is not)"},
      {std::string(AckNotice::kBytesMax + 1, ' '), "65536 are the most"}};
  for (const auto& [text, why] : untrue) {
    clock.advance_ms(core::LogLimiter::kPeriodMs);
    const uint64_t before = status().end_to_end.ignored_notices;
    forwarder->on_notice(text, clock.now());
    EXPECT_EQ(status().end_to_end.ignored_notices, before + 1) << text.substr(0, 100);
    EXPECT_THAT(log.lines(), Contains(HasSubstr(why)));
    EXPECT_EQ(waiting(), 4U) << text.substr(0, 100);
  }
  EXPECT_EQ(status().end_to_end.number, number(0));
  acknowledge(number(1));
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(EndToEndAcks, WithTheRightHashCount) {
  send(8);
  Json right = notice(number(0));
  right["hash"] = hash_before(1);
  say(right);
  EXPECT_EQ(waiting(), 4U);
}

TEST_F(EndToEndAcks, WithAHoleBeforeThemBringTheHole) {
  send(12);
  Json middle = notice(number(2));
  middle["from"] = number(1);
  say(middle);
  ASSERT_EQ(received.size(), 6U);
  EXPECT_EQ(payload(3), payload(0));
  EXPECT_EQ(waiting(), 12U);
  middle["from"] = number(0);
  say(middle);
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(EndToEndAcks, BringBatchesOnceMoreThatAreStillThere) {
  send(16);
  acknowledge(number(0));
  announced.clear();
  Json wish = notice(number(0));
  wish["replay"] = {{"from", number(0)}, {"to", number(2)}};
  say(wish);
  const Json said = Json::parse(announced.at("headgate/hub-1/batches/replay/upstream"));
  EXPECT_EQ(said, Json({{"v", 1},
                        {"ep", store.identity().epoch},
                        {"from", number(0)},
                        {"to", number(2)},
                        {"again", {number(1), number(2)}},
                        {"gone", {number(0), number(0)}}}));
  ASSERT_EQ(received.size(), 7U) << "and those behind them, so that all arrive in order";
  for (size_t i = 1; i < 4; ++i) EXPECT_EQ(payload(3 + i), payload(i));
  say(wish);
  EXPECT_EQ(received.size(), 7U) << "once";
  EXPECT_EQ(waiting(), 12U) << "and nothing else is changed by it";
  acknowledge(number(3));
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(EndToEndAcks, SayThatBatchesAreGoneOrWereNeverSent) {
  send(4);
  acknowledge(number(0));
  Json wish = notice(number(0));
  wish["replay"] = {{"from", number(0)}, {"to", number(0) + 7}};
  say(wish);
  const Json said = Json::parse(announced.at("headgate/hub-1/batches/replay/upstream"));
  EXPECT_EQ(said["gone"], Json({number(0), number(0)}));
  EXPECT_EQ(said["not_sent"], Json({number(0) + 1, number(0) + 7}));
  EXPECT_FALSE(said.contains("again"));
  EXPECT_EQ(received.size(), 1U);
}

TEST_F(EndToEndAcks, BringBatchesOnceMoreNotTooOften) {
  send(8);
  Json wish = notice(0);
  for (uint64_t to = 1000; to < 1020; ++to) {
    wish["replay"] = {{"from", 1}, {"to", to}};
    say(wish);
  }
  EXPECT_EQ(received.size(), 4U);
  pass_ms(EndToEnd::kAgainMs + 1000);
  EXPECT_EQ(received.size(), 6U) << "the last wish";
}

TEST_F(EndToEndAcks, OfOtherLanesDoNotWaitForEachOther) {
  append(4, 5);
  append(1, 0);
  append(4, 5);
  settle();
  pass_ms(1500);
  ASSERT_EQ(received.size(), 3U);
  lose_broker();
  pass_ms(5000);
  ASSERT_EQ(received.size(), 6U);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(payload(3 + i), payload(i));
  acknowledge(number(2));
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(EndToEndAcks, OfABatchWhoseMessagesHaveEndedKeepNoOtherLaneWaiting) {
  append(2, 5, 500);
  clock.advance_ms(1000);
  store.tick(clock.now());
  pass_ms(20'000);
  ASSERT_EQ(received.size(), 1U) << "a declaration, which is held: no other goes";
  link->hold_answers([](const std::function<void()>&) {});
  append(4, 5, 5000);
  settle();
  ASSERT_EQ(received.size(), 2U);
  link->kill();
  settle();
  append(1, 0);
  pass_ms(10'000);
  ASSERT_EQ(waiting(), 1U) << "the others have expired";
  link->revive();
  link->hold_answers(nullptr);
  pass_ms(EndToEnd::kHearMs + 200);
  ASSERT_EQ(received.size(), 3U);
  EXPECT_THAT(received[2].seqs(), ElementsAre(appended_seqs.back()));
}

TEST_F(EndToEndAcks, ComeForLossesToo) {
  append(2, 5, 500);
  clock.advance_ms(1000);
  store.tick(clock.now());
  pass_ms(20'000);
  ASSERT_FALSE(received.empty());
  EXPECT_EQ(received[0].json["gaps"].size(), 1U);
  EXPECT_EQ(received.size(), 1U) << "a declaration at a time";
  EXPECT_FALSE(store.gaps(queue).empty()) << "nobody has it for good";
  restart();
  acknowledge(number(0));
  EXPECT_TRUE(store.gaps(queue).empty());
}

// A batch is refused once another one behind it has declared a loss: until the consumer has heard that the first was given
// up, it cannot acknowledge the second, and one declaration of losses at a time is on its way.
TEST_F(EndToEndAcks, ComeThoughNothingNewSaysWhichBatchWasGivenUp) {
  send(4);
  acknowledge(number(0));
  std::vector<std::function<void()>> answers;
  link->hold_answers([&](std::function<void()> give) { answers.push_back(std::move(give)); });
  answer = [](const ReceivedBatch& batch) { return batch.seqs().empty() ? 0 : payload_format_invalid; };
  send(1);
  append(1, 5, 500);
  pass_ms(15'000);
  ASSERT_EQ(received.size(), 3U);
  ASSERT_TRUE(received[2].seqs().empty()) << "it is about the message that has expired";
  link->hold_answers(nullptr);
  for (const auto& give : answers) give();
  pass_ms(200'000);
  ASSERT_EQ(stats().dead, 1U);
  const Json said = mark_json(received.back().payload);
  EXPECT_TRUE(received.back().seqs().empty());
  EXPECT_FALSE(received.back().json.contains("gaps"));
  ASSERT_TRUE(said.contains("instead_of"));
  EXPECT_EQ(said["instead_of"][0][0], number(1));
  EXPECT_EQ(status().end_to_end.held_batches, 2U) << "it is said once";
  acknowledge(numbers().back());
  pass_ms(15'000);
  acknowledge(numbers().back());
  EXPECT_TRUE(store.gaps(queue).empty());
  EXPECT_EQ(status().end_to_end.held_batches, 0U);
}

TEST_F(EndToEndAcks, ThatRefuseAMessageMakeItADeadLetter) {
  send(4);
  Json refusal = notice(number(0));
  refusal["nack"] = {{{"i", received[0].seqs()[2]}, {"why", "no such column"}}};
  say(refusal);
  EXPECT_EQ(stats().delivered, 3U);
  EXPECT_EQ(stats().dead, 1U);
  EXPECT_EQ(waiting(), 0U);
  EXPECT_EQ(status().end_to_end.refused_messages, 1U);
}

TEST_F(EndToEndAcks, ThatRefuseABatchFindTheMessage) {
  const auto refuses = [&](const ReceivedBatch& batch) {
    return batch.json.dump().find("{\"v\":3}") != std::string::npos;
  };
  send(8);
  size_t seen = 0;
  while (seen < received.size() && waiting() > 0 && received.size() < 30) {
    const size_t i = seen++;
    Json said = notice(refuses(received[i]) ? numbers()[i] - 1 : numbers()[i]);
    if (refuses(received[i])) said["nack"] = {{{"n", numbers()[i]}, {"why", "schema"}}};
    if (said["n"] >= status().end_to_end.number) say(said);
    pass_ms(1500);
  }
  acknowledge(numbers().back());
  EXPECT_EQ(stats().delivered, 7U);
  EXPECT_EQ(stats().dead, 1U);
  EXPECT_EQ(waiting(), 0U);
  EXPECT_LE(received.size(), 8U);
}

TEST_F(EndToEndAcks, ThatRefuseABatchAreRememberedOverAKill) {
  send(1);
  restart();
  Json refusal = notice(0);
  refusal["nack"] = {{{"n", number(0)}, {"why", "schema"}}};
  say(refusal);
  EXPECT_EQ(stats().dead, 1U);
  pass_ms(60'000);
  EXPECT_EQ(ids_since(1).size(), 0U);
}

TEST_F(EndToEndAcks, DoNotHinderThatTheBrokerRefusesABatch) {
  options.credit_batches = 32;
  restart();
  send(4);
  answer = [](const ReceivedBatch& batch) {
    return batch.json.dump().find("{\"v\":6}") == std::string::npos ? 0 : packet_too_large;
  };
  send(8);
  pass_ms(600'000);
  EXPECT_EQ(stats().dead, 1U);
  acknowledge(numbers().back());
  EXPECT_EQ(waiting(), 0U);
  EXPECT_EQ(stats().delivered, 11U);
}

TEST_F(EndToEndAcks, StillCountAfterTheHubHasClosed) {
  send(8);
  forwarder->close(clock.now(), 1000);
  settle();
  EXPECT_TRUE(forwarder->closed());
  restart();
  acknowledge(number(1));
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(EndToEndAcks, AreNotWaitedForWhereTheBrokersAnswerIsEnough) {
  options.acknowledgement = Acknowledgement::broker;
  restart();
  send(8);
  EXPECT_EQ(waiting(), 0U);
  say(std::string("nonsense"));
  EXPECT_EQ(status().end_to_end.ignored_notices, 0U);
}

// ---- the notice ----

TEST(AckNotices, HaveAllThatTheyMayHave) {
  const auto read = read_notice(
      R"({"v":1,"ep":"E","from":3,"n":9,"hash":"aGFzaA==","credit":8,"again":5,"nack":[{"n":7,"why":"a"},{"i":44,"why":"b"}],"dictionaries":[7,4294967295],"later":{}})");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*read, (AckNotice{.epoch = "E",
                              .from = 3,
                              .number = 9,
                              .hash = "aGFzaA==",
                              .credit = 8,
                              .again = 5,
                              .nacks = {{7, 0, "a"}, {0, 44, "b"}},
                              .dictionaries = {7, 4294967295}}));
}

TEST(AckNotices, NeedNoMoreThanEpochAndNumber) {
  const auto read = read_notice(R"({"v":1,"ep":"E","n":9})");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, (AckNotice{.epoch = "E", .number = 9}));
}

TEST(AckNotices, NameDictionariesByTheirIds) {
  for (const char* wrong : {"7", "[\"7\"]", "[0]", "[-1]", "[4294967296]", "[1.5]", "[null]", "{}"}) {
    const auto read = read_notice(R"({"v":1,"ep":"E","dictionaries":)" + std::string(wrong) + "}");
    ASSERT_FALSE(read) << wrong;
    EXPECT_EQ(read.error().what, "\"dictionaries\" is not a list of 64 ids of zstd dictionaries at most");
  }
  const auto many =
      read_notice(R"({"v":1,"ep":"E","dictionaries":)" + Json(std::vector<int>(65, 1)).dump() + "}");
  EXPECT_FALSE(many);
}

TEST(AckNotices, HaveBoundedReasons) {
  const auto read =
      read_notice(R"({"v":1,"ep":"E","nack":[{"n":7,"why":")" + std::string(5000, 'x') + "\"}]}");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->nacks[0].why.size(), AckNotice::kWhyBytesMax);
}

}  // namespace
}  // namespace headgate::upstream
