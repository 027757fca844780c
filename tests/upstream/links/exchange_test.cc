#include "upstream/links/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <utility>

#include "tests/upstream/chain/hub_side.h"
#include "tests/upstream/links/crossing.h"

namespace headgate::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

upstream::LinkTerms metered() {
  upstream::LinkTerms terms;
  terms.cost = upstream::LinkCost::metered;
  return terms;
}

upstream::LinkTerms urgent_only() {
  upstream::LinkTerms terms = metered();
  terms.priority_max = 0;
  return terms;
}

Crossing::Named fiber_and_lte(upstream::LinkTerms lte = metered()) {
  return {Crossing::named("fiber"), Crossing::named("lte", std::move(lte))};
}

TEST(Exchange, SendsOverThePreferredLinkAndConnectsNoOther) {
  Crossing site(fiber_and_lte());
  const auto queue = site.add_queue("$upstream");
  site.append_many(queue, 8);
  site.pass_ms(60000);
  EXPECT_EQ(site.way_of(queue), "fiber");
  EXPECT_EQ(site.arrived_over("fiber").size(), 8U);
  EXPECT_EQ(site.link("lte").connects, 0U);
}

TEST(Exchange, FailsOverWithTheSameIdsAndGoesBack) {
  Crossing site(fiber_and_lte());
  const auto queue = site.add_queue("$upstream");
  site.link("fiber").answer = [&](const ReceivedBatch&) {
    site.link("fiber").kill();  // the batch arrived, its answer does not
    return 0;
  };
  site.append_many(queue, 4);
  site.pass_ms(2000);
  EXPECT_EQ(site.link("lte").connects, 0U) << "the better link may come back";
  site.pass_ms(15000);
  EXPECT_EQ(site.way_of(queue), "lte");
  EXPECT_EQ(site.arrived_over("lte"), site.arrived_over("fiber"));
  EXPECT_EQ(site.waiting(queue), 0U);

  site.link("fiber").answer = [](const ReceivedBatch&) { return 0; };
  site.link("fiber").revive();
  site.pass_ms(400000);
  EXPECT_EQ(site.way_of(queue), "fiber");
  site.append_many(queue, 4);
  site.pass_ms(2000);
  EXPECT_EQ(site.arrived_over("fiber").size(), 8U);
}

TEST(Exchange, FailsOverAtOnceFromALinkThatRefusesTheCredentials) {
  Crossing site(fiber_and_lte());
  site.link("fiber").kill({"not authorized", true, 0x87});
  const auto queue = site.add_queue("$upstream");
  site.append_many(queue, 4);
  site.pass_ms(1500);
  EXPECT_EQ(site.arrived_over("lte").size(), 4U);
  EXPECT_TRUE(site.carrier("fiber").is_hopeless());
}

TEST(Exchange, TriesAgainAtOnceWhenSomebodyMayHaveMendedTheCredentials) {
  Crossing site({Crossing::named("only")});
  site.link("only").kill({"not authorized", true, 0x87});
  const auto queue = site.add_queue("$upstream");
  site.append_many(queue, 4);
  site.pass_ms(60000);
  EXPECT_EQ(site.link("only").connects, 1U) << "it waits about as long as it may";
  EXPECT_THAT(site.log.lines(), Contains(HasSubstr("upstream_refused_for_good")));
  site.link("only").revive();
  site.exchange.retry(site.clock.now());
  site.settle();
  site.pass_ms(2000);
  EXPECT_EQ(site.waiting(queue), 0U);
}

TEST(Exchange, WaitsForTheAnswersOfALinkThatItLeaves) {
  Crossing site(fiber_and_lte());
  site.link("fiber").kill();
  const auto queue = site.add_queue("$upstream");
  site.append_many(queue, 4);
  site.pass_ms(15000);
  ASSERT_EQ(site.way_of(queue), "lte");
  // The answer to a batch over the link that is left is held back while the better one comes up.
  std::function<void()> answer;
  site.links["lte"]->hold_answers([&](std::function<void()> held) { answer = std::move(held); });
  site.append_many(queue, 4);
  site.pass_ms(1100);
  ASSERT_TRUE(answer);
  site.link("fiber").revive();
  site.pass_ms(200000);
  EXPECT_EQ(site.way_of(queue), "lte");
  EXPECT_EQ(site.arrived_over("fiber").size(), 0U) << "one link a lane at a time";
  answer();
  site.settle();
  EXPECT_EQ(site.way_of(queue), "fiber");
  EXPECT_EQ(site.arrived_over("lte").size(), 8U);
  EXPECT_EQ(site.arrived_over("fiber").size(), 0U) << "nothing travels twice";
}

