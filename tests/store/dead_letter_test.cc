// Dead letters: what is kept of them, what both stores do with them, what the one on disk keeps over a crash.
#include "store/dead_letter.h"

#include <gmock/gmock.h>

#include "store/report/check.h"
#include "store/rocks/db/database.h"
#include "tests/store/both_stores.h"

namespace headgate::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Death refused() { return {"refused upstream", 9'000, 5, "0x95", 2'000, "0x99", 8'000}; }

DeadLetter letter_in(const Entry& entry) {
  auto letter = decode_dead_letter(entry.tag);
  EXPECT_TRUE(letter) << letter.error().what;
  return letter ? *std::move(letter) : DeadLetter{};
}

TEST(DeadLetterCodec, KeepsEverything) {
  const DeadLetter letter{"$upstream", 3, 77, 5'000, "tag", refused()};
  EXPECT_EQ(decode_dead_letter(encode_dead_letter(letter)).value(), letter);
}

TEST(DeadLetterCodec, CutsLongTextsAtACharacter) {
  DeadLetter letter;
  letter.death.reason = std::string(kDeathTextBytesMax - 1, 'x') + "ü";
  letter.death.last_error = std::string(70'000, 'y');
  const DeadLetter kept = decode_dead_letter(encode_dead_letter(letter)).value();
  EXPECT_EQ(kept.death.reason, std::string(kDeathTextBytesMax - 1, 'x'));
  EXPECT_EQ(kept.death.last_error.size(), kDeathTextBytesMax);
}

TEST(DeadLetterCodec, RefusesWhatIsNone) {
  const std::string good = encode_dead_letter({"q", 3, 77, 0, "", refused()});
  for (const std::string& bad :
       {std::string(), good + "x", good.substr(0, good.size() - 1), "\2" + good.substr(1)})
    EXPECT_EQ(decode_dead_letter(bad).error().code, core::Errc::corrupt);
}

class DeadLetterContract : public BothStores {
 protected:
  Seq append_durably(const std::string& body, int64_t expires_ms = 0) {
    const Seq seq = append(body, {Target{q, 4, expires_ms, "tag"}});
    settle();
    return seq;
  }
  Seq die(Seq seq) {
    const Seq letter = store->dead_letter(q, 4, seq, refused());
    settle();
    return letter;
  }
  core::Result<Seq> requeue(Seq letter, const std::string& body, const Target& to) {
    const auto moved = store->requeue(dead, kDefaultLane, letter, message(body), to);
    settle();
    return moved;
  }

  QueueId q = queue("$q");
  QueueId dead = queue(std::string(kDeadQueue));
};

TEST_P(DeadLetterContract, KeepsTheMessageAndHowItDied) {
  const Seq seq = append_durably("poison", 5'000'000'000'000);
  const Seq letter = die(seq);
  const auto letters = read(dead);
  ASSERT_EQ(bodies(letters), std::vector<std::string>{"poison"});
  EXPECT_EQ(letters[0].seq, letter);
  EXPECT_EQ(letter_in(letters[0]), (DeadLetter{"$q", 4, seq, 5'000'000'000'000, "tag", refused()}));
  EXPECT_EQ(stats(q).dead, 1u);
  EXPECT_EQ(stats(dead).in, 1u);
  EXPECT_THAT(store->gaps(q), ElementsAre(Gap{seq, seq, 1, Outcome::dead}));
}

TEST_P(DeadLetterContract, OutlivesTheExpiryOfTheMessage) {
  die(append_durably("poison", clock.now().hub_ms + 100));
  clock.advance_ms(1'000'000);
  store->tick(clock.now());
  EXPECT_THAT(bodies(read(dead)), ElementsAre("poison"));
}

TEST_P(DeadLetterContract, DiesOnce) {
  const Seq seq = append_durably("poison");
  EXPECT_NE(die(seq), 0u);
  EXPECT_EQ(die(seq), 0u);
  EXPECT_EQ(stats(q).dead, 1u);
  EXPECT_EQ(stats(dead).in, 1u);
}

TEST_P(DeadLetterContract, IsOnlyCountedWhereThereIsNoQueueForIt) {
  ASSERT_TRUE(store->remove_queue(dead));
  EXPECT_EQ(die(append_durably("poison")), 0u);
  EXPECT_EQ(stats(q).dead, 1u);
}

TEST_P(DeadLetterContract, DoesNotComeBackToItsQueueFromItself) {
  const Seq letter = die(append_durably("poison"));
  EXPECT_EQ(store->dead_letter(dead, kDefaultLane, letter, refused()), 0u);
  settle();
  EXPECT_THAT(read(dead), IsEmpty());
  EXPECT_EQ(stats(dead).dead, 1u);
  EXPECT_THAT(store->gaps(dead), IsEmpty()) << "nobody declares them";
}

TEST_P(DeadLetterContract, PushesOutTheOldestBeyondTheLimit) {
  store->set_policy(dead, {2, 0, 0, OnFull::drop_oldest});
  for (const char* body : {"a", "b", "c"}) die(append_durably(body));
  EXPECT_THAT(bodies(read(dead)), ElementsAre("b", "c"));
  EXPECT_EQ(stats(dead).in, 3u);
  EXPECT_EQ(stats(dead).dropped, 1u);
}

TEST_P(DeadLetterContract, HasRoomInAFullHubBecauseItWasThereBefore) {
  store->set_policy(dead, {0, 0, 0, OnFull::drop_oldest});
  const Seq seq = append_durably("poison");
  store->set_bytes_max(stats(q).waiting_bytes());
  EXPECT_NE(die(seq), 0u);
}

TEST_P(DeadLetterContract, GoesBackWithANewSeqAndLeavesNothingBehind) {
  const Seq letter = die(append_durably("poison"));
  const auto moved = requeue(letter, "again", {q, 7, 0, ""});
  ASSERT_TRUE(moved);
  EXPECT_GT(*moved, letter);
  EXPECT_THAT(bodies(read(q, 7)), ElementsAre("again"));
  EXPECT_THAT(read(dead), IsEmpty());
  EXPECT_EQ(stats(dead).delivered, 1u);
  EXPECT_EQ(requeue(letter, "again", {q, 7, 0, ""}).error().code, core::Errc::not_found);
}

TEST_P(DeadLetterContract, StaysWhereItIsWhenTheOtherQueueHasNoRoom) {
  const Seq letter = die(append_durably("poison"));
  append_durably("in the way");
  for (const OnFull on_full : {OnFull::reject, OnFull::drop_newest}) {
    store->set_policy(q, {1, 0, 0, on_full});
    const auto moved = requeue(letter, "again", {q, 4, 0, ""});
    EXPECT_EQ(moved.error().code, core::Errc::full);
    EXPECT_THAT(moved.error().what, HasSubstr("queue '$q' is full"));
  }
  EXPECT_THAT(bodies(read(dead)), ElementsAre("poison"));
  EXPECT_EQ(stats(q).in, 2u);
}

INSTANTIATE_TEST_SUITE_P(, DeadLetterContract, kBothStores, name_of_store);

class RocksDeadLetter : public RocksTest {
 protected:
  Seq die(const std::string& body) {
    const Seq seq = append(body, {Target{q, 0, 0, ""}, Target{other, 0, 0, ""}});
    settle();
    return store->dead_letter(q, 0, seq, refused());
  }

  QueueId q = queue("$q");
  QueueId other = queue("other");
  QueueId dead = queue(std::string(kDeadQueue));
};

TEST_F(RocksDeadLetter, IsInOneOfBothQueuesAfterACrash) {
  die("lost with the crash");
  crash();  // before the group was written
  ASSERT_EQ(bodies(read(q, 0)), std::vector<std::string>{"lost with the crash"});
  EXPECT_THAT(read(dead), IsEmpty());
  EXPECT_EQ(stats(q).dead, 0u);
  die("written");
  settle();
  crash();
  EXPECT_THAT(bodies(read(dead)), ElementsAre("written"));
  EXPECT_EQ(stats(q).dead, 1u);
  EXPECT_EQ(letter_in(read(dead)[0]).death, refused());
}

TEST_F(RocksDeadLetter, OutlivesTheMessageInOtherQueues) {
  die("poison");
  settle();
  drain(other, 0);
  reopen();
  EXPECT_THAT(bodies(read(dead)), ElementsAre("poison"));
}

TEST_F(RocksDeadLetter, CanBeMoreThanAGroupHolds) {
  store->set_policy(dead, {100, 0, 0, OnFull::drop_oldest});
  std::vector<Seq> seqs;
  for (int i = 0; i < 700; ++i) seqs.push_back(append(std::to_string(i), q, 0));
  settle();
  for (const Seq seq : seqs) store->dead_letter(q, 0, seq, refused());
  settle();
  EXPECT_EQ(read(dead).size(), 100u);
  EXPECT_EQ(stats(dead).dropped, 600u);
  EXPECT_EQ(stats(q).dead, 700u);
}

TEST_F(RocksDeadLetter, OfAMessageThatCannotBeReadIsOnlyCounted) {
  damaged = true;
  const Seq seq = append("gone", q, 0);
  settle();
  store->close();
  store.reset();
  edit_rows(options.dir,
            [&](rocksdb::DB& db, RowsOf rows) { ASSERT_TRUE(db.Delete({}, rows.blk, block_key(seq)).ok()); });
  open();
  EXPECT_EQ(store->dead_letter(q, 0, seq, refused()), 0u);
  settle();
  EXPECT_EQ(stats(q).dead, 1u);
  EXPECT_EQ(stats(dead).in, 0u);
  EXPECT_THAT(log.lines(), ::testing::Contains(HasSubstr("message_unreadable")));
}

TEST_F(RocksDeadLetter, WhoseParticularsAreDamagedIsFoundByTheCheck) {
  damaged = true;
  ASSERT_TRUE(store->append(message("x"), std::vector<Target>{{dead, kDefaultLane, 0, "no particulars"}}));
  settle();
  store->close();
  store.reset();
  const auto report = check_store(options.dir);
  ASSERT_TRUE(report);
  EXPECT_THAT(report_json(*report), HasSubstr("what is known about a dead letter cannot be decoded"));
}

}  // namespace
}  // namespace headgate::store
