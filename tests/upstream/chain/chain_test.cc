// Batches name each other, go again as they were, and say so where they cannot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <vector>

#include "core/base64.h"
#include "tests/upstream/chain/hub_side.h"
#include "upstream/payload/origin.h"

namespace headgate::upstream {
namespace {

using ::testing::ElementsAre;
using testing::HubSide;
using testing::mark_json;
using testing::mark_of;
using testing::ReceivedBatch;

std::string hash_of(const std::string& payload, const std::string& key = "") {
  const Digest content = sha256(testing::decompress_batch(payload));
  std::string text;
  core::append_base64(text, bytes_of(batch_hash(key, mark_of(payload), content)));
  return text;
}

// The batches that a mark gives up, and the one before them.
nlohmann::json given_up(uint64_t first, uint64_t last, uint64_t after, const std::string& hash) {
  nlohmann::json all = nlohmann::json::array();
  all.push_back({first, last, after, hash});
  return all;
}

class Chain : public ::testing::Test, public HubSide {
 protected:
  [[nodiscard]] std::string payload(size_t i) const { return received.at(i).payload; }
  [[nodiscard]] nlohmann::json mark(size_t i) const { return mark_json(payload(i)); }
  [[nodiscard]] uint64_t before(size_t i) const {
    return mark(i).value("after", mark(i)["n"].get<uint64_t>() - 1);
  }
  // A window of two is open.
  void begin() {
    append(4);
    settle();
    pass_ms(2000);
    received.clear();
  }
  // Two batches of four are sent, and the broker's answers never come.
  void send_two_without_answers() {
    append(8);
    while (received.size() < 2 && (executor.run_ready() > 0 || encode())) {
    }
    ASSERT_EQ(received.size(), 2U);
  }
  // Ten batches of a message are sent together, and every second one is refused: more than the next can say.
  void give_five_of_ten_up() {
    options.batch.messages_max = 1;
    options.link.in_flight_max = 10;
    options.attempts_max = 1;
    kill();
    append(40);  // so that the window is open
    settle();
    received.clear();
    std::vector<std::function<void()>> answers;
    link->hold_answers([&](std::function<void()> give) { answers.push_back(std::move(give)); });
    answer = [](const ReceivedBatch& batch) {
      const auto seqs = batch.seqs();
      return !seqs.empty() && seqs.front() % 2 == 0 ? payload_format_invalid : 0;
    };
    append(10);
    settle();
    ASSERT_EQ(received.size(), 10U);
    link->hold_answers(nullptr);
    for (const auto& give : answers) give();
  }
  // Two entries end in one message, as old readings do that are folded.
  void fold_next_two() {
    link->kill();
    append(2);
    settle();
    const auto entries = store.read(queue, 5, 0, {2, SIZE_MAX}, clock.now()).value();
    std::vector<store::End> ends;
    for (const store::Entry& entry : entries) {
      ends.push_back({queue, 5, entry.seq, store::Outcome::dropped});
      ends.back().folded = true;
    }
    auto row = std::make_shared<core::Message>();
    row->topic = "plant/1";
    row->body = "{\"fold\":60}";
    row->arrived_hub_ms = clock.now().hub_ms;
    const store::Target target{queue, 5, 0, ""};
    store::Append append_row;
    append_row.message = row;
    append_row.targets = std::span(&target, 1);
    const store::Folded folded{queue, ends.front().seq, ends.back().seq, ends.size()};
    store::Change change;
    change.ends = ends;
    change.appends = std::span(&append_row, 1);
    change.folded = std::span(&folded, 1);
    ASSERT_TRUE(store.commit(change));
    executor.run_ready();
  }
};

TEST_F(Chain, NamesTheNumberAndHashOfTheBatchBefore) {
  append(12);
  settle();
  ASSERT_EQ(received.size(), 3U);
  EXPECT_FALSE(mark(0).contains("prev"));
  for (size_t i = 1; i < received.size(); ++i) {
    EXPECT_EQ(mark(i)["n"], mark(i - 1)["n"].get<uint64_t>() + 1);
    EXPECT_EQ(mark(i)["prev"], hash_of(payload(i - 1)));
    EXPECT_FALSE(mark(i).contains("instead_of"));
  }
}

TEST_F(Chain, TellsItsHeadOnceNothingIsOnItsWay) {
  append(12);
  settle();
  EXPECT_EQ(head()["n"], mark(2)["n"]);
  EXPECT_EQ(head()["hash"], hash_of(payload(2)));
  EXPECT_EQ(head()["hub"], "hub-1");
}

TEST_F(Chain, TellsItsHeadAtMostOnceAMinute) {
  append(4);
  settle();
  const nlohmann::json first = head();
  append(4);
  pass_ms(50'000);
  EXPECT_EQ(head()["n"], first["n"]);
  pass_ms(20'000);
  EXPECT_EQ(head()["n"], mark(1)["n"]);
}

TEST_F(Chain, TellsItsHeadBeforeItCloses) {
  append(4);
  settle();
  append(4);
  settle();
  forwarder->close(clock.now(), 1000);
  settle();
  EXPECT_EQ(head()["n"], mark(1)["n"]);
}

TEST_F(Chain, TellsItsHeadAgainAfterARestart) {
  append(4);
  settle();
  const nlohmann::json before = head();
  announced.clear();
  kill();
  settle();
  EXPECT_EQ(head()["n"], before["n"]);
  EXPECT_EQ(head()["hash"], before["hash"]);
}

TEST_F(Chain, TellsOnItsHeadWhereALinkIsBad) {
  for (int i = 0; i < 10; ++i) {
    append(4);
    pass_ms(5000);
    link->drop();
    pass_ms(5000);
  }
  EXPECT_EQ(head()["n"], mark(received.size() - 1)["n"]);
}

TEST_F(Chain, WithAKeyIsAnHmac) {
  key = "0123456789abcdef";
  kill();
  append(8);
  settle();
  EXPECT_EQ(mark(1)["prev"], hash_of(payload(0), key));
  EXPECT_NE(mark(1)["prev"], hash_of(payload(0)));
}

TEST_F(Chain, GoesAgainByteForByteOverALinkThatIsWorthAnotherLevel) {
  const auto levels_of_plans = [this] {
    std::vector<int> levels;
    EXPECT_TRUE(store.for_each(plan_prefix("upstream"), [&](std::string_view stored, std::string_view value) {
      levels.push_back(read_plan(stored, value)->form.zstd_level);
      return core::Status();
    }));
    return levels;
  };
  const auto move_to_a_link_of = [this](int level) {
    link->session.zstd_level = level;
    link->drop();
    settle();
    pass_ms(5000);
  };
  move_to_a_link_of(19);
  begin();
  send_two_without_answers();
  EXPECT_THAT(levels_of_plans(), ElementsAre(19, 19));
  move_to_a_link_of(2);
  ASSERT_EQ(received.size(), 4U);
  EXPECT_EQ(payload(2), payload(0));
  EXPECT_EQ(payload(3), payload(1));
  move_to_a_link_of(0);
  begin();
  send_two_without_answers();
  EXPECT_THAT(levels_of_plans(), ElementsAre(1, 1)) << "that of all batches, unless the link says otherwise";
}

TEST_F(Chain, SendsABatchOnlyOnceItsPlanIsWritten) {
  begin();
  enqueue(4);
  executor.run_one();
  EXPECT_TRUE(received.empty());
  EXPECT_TRUE(store.commit_pending());
  executor.run_ready();
  EXPECT_EQ(received.size(), 1U);
}

TEST_F(Chain, GoesAgainByteForByteAfterALostLink) {
  begin();
  send_two_without_answers();
  link->drop();
  settle();
  append(5);  // would join the open batches, were there no plans
  pass_ms(5000);
  ASSERT_GE(received.size(), 5U);
  EXPECT_EQ(payload(2), payload(0));
  EXPECT_EQ(payload(3), payload(1));
  EXPECT_EQ(mark(4)["prev"], hash_of(payload(1)));
  EXPECT_EQ(status().repeated_batches, 2U);
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(Chain, GoesAgainByteForByteAfterAKill) {
  begin();
  send_two_without_answers();
  options.batch.messages_max = 3;  // the next process would cut them otherwise
  clock.advance_ms(1000);
  kill();
  append(3);
  pass_ms(5000);
  ASSERT_GE(received.size(), 5U);
  EXPECT_EQ(payload(2), payload(0));
  EXPECT_EQ(payload(3), payload(1));
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(Chain, RepeatsWhereTheContentOfAGapWentAfterAKill) {
  begin();
  fold_next_two();
  append(4);
  link->hold_answers([](const auto&) {});
  link->revive();
  pass_ms(500);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].json["gaps"][0]["why"], "folded");
  clock.advance_ms(1000);
  kill();
  pass_ms(5000);
  ASSERT_GE(received.size(), 2U);
  EXPECT_EQ(payload(1), payload(0));
  EXPECT_EQ(status().abandoned_batches, 0U);
}

TEST_F(Chain, KnowsWhatItHasBegunAfterAKill) {
  begin();
  send_two_without_answers();
  const store::Seq last = received.back().seqs().back();
  link->kill();
  kill();
  link->kill();
  EXPECT_EQ(forwarder->begun_up_to(5), last);
  EXPECT_EQ(forwarder->begun_up_to(6), 0U);
  pass_ms(60'000);
  EXPECT_EQ(forwarder->begun_up_to(5), last) << "nothing was sent since";
}

// Whoever may have a message must not get a row that holds it, too.
TEST_F(Chain, KnowsWhatItHasBegunThoughItsPlanIsGivenUp) {
  begin();
  append(4, 5, 3000);
  append(4);
  while (received.size() < 2 && (executor.run_ready() > 0 || encode())) {
  }
  const store::Seq last = received.back().seqs().back();
  link->kill();
  pass_ms(5000);
  link->revive();
  answer = [](const ReceivedBatch&) { return quota_exceeded; };
  pass_ms(500);
  ASSERT_GT(status().abandoned_batches, 0U);
  kill();
  link->kill();
  pass_ms(5000);
  EXPECT_GE(forwarder->begun_up_to(5), last);
}

TEST_F(Chain, KnowsWhatItHasBegunOnceItIsSwitchedOff) {
  begin();
  send_two_without_answers();
  const store::Seq last = received.back().seqs().back();
  options.chain.enabled = false;
  kill();
  link->kill();
  EXPECT_EQ(forwarder->begun_up_to(5), last);
  EXPECT_EQ(begun_before(store, "upstream")[5], last);
  EXPECT_EQ(begun_before(store, "another")[5], 0U);
}

TEST_F(Chain, GoesOnWithANumberThatNobodyCanHaveUsedAfterAKill) {
  append(4);
  settle();
  kill();
  append(4);
  pass_ms(2000);
  const uint64_t first = mark(0)["n"];
  const uint64_t second = mark(1)["n"];
  ASSERT_GT(second, first + 1);
  EXPECT_EQ(mark(1)["after"], first);
  EXPECT_EQ(mark(1)["prev"], hash_of(payload(0)));
  EXPECT_EQ(mark(1)["instead_of"], given_up(first + 1, second - 1, first, hash_of(payload(0))));
}

TEST_F(Chain, DeclaresTheNumbersOfBatchesThatAPowerCutTookWithTheirPlans) {
  begin();
  const std::string end = *store.get(chain_end_key("upstream"));
  send_two_without_answers();
  const std::array lost{store::KeyValue{chain_end_key("upstream"), end}, erase_plan("upstream", mark(0)["n"]),
                        erase_plan("upstream", mark(1)["n"])};
  ASSERT_TRUE(store.put(lost));
  executor.run_ready();
  kill();
  pass_ms(2000);
  ASSERT_EQ(received.size(), 4U);
  const nlohmann::json declared = mark(2)["instead_of"];
  ASSERT_EQ(declared.size(), 1U);
  EXPECT_LE(declared[0][0], mark(0)["n"]);
  EXPECT_GE(declared[0][1], mark(1)["n"]);
  EXPECT_EQ(received[2].json["m"], received[0].json["m"]);
}

TEST_F(Chain, DeclaresTheFirstNumbersOfAnEpochThatAPowerCutTook) {
  append(4);
  while (received.empty() && (executor.run_ready() > 0 || encode() || link->deliver_one())) {
  }
  const uint64_t first = mark(0)["n"];
  const std::array lost{store::KeyValue{chain_end_key("upstream"), std::nullopt},
                        erase_plan("upstream", first)};
  ASSERT_TRUE(store.put(lost));
  executor.run_ready();
  kill();
  pass_ms(2000);
  ASSERT_EQ(received.size(), 2U);
  const uint64_t second = mark(1)["n"];
  EXPECT_FALSE(mark(1).contains("prev"));
  EXPECT_EQ(mark(1)["instead_of"].dump(), "[[1," + std::to_string(second - 1) + "]]");
}

TEST_F(Chain, SaysWhatARefusedBatchIsReplacedBy) {
  begin();
  answer = [](const ReceivedBatch& batch) -> uint8_t {
    return batch.seqs().size() > 2 ? payload_format_invalid : 0;
  };
  append(4);
  pass_ms(90'000);
  ASSERT_EQ(received.size(), 3U);
  const uint64_t refused = mark(0)["n"];
  EXPECT_EQ(mark(1)["instead_of"], given_up(refused, refused, before(0), mark(0)["prev"]));
  EXPECT_FALSE(mark(2).contains("instead_of"));
  EXPECT_EQ(mark(1)["prev"], hash_of(payload(0)));
  EXPECT_EQ(head()["n"], mark(2)["n"]);
}

TEST_F(Chain, SaysHowFarALaneHadGoneWhereItGoesBack) {
  begin();
  answer = [](const ReceivedBatch& batch) -> uint8_t {
    return batch.seqs().size() > 2 ? payload_format_invalid : 0;
  };
  append(4);
  pass_ms(90'000);
  append(2);
  pass_ms(90'000);
  ASSERT_EQ(received.size(), 4U);
  EXPECT_FALSE(mark(0).contains("over"));
  EXPECT_EQ(mark(1)["over"], received[0].seqs().back());
  EXPECT_EQ(mark(2)["over"], received[0].seqs().back());
  EXPECT_FALSE(mark(3).contains("over"));
}

TEST_F(Chain, NamesTheBatchBeforeSeveralThatWereGivenUpTogether) {
  begin();
  answer = [](const ReceivedBatch& batch) -> uint8_t {
    return batch.seqs().size() > 1 ? payload_format_invalid : 0;
  };
  append(4);
  pass_ms(5000);
  const uint64_t last = before(0);
  const std::string hash = mark(0)["prev"];
  ASSERT_EQ(status().abandoned_batches, 3U);  // four messages, then two and two
  EXPECT_EQ(mark(2)["instead_of"], given_up(last + 1, last + 2, last, hash));
}

TEST_F(Chain, SaysWhichWereGivenUpThoughNothingNewComes) {
  give_five_of_ten_up();
  pass_ms(200'000);
  std::set<uint64_t> declared;
  for (const ReceivedBatch& batch : received)
    for (const auto& range : mark_json(batch.payload).value("instead_of", nlohmann::json::array()))
      for (uint64_t number = range[0]; number <= range[1]; ++number) declared.insert(number);
  EXPECT_EQ(declared.size(), 5U) << "and a batch can say it of four stretches";
  ASSERT_EQ(received.size(), 12U) << "the losses, with four of them, and the fifth";
  EXPECT_EQ(received[11].id,
            "hub-1/" + store.identity().epoch + "/batch/" + std::to_string(numbers().back()));
  EXPECT_EQ(head()["n"], numbers().back());
}

TEST_F(Chain, SaysWhichWereGivenUpOnceSomebodyListens) {
  options.no_subscriber = NoSubscriber::wait;
  give_five_of_ten_up();
  pass_ms(10'000);
  ASSERT_EQ(received.size(), 11U) << "the losses";
  answer = [](const ReceivedBatch&) { return no_matching_subscribers; };
  pass_ms(20'000);
  ASSERT_GT(received.size(), 11U);
  const std::string unheard = payload(11);
  ASSERT_TRUE(mark(11).contains("instead_of"));
  answer = [](const ReceivedBatch&) { return 0; };
  pass_ms(200'000);
  EXPECT_EQ(payload(received.size() - 1), unheard);
  EXPECT_EQ(head()["n"], numbers().back());
}

TEST_F(Chain, SendsABatchAgainAsItWasWhenTheBrokerHasNoRoomForIt) {
  begin();
  bool full = true;
  answer = [&full](const ReceivedBatch&) -> uint8_t {
    return std::exchange(full, false) ? quota_exceeded : 0;
  };
  append(4);
  pass_ms(60000);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(payload(1), payload(0));
}

TEST_F(Chain, SaysSoWhenMessagesExpireBeforeTheyCouldGoAgain) {
  begin();
  append(2, 5, 3000);
  append(2);
  while (received.empty() && (executor.run_ready() > 0 || encode())) {
  }
  link->kill();
  pass_ms(5000);
  link->revive();
  pass_ms(5000);
  ASSERT_GE(received.size(), 2U);
  const uint64_t lost = mark(0)["n"];
  EXPECT_EQ(mark(1)["instead_of"], given_up(lost, lost, before(0), mark(0)["prev"]));
  EXPECT_EQ(status().abandoned_batches, 1U);
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(Chain, SaysSoWhenAllOfABatchExpired) {
  begin();
  append(4, 5, 3000);
  while (received.empty() && (executor.run_ready() > 0 || encode())) {
  }
  ASSERT_EQ(received.size(), 1U);
  link->kill();
  pass_ms(5000);
  link->revive();
  pass_ms(20000);
  ASSERT_GE(received.size(), 2U);
  const uint64_t lost = mark(0)["n"];
  EXPECT_EQ(mark(1)["instead_of"], given_up(lost, lost, before(0), mark(0)["prev"]));
  EXPECT_EQ(received[1].json["gaps"].size(), 1U);
}

TEST_F(Chain, LeavesProbesOut) {
  options.no_subscriber = NoSubscriber::wait;
  kill();
  append(4);
  pass_ms(2000);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(received[0].json["m"].size(), 0U);
  EXPECT_EQ(mark_of(payload(0)), "");
  EXPECT_FALSE(mark(1).contains("prev"));
}

TEST_F(Chain, BeginsAnewInAnotherEpoch) {
  append(4);
  settle();
  ChainEnd end = *read_chain_end("", *store.get(chain_end_key("upstream")));
  end.epoch = "another";
  const std::array values{put_chain_end("upstream", end)};
  ASSERT_TRUE(store.put(values));
  executor.run_ready();
  kill();
  append(4);
  pass_ms(2000);
  EXPECT_FALSE(mark(1).contains("prev"));
}

TEST_F(Chain, DoesNotStartWithAValueThatCannotBeRead) {
  const std::array values{store::KeyValue{chain_end_key("upstream"), "?"}};
  ASSERT_TRUE(store.put(values));
  executor.run_ready();
  Ledger ledger(store, options);
  const core::Status opened = ledger.open("");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, core::Errc::corrupt);
  EXPECT_THAT(opened.error().what, ::testing::HasSubstr("upstream-chain/upstream"));
}

TEST_F(Chain, IsOffWhereItIsNotWanted) {
  options.chain.enabled = false;
  kill();
  append(8);
  settle();
  EXPECT_EQ(mark_of(payload(0)), "");
  EXPECT_TRUE(head().is_null());
}

TEST_F(Chain, WritesAPlanLaterForWhichThereWasNoRoom) {
  begin();
  store.takes_values = false;
  append(4);
  settle();
  EXPECT_TRUE(received.empty()) << "no plan, no batch";
  pass_ms(5000);
  EXPECT_TRUE(received.empty());
  store.takes_values = true;
  pass_ms(1100);
  EXPECT_EQ(received.size(), 1U) << "also if nothing else happens";
}

TEST_F(Chain, CostsATenthOfAByteAMessageAtAThousandABatch) {
  append(12);
  settle();
  EXPECT_LE(mark_of(payload(2)).size() + 8, 100U);
}

TEST_F(Chain, TellsItsHeadInAWayThatNoHubSendsOn) {
  append(4);
  settle();
  core::Message note;
  note.topic = testing::kHeadTopic;
  note.body = announced.at(note.topic);
  EXPECT_TRUE(is_chain_head(note));
  note.topic = "there/as/a/bridge/wants/it";
  EXPECT_TRUE(is_chain_head(note));
  note.body = "{\"v\":1,\"hub\":\"a\"}";
  EXPECT_FALSE(is_chain_head(note));
}

TEST(Mark, IsTheLastMemberOfPlainJson) {
  EXPECT_EQ(with_mark("{\"v\":1}", "{\"n\":7}"), "{\"v\":1,\"chain\":{\"n\":7}}");
}

TEST(Plan, IsReadAsItWasWritten) {
  Plan plan;
  plan.mark = {7, 5, sha256("x"), {{{6, 6}, 5, sha256("z")}, {{1, 3}}}};
  plan.content = sha256("y");
  plan.lane = 3;
  plan.first = 100;
  plan.last = 200;
  plan.messages = 40;
  plan.sent_ms = 1'700'000'000'000;
  plan.clock_right = false;
  plan.form = {BatchLayout::columns, BatchCompression::zstd, 9};
  plan.gaps = {{10, 20, 5, store::Outcome::expired}, {10, 60, 40, store::Outcome::dropped, 210, 222}};
  const store::KeyValue kept = put_plan("upstream", plan);
  EXPECT_EQ(*read_plan(kept.key, *kept.value), plan);
  for (size_t bytes = 0; bytes < kept.value->size(); ++bytes)
    EXPECT_FALSE(read_plan(kept.key, kept.value->substr(0, bytes))) << bytes;
}

TEST(Plan, OfABatchOutOfOrderIsReadAsItWasWritten) {
  Plan plan;
  plan.mark.number = 7;
  plan.mark.ahead = true;
  plan.mark.over = 300;
  const store::KeyValue kept = put_plan("upstream", plan);
  EXPECT_EQ(*read_plan(kept.key, *kept.value), plan);
  EXPECT_FALSE(read_plan(kept.key, kept.value->substr(0, kept.value->size() - 1)));
}

TEST(ChainEnd, IsReadAsItWasWritten) {
  ChainEnd end{"epoch", 9, sha256("x"), {{{{6, 6}, 5, sha256("z")}, 9}}, {}};
  end.begun[3] = 1234;
  const store::KeyValue kept = put_chain_end("upstream", end);
  EXPECT_EQ(*read_chain_end(kept.key, *kept.value), end);
  for (size_t bytes = 0; bytes < kept.value->size(); ++bytes)
    EXPECT_FALSE(read_chain_end(kept.key, kept.value->substr(0, bytes))) << bytes;
}

}  // namespace
}  // namespace headgate::upstream