TEST(Exchange, SendsRoutesOverTheLinksThatTheyName) {
  Crossing site(fiber_and_lte());
  const auto any = site.add_queue("$upstream");
  const auto by_lte = site.add_queue("$upstream:lte", {"lte"});
  site.append_many(any, 8);
  const store::Seq urgent = site.append(by_lte, 0);
  site.pass_ms(2000);
  EXPECT_EQ(site.arrived_over("fiber").size(), 8U);
  EXPECT_EQ(site.arrived_over("lte"), std::multiset<uint64_t>{urgent});
}

TEST(Exchange, WaitsForThePreferredLinkThoughAnotherIsUp) {
  Crossing site(fiber_and_lte());
  const auto any = site.add_queue("$upstream");
  const auto by_lte = site.add_queue("$upstream:lte,fiber", {"lte", "fiber"});
  site.append(any);
  site.pass_ms(60000);
  ASSERT_TRUE(site.carrier("fiber").is_up());
  const store::Seq first = site.append(by_lte);
  site.pass_ms(2000);
  EXPECT_EQ(site.arrived_over("lte"), std::multiset<uint64_t>{first});
  EXPECT_EQ(site.arrived_over("fiber").size(), 1U);
}

TEST(Exchange, WaitsForThePreferredLinkNoLongerThanForAFailOver) {
  Crossing site(fiber_and_lte());
  const auto any = site.add_queue("$upstream");
  const auto by_lte = site.add_queue("$upstream:lte,fiber", {"lte", "fiber"});
  site.link("lte").kill();
  site.append(any);
  site.pass_ms(60000);
  const store::Seq first = site.append(by_lte);
  site.pass_ms(9000);
  EXPECT_EQ(site.waiting(by_lte), 1U);
  site.pass_ms(3000);
  EXPECT_EQ(site.waiting(by_lte), 0U);
  EXPECT_EQ(site.arrived_over("fiber").count(first), 1U);

  site.link("lte").revive();
  for (int i = 0; i < 100; ++i) {
    site.append(by_lte);
    site.pass_ms(10000);
  }
  EXPECT_EQ(site.way_of(by_lte), "lte") << "it goes back by itself";
}

TEST(Exchange, TriesALinkThatFailsNoMoreOftenThanItsWaitsAllowHoweverOftenItIsWanted) {
  Crossing site(fiber_and_lte());
  const auto by_lte = site.add_queue("$upstream:lte,fiber", {"lte", "fiber"});
  site.link("lte").kill();
  for (int i = 0; i < 300; ++i) {  // each of them is gone over fiber before the next comes
    site.append(by_lte);
    site.pass_ms(12000);
  }
  EXPECT_EQ(site.waiting(by_lte), 0U);
  EXPECT_GT(site.link("lte").connects, 5U);
  EXPECT_LT(site.link("lte").connects, 60U) << "in an hour, with waits of up to five minutes";
}

TEST(Exchange, WaitsShortlyAgainAfterALinkWasStable) {
  Crossing site({Crossing::named("only")});
  const auto queue = site.add_queue("$upstream");
  site.link("only").kill();
  site.append(queue);
  site.pass_ms(3600000);
  EXPECT_GT(site.carrier("only").status(site.clock.now()).retry_in_ms, 3000);
  site.link("only").revive();
  site.pass_ms(400000);
  ASSERT_TRUE(site.carrier("only").is_up());
  site.link("only").kill();
  site.settle();
  EXPECT_LE(site.carrier("only").status(site.clock.now()).retry_in_ms, 3000) << "three times the base";
}

TEST(Exchange, StartsSlowlyAfterAnOutage) {
  Crossing site({Crossing::named("only")});
  const auto queue = site.add_queue("$upstream");
  site.link("only").kill();
  site.append_many(queue, 400);
  site.pass_ms(60000);
  std::deque<std::function<void()>> answers;
  site.links["only"]->hold_answers([&](std::function<void()> held) { answers.push_back(std::move(held)); });
  site.link("only").revive();
  while (answers.empty()) site.pass_ms(1000);
  std::vector<size_t> on_their_way;
  for (int i = 0; i < 10; ++i) {
    on_their_way.push_back(answers.size());
    std::exchange(answers.front(), [] {})();
    answers.pop_front();
    site.settle();
  }
  EXPECT_EQ(std::vector(on_their_way.begin(), on_their_way.begin() + 4), (std::vector<size_t>{1, 2, 3, 4}));
  EXPECT_EQ(on_their_way.back(), 4U) << "the window of the link";
}

TEST(Exchange, SendsAQueueOfLinksThatThereAreNotOverAny) {
  Crossing site(fiber_and_lte());
  const auto orphan = site.add_queue("$upstream:sat", {"sat"});
  site.append_many(orphan, 4);
  site.pass_ms(2000);
  EXPECT_EQ(site.waiting(orphan), 0U);
}

TEST(Exchange, LetsOnlyImportantLanesOverALinkThatIsForThem) {
  Crossing site(fiber_and_lte(urgent_only()));
  site.link("fiber").kill();
  const auto queue = site.add_queue("$upstream");
  site.append_many(queue, 8, 5);
  site.pass_ms(60000);
  EXPECT_EQ(site.link("lte").connects, 0U) << "nothing that waits may go over it";
  const store::Seq urgent = site.append(queue, 0);
  site.pass_ms(2000);
  EXPECT_EQ(site.arrived_over("lte"), std::multiset<uint64_t>{urgent});
  EXPECT_EQ(site.waiting(queue), 8U);
  site.link("fiber").revive();
  site.pass_ms(400000);
  EXPECT_EQ(site.arrived_over("fiber").size(), 8U);
}

TEST(Exchange, ConnectsAMeteredLinkWhenSomethingWaitsAndLetsItGo) {
  Crossing site({Crossing::named("lte", metered())});
  const auto queue = site.add_queue("$upstream");
  site.pass_ms(3600000);
  EXPECT_EQ(site.link("lte").connects, 0U);
  site.append(queue);
  site.pass_ms(2000);
  EXPECT_EQ(site.waiting(queue), 0U);
  EXPECT_TRUE(site.carrier("lte").is_up()) << "more may come soon";
  site.pass_ms(upstream::Exchange::kIdleKeepAlives * 60 * 1000);
  EXPECT_FALSE(site.carrier("lte").is_up());
  site.append(queue);
  site.pass_ms(2000);
  EXPECT_EQ(site.waiting(queue), 0U);
  EXPECT_EQ(site.link("lte").connects, 2U);
}

TEST(Exchange, KeepsTheWindowOfALinkThatQueuesShare) {
  auto named = Crossing::named("only");
  named.connection.in_flight_max = 2;
  Crossing site({named});
  const auto one = site.add_queue("$upstream");
  const auto other = site.add_queue("$upstream:only", {"only"});
  for (int i = 0; i < 10; ++i) {
    site.append_many(one, 4);
    site.append_many(other, 4);
  }
  site.pass_ms(5000);
  EXPECT_EQ(site.waiting(one) + site.waiting(other), 0U);
  EXPECT_LE(site.link("only").most_unacked, 3U) << "each may have one, whatever others have";
}

// MQTT 3.1.1 cannot refuse a batch, so the broker hangs up at it.
TEST(Exchange, FindsThePoisonOfOneQueueWithoutBuryingAnythingOfAnother) {
  Crossing site({Crossing::named("only")});
  const auto good = site.add_queue("$upstream");
  const auto bad = site.add_queue("$upstream:only", {"only"});
  const store::Seq poison = site.append(bad) + 2;
  site.append_many(bad, 7);
  site.append_many(good, 40);
  site.link("only").answer = [&](const ReceivedBatch& batch) {
    const auto seqs = batch.seqs();
    if (std::ranges::find(seqs, poison) != seqs.end()) site.link("only").drop();
    return 0;
  };
  site.pass_ms(120000);
  EXPECT_EQ(site.store.stats(bad).dead, 1U);
  EXPECT_EQ(site.store.stats(good).dead, 0U);
  EXPECT_EQ(site.waiting(bad) + site.waiting(good), 0U);
}

TEST(Exchange, DoesNotWaitForASuspectThatGoesOverAnotherLink) {
  Crossing site(fiber_and_lte());
  site.link("fiber").kill();
  const auto by_lte = site.add_queue("$upstream:lte", {"lte"});
  site.append(by_lte);
  site.pass_ms(2000);
  const auto any = site.add_queue("$upstream");
  site.append(any);
  site.pass_ms(15000);
  ASSERT_EQ(site.way_of(any), "lte");
  site.link("lte").hold_answers([](std::function<void()>) {});
  site.append_many(by_lte, 4);
  site.append_many(any, 4);
  site.settle();
  site.link("fiber").revive();
  site.link("lte").kill();
  site.link("lte").hold_answers({});
  site.pass_ms(400000);
  ASSERT_EQ(site.way_of(any), "fiber");
  site.link("lte").revive();
  while (site.waiting(by_lte) > 0) site.pass_ms(1000);
  const auto both = site.add_queue("$upstream:lte,fiber", {"lte", "fiber"});
  const store::Seq seq = site.append(both);
  site.pass_ms(5000);
  EXPECT_EQ(site.arrived_over("lte").count(seq), 1U);
}

TEST(Exchange, MakesAConnectionAnewThatDoesNotAnswer) {
  Crossing site(fiber_and_lte());
  const auto queue = site.add_queue("$upstream");
  site.links["fiber"]->hold_answers([](std::function<void()>) {});
  site.append_many(queue, 4);
  site.pass_ms(310000);
  EXPECT_EQ(site.link("fiber").connects, 2U);
  EXPECT_THAT(site.log.lines(), Contains(HasSubstr("a batch was not acknowledged in time")));
  EXPECT_EQ(site.store.stats(queue).dead, 0U);
}

TEST(Exchange, HangsUpWhenTheBudgetOfTheDayIsUsedUpAndTakesItUpAgainTheNextDay) {
  upstream::LinkTerms terms;
  terms.day_bytes_max = 200000;
  Crossing site({Crossing::named("lte", terms)});
  const auto queue = site.add_queue("$upstream");
  site.links["lte"]->wire = 50000;
  site.append_many(queue, 40);
  site.pass_ms(5000);
  EXPECT_EQ(site.waiting(queue), 0U);
  site.links["lte"]->wire = 300000;
  site.pass_ms(1000);
  site.append_many(queue, 40);
  site.pass_ms(5000);
  EXPECT_EQ(site.waiting(queue), 40U);
  EXPECT_FALSE(site.carrier("lte").is_up());
  EXPECT_THAT(site.carrier("lte").permit().why, HasSubstr("its budget of today is used up"));
  site.pass_ms(86'400'000);
  EXPECT_EQ(site.waiting(queue), 0U);
}

TEST(Exchange, SendsOverAnotherLinkWhenABudgetIsUsedUp) {
  upstream::LinkTerms terms;
  terms.month_bytes_max = 200000;
  Crossing site({Crossing::named("lte", terms), Crossing::named("sat")});
  const auto queue = site.add_queue("$upstream");
  site.links["lte"]->wire = 300000;
  site.append_many(queue, 8);
  site.pass_ms(5000);
  EXPECT_EQ(site.way_of(queue), "sat");
  EXPECT_EQ(site.waiting(queue), 0U);
}

TEST(Exchange, SendsNothingThatIsNotDurablyCharged) {
  upstream::LinkTerms terms;
  terms.day_bytes_max = 10'000'000;
  std::string saved;
  std::string durable;
  Crossing site(
      {Crossing::named("lte", terms)}, Crossing::options_of_links(),
      {.save = [&](const std::string& record) { saved = record; }, .saved = [&] { return durable; }});
  const auto queue = site.add_queue("$upstream");
  site.append_many(queue, 8);
  site.pass_ms(5000);
  EXPECT_EQ(site.waiting(queue), 8U) << "the disk has not written it";
  durable = saved;
  site.pass_ms(5000);
  EXPECT_EQ(site.waiting(queue), 0U);
}

// Nobody looks at the link a second time but for what it asks for.
TEST(Exchange, CountsTheBytesOfADrainSoonAfterItsLastAnswer) {
  Crossing site({Crossing::named("lte")});
  const auto queue = site.add_queue("$upstream");
  site.pass_ms(5000);
  ASSERT_TRUE(site.carrier("lte").is_up());
  EXPECT_EQ(site.exchange.next_deadline(), upstream::Exchange::kNever) << "nothing has passed";
  RevivableLink& link = site.link("lte");
  link.answer = [&](const ReceivedBatch&) {
    link.wire += 700;
    return 0;
  };
  site.append_many(queue, 4);
  site.settle();
  ASSERT_EQ(site.waiting(queue), 0U);
  const int64_t look_ms = site.exchange.next_deadline();
  ASSERT_LE(look_ms, site.clock.now().mono_ms + upstream::Meter::kLookMs);
  site.clock.advance_ms(look_ms - site.clock.now().mono_ms);
  site.settle();
  EXPECT_EQ(site.carrier("lte").counts().wire_bytes, 700U);
  site.pass_ms(10 * upstream::Meter::kLookMs);
  EXPECT_EQ(site.exchange.next_deadline(), upstream::Exchange::kNever) << "it looks no more than it has to";
}

TEST(Exchange, DoesNotWakeForASuspectThatWaitsForItsAnswer) {
  Crossing site({Crossing::named("only")});
  const auto one = site.add_queue("$upstream");
  const auto other = site.add_queue("$upstream:only", {"only"});
  site.link("only").hold_answers([](std::function<void()>) {});
  site.append_many(one, 4);
  site.append_many(other, 4);
  site.pass_ms(2000);
  site.link("only").drop();
  site.pass_ms(10000);
  ASSERT_TRUE(site.carrier("only").is_up());
  ASSERT_EQ(site.waiting(one) + site.waiting(other), 8U);
  EXPECT_GT(site.exchange.next_deadline(), site.clock.now().mono_ms);
}

TEST(Exchange, KeepsToTheByteRate) {
  upstream::LinkTerms terms;
  terms.rate_bytes_per_s = 1000;
  terms.burst_bytes = 1024;
  Crossing site({Crossing::named("lte", terms)});
  const auto queue = site.add_queue("$upstream");
  site.append_many(queue, 400);  // a hundred batches of some 600 bytes with what is around them
  site.pass_ms(10000);
  EXPECT_GT(site.waiting(queue), 250U);
  EXPECT_LT(site.waiting(queue), 360U);
  site.pass_ms(120000);
  EXPECT_EQ(site.waiting(queue), 0U);
}

TEST(Exchange, IsConnectedInItsWindowsAndForUrgentMessages) {
  upstream::LinkTerms terms;
  terms.open = {"02:00-05:00"};
  Crossing site({Crossing::named("sat", terms)});
  const int64_t day_ms = 86'400'000;
  site.pass_ms(day_ms - site.clock.now().wall_ms % day_ms + 3'600'000);  // one o'clock
  const auto queue = site.add_queue("$upstream");
  site.append_many(queue, 4, 5);
  site.pass_ms(60000);
  EXPECT_EQ(site.link("sat").connects, 0U);
  EXPECT_THAT(site.carrier("sat").permit().why, HasSubstr("closed by its schedule for 0 h 59 min"));
  const store::Seq urgent = site.append(queue, 0);
  site.pass_ms(2000);
  EXPECT_EQ(site.arrived_over("sat"), std::multiset<uint64_t>{urgent});
  site.pass_ms(3'600'000);
  EXPECT_EQ(site.waiting(queue), 0U);
  site.pass_ms(3 * 3'600'000);
  EXPECT_FALSE(site.carrier("sat").is_up());
}

// Every id arrives, whatever links do; none is counted as delivered that has not arrived.
TEST(Exchange, LosesNothingWhateverLinksDo) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    Crossing site(
        {Crossing::named("fiber"), Crossing::named("lte", metered()), Crossing::named("sat", urgent_only())});
    const std::vector queues = {site.add_queue("$upstream"),
                                site.add_queue("$upstream:lte,sat", {"lte", "sat"}),
                                site.add_queue("$upstream:sat", {"sat"})};
    std::set<uint64_t> sent;
    for (int step = 0; step < 40; ++step) {
      const std::string name = std::vector<std::string>{"fiber", "lte", "sat"}[random() % 3];
      const auto queue = queues[random() % queues.size()];
      switch (random() % 5) {
        case 0:
          site.link(name).kill();
          break;
        case 1:
          site.link(name).revive();
          break;
        case 2:
          site.link(name).die_after(random() % 6);
          break;
        default:
          sent.insert(site.append(queue, random() % 3 == 0 ? 0 : 5));
      }
      site.pass_ms(random() % 20000);
    }
    for (auto& [name, link] : site.links) {
      link->die_after(SIZE_MAX);
      link->revive();
    }
    site.pass_ms(2000000);
    std::set<uint64_t> arrived;
    for (const auto& [name, link] : site.links)
      for (const uint64_t seq : site.arrived_over(name)) arrived.insert(seq);
    uint64_t left = 0;
    for (const auto queue : queues) left += site.waiting(queue);
    // The least important of a queue that only a link for urgent messages may take stay.
    EXPECT_EQ(left, site.store.stats(queues[2]).lanes[5].waiting) << "seed " << seed;
    for (const auto queue : queues) EXPECT_EQ(site.store.stats(queue).dead, 0U) << "seed " << seed;
    EXPECT_EQ(arrived.size() + left, sent.size()) << "seed " << seed;
  }
}

upstream::UpstreamOptions chained() {
  upstream::UpstreamOptions options = Crossing::options_of_links();
  options.chain.enabled = true;
  return options;
}

// The batch arrives, its answer does not, and the link is down.
void answer_nothing_any_more(RevivableLink& link) {
  link.answer = [&link](const ReceivedBatch&) {
    link.kill();
    return 0;
  };
}

TEST(Exchange, GoesOnWithAChainOverTheOtherLinkByteForByte) {
  Crossing site(fiber_and_lte(), chained());
  const auto queue = site.add_queue("$upstream");
  answer_nothing_any_more(site.link("fiber"));
  site.append_many(queue, 8);
  site.pass_ms(30000);
  const auto& before = site.link("fiber").received;
  const auto& after = site.link("lte").received;
  ASSERT_EQ(before.size(), 1U);
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0].payload, before[0].payload);
  EXPECT_EQ(mark_json(after[1].payload)["n"], mark_json(before[0].payload)["n"].get<uint64_t>() + 1);
  EXPECT_EQ(site.waiting(queue), 0U);
}

TEST(Exchange, LetsAnUrgentMessageGoBeforeABatchThatTheLinkDoesNotTake) {
  Crossing site(fiber_and_lte(urgent_only()), chained());
  const auto queue = site.add_queue("$upstream");
  answer_nothing_any_more(site.link("fiber"));
  site.append_many(queue, 4);
  site.pass_ms(2000);
  site.append(queue, 0);
  site.pass_ms(30000);
  const auto& given_up = site.link("fiber").received;
  const auto& urgent = site.link("lte").received;
  ASSERT_EQ(given_up.size(), 1U);
  ASSERT_EQ(urgent.size(), 1U);
  EXPECT_EQ(mark_json(urgent[0].payload)["instead_of"][0][1], mark_json(given_up[0].payload)["n"]);
  site.link("fiber").answer = [](const ReceivedBatch&) { return 0; };
  site.link("fiber").revive();
  site.pass_ms(400000);
  EXPECT_EQ(site.waiting(queue), 0U);
}

TEST(Exchange, TellsHeadsOfStreamsThatShareATopicApart) {
  Crossing site({Crossing::named("fiber")}, chained());
  site.append_many(site.add_queue("$upstream"), 4);
  site.append_many(site.add_queue("$upstream:fiber", {"fiber"}), 4);
  site.pass_ms(5000);
  EXPECT_THAT(site.link("fiber").announced,
              ::testing::ElementsAre(::testing::Key("headgate/hub-1/batches/head/upstream"),
                                     ::testing::Key("headgate/hub-1/batches/head/upstream:fiber")));
}

TEST(Exchange, TellsNoHeadsWhereConnectionsEndForThemAndBlamesNoBatch) {
  Crossing site({Crossing::named("fiber")}, chained());
  const auto queue = site.add_queue("$upstream");
  const auto other = site.add_queue("$upstream:fiber", {"fiber"});
  site.link("fiber").dies_of_notes = true;
  for (int i = 0; i < 10; ++i) {
    site.append_many(queue, 3);
    site.append_many(other, 5);
    site.pass_ms(90000);
  }
  const size_t connects = site.link("fiber").connects;
  EXPECT_LE(connects, 1U + upstream::NoteTrial::kEndedForItMax);
  site.append_many(queue, 3);
  site.pass_ms(600000);
  EXPECT_EQ(site.link("fiber").connects, connects);
  EXPECT_EQ(site.waiting(queue) + site.waiting(other), 0U);
  const std::vector<std::string> lines = site.log.lines();
  EXPECT_THAT(lines, Contains(HasSubstr("upstream_heads_end_connections")));
  EXPECT_THAT(lines, ::testing::Not(Contains(HasSubstr("upstream_dead_letter"))));
}

TEST(Exchange, TellsHeadsOnWhereALinkIsBad) {
  Crossing site({Crossing::named("fiber")}, chained());
  const auto queue = site.add_queue("$upstream");
  for (int i = 0; i < 10; ++i) {
    site.append_many(queue, 4);
    site.pass_ms(5000);
    site.link("fiber").drop();
    site.pass_ms(60000);
  }
  EXPECT_THAT(site.log.lines(), ::testing::Not(Contains(HasSubstr("upstream_heads_end_connections"))));
}

TEST(Exchange, TellsCloudsNoHeads) {
  upstream::NamedLink cloud = Crossing::named("cloud");
  cloud.preset = upstream::Preset::aws_iot_core;
  Crossing site({cloud}, chained());
  const auto queue = site.add_queue("$upstream");
  site.append_many(queue, 4);
  site.pass_ms(5000);
  EXPECT_EQ(site.waiting(queue), 0U);
  EXPECT_TRUE(site.link("cloud").announced.empty());
}

TEST(Exchange, ConnectsALinkAnewWhoseLimitsAreOthers) {
  Crossing site({Crossing::named("lte")});
  const auto queue = site.add_queue("$upstream");
  site.append(queue);
  site.pass_ms(5000);
  ASSERT_EQ(site.link("lte").connects, 1U);
  upstream::Carrier& lte = *site.exchange.carriers().front();
  upstream::LinkTerms terms;
  lte.use(terms, site.clock.now());
  site.append(queue);
  site.pass_ms(5000);
  EXPECT_EQ(site.link("lte").connects, 1U) << "they are the same";
  terms.day_bytes_max = 50'000'000;
  lte.use(terms, site.clock.now());
  site.append(queue);
  site.pass_ms(5000);
  EXPECT_EQ(site.link("lte").connects, 2U);
  EXPECT_EQ(site.waiting(queue), 0U);
}

TEST(Exchange, DoesNotConnectALinkThatItsNewLimitsCloseAndDoesOnceTheyOpenIt) {
  Crossing site({Crossing::named("lte")});
  const auto queue = site.add_queue("$upstream");
  site.append(queue);
  site.pass_ms(5000);
  site.links["lte"]->wire = 300'000;
  site.append(queue);
  site.pass_ms(5000);
  upstream::Carrier& lte = *site.exchange.carriers().front();
  upstream::LinkTerms terms;
  terms.day_bytes_max = 200'000;
  lte.use(terms, site.clock.now());
  site.append(queue);
  site.exchange.ask(true);
  site.pass_ms(60'000);
  EXPECT_EQ(site.link("lte").connects, 1U);
  EXPECT_EQ(site.waiting(queue), 1U);
  lte.use({}, site.clock.now());
  site.pass_ms(60'000);
  EXPECT_EQ(site.waiting(queue), 0U);
}

TEST(Exchange, ConnectsALinkThatSomebodyAsksForAlsoIfNothingWaits) {
  Crossing site({Crossing::named("lte", metered())});
  site.add_queue("$upstream");
  site.pass_ms(60'000);
  EXPECT_EQ(site.link("lte").connects, 0U);
  site.exchange.ask(true);
  site.pass_ms(5000);
  EXPECT_EQ(site.link("lte").connects, 1U);
}

}  // namespace
}  // namespace headgate::testing
