// The rows of the on-disk format, without a disk: index rows, blocks, queue states, and how a segment lays
// messages out into them.
#include <gmock/gmock.h>

#include "store/accounts/queue_state.h"
#include "store/accounts/row_cache.h"
#include "store/accounts/tail.h"
#include "store/format/block.h"
#include "store/format/index_row.h"
#include "store/format/record_codec.h"
#include "store/format/segment.h"
#include "store/format/ulid.h"
#include "tests/store/store_fixture.h"

namespace headgate::store {
namespace {

using ::testing::ElementsAre;

IndexRow some_row() {
  IndexRow row;
  row.previous = 90;
  row.blocks = {{100, false}, {102, true}};
  row.entries = {
      {100, 1'000, 0, 7, 0, 12, ""}, {102, 999, 1'500, 300, 1, 9, "tag"}, {105, 2'000, 900, 7, 0, 60, ""}};
  return row;
}

TEST(IndexRow, RoundTrips) {
  const IndexRow row = some_row();
  const auto back = decode_index_row(encode_index_row(row));
  ASSERT_TRUE(back);
  EXPECT_EQ((*back)->previous, 90u);
  EXPECT_EQ((*back)->blocks, row.blocks);
  ASSERT_EQ((*back)->entries.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const RowEntry &a = row.entries[i], &b = (*back)->entries[i];
    EXPECT_EQ(std::tie(a.seq, a.arrived_ms, a.expires_ms, a.bytes, a.block, a.offset, a.tag),
              std::tie(b.seq, b.arrived_ms, b.expires_ms, b.bytes, b.block, b.offset, b.tag));
  }
}

TEST(IndexRow, KeepsItsPlaceInTheLaneWhenEntriesAreLeftOut) {
  IndexRow row = some_row();
  EXPECT_FALSE(row.leave_out(90, 105)) << "none would be left";
  ASSERT_TRUE(row.leave_out(100, 105));
  const auto back = decode_index_row(encode_index_row(row));
  ASSERT_TRUE(back);
  EXPECT_EQ((*back)->entries.size(), 1u);
  EXPECT_EQ((*back)->last(), 105u);
  EXPECT_EQ((*back)->tile_end(0), 105u) << "finishing what is left finishes the row";
}

TEST(IndexRow, RefusesEveryTruncation) {
  const std::string bytes = encode_index_row(some_row());
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_index_row(bytes.substr(0, size))) << size;
  EXPECT_FALSE(decode_index_row(bytes + "x"));
}

TEST(IndexRow, FindsEntriesAndTheirNeighbours) {
  const IndexRow row = some_row();
  EXPECT_TRUE(row.holds(91));
  EXPECT_FALSE(row.holds(90));
  EXPECT_EQ(row.position(101), 1u);
  EXPECT_EQ(row.before(0), 90u);
  EXPECT_EQ(row.before(2), 102u);
}

TEST(Block, GivesBackItsMessagesAndTargets) {
  std::string block = begin_block(7, {9, {{1, 0}, {70'000, 10}}});
  const uint32_t first = append_to_block(block, 7, 7, *message("seven"));
  const uint32_t second = append_to_block(block, 7, 9, *message("nine"));
  EXPECT_EQ(message_in_block(7, block, first, 7, 0).value()->body, "seven");
  EXPECT_EQ(message_in_block(7, block, second, 9, 0).value()->body, "nine");
  const auto header = decode_block_header(7, block);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->last, 9u);
  EXPECT_THAT(header->targets, ElementsAre(LaneId{1, 0}, LaneId{70'000, 10}));
}

TEST(Block, RefusesAPlaceThatHoldsAnotherMessage) {
  std::string block = begin_block(7, {8, {{1, 0}}});
  const uint32_t first = append_to_block(block, 7, 7, *message("seven"));
  EXPECT_EQ(message_in_block(7, block, first, 8, 0).error().code, core::Errc::corrupt);
  EXPECT_EQ(message_in_block(7, block, 10'000, 7, 0).error().code, core::Errc::corrupt);
}

TEST(QueueState, RoundTrips) {
  QueueState state;
  state.stats.in = 10;
  state.stats.delivered = 4;
  state.stats.lanes[2].waiting = 3;
  state.stats.lanes[2].waiting_bytes = 300;
  Lane& lane = state.lane(2);
  for (const Seq seq : {5, 6, 9, 12}) lane.progress.add(seq);
  lane.progress.finish(0, 5);
  lane.progress.finish(6, 9);
  lane.sweep_from = 1;
  lane.sweep_to = 4;
  state.gaps.add(0, {5, 5, 1, Outcome::expired});
  QueueState back;
  ASSERT_TRUE(decode_queue_state(encode_queue_state(state), back));
  EXPECT_EQ(encode_queue_state(back), encode_queue_state(state));
  EXPECT_EQ(back.lane(2).progress.checkpoint(), 5u);
  EXPECT_TRUE(back.lane(2).progress.finished(9));
  EXPECT_EQ(back.gaps.list(), state.gaps.list());
}

TEST(QueueState, OfAVersionWithoutExpiryHasItsLanesLookedThrough) {
  const std::string bytes("\x01\x00\x02\x00\x00\x00\x00\x01\x03\x05\x04\x02\x07\x00\x00\x00\x00", 17);
  QueueState state;
  ASSERT_TRUE(decode_queue_state(bytes, state));
  EXPECT_THAT(state.lane(3).expiries.stretches(), ElementsAre(Stretch{5, 9, 1}));
}

TEST(QueueState, RefusesEveryTruncation) {
  QueueState state;
  state.lane(1).progress.add(5);
  state.gaps.add(0, {5, 5, 1, Outcome::expired});
  const std::string bytes = encode_queue_state(state);
  for (size_t size = 0; size < bytes.size(); ++size) {
    QueueState back;
    EXPECT_FALSE(decode_queue_state(bytes.substr(0, size), back)) << size;
  }
}

class SegmentTest : public ::testing::Test {
 protected:
  void add(Seq seq, std::vector<QueueId> queues, size_t bytes = 10) {
    std::vector<Target> targets;
    for (const QueueId queue : queues) targets.push_back({queue, 0, 0, ""});
    const std::vector<Seq> previous(queues.size(), 0);
    segment.add(seq, message(std::to_string(seq)), bytes, targets, previous);
  }

  Segment segment;
};

TEST_F(SegmentTest, PacksMessagesWithTheSameTargetsTogether) {
  add(1, {7});
  add(2, {7, 8});
  add(3, {7});
  segment.encode();
  EXPECT_EQ(segment.blocks().size(), 2u);
  ASSERT_EQ(segment.rows().size(), 2u);
  EXPECT_THAT(segment.rows()[0].row.blocks, ElementsAre(RowBlock{1, false}, RowBlock{2, true}));
  EXPECT_EQ(segment.rows()[0].row.entries.size(), 3u);
  EXPECT_EQ(segment.blocks()[0].header.last, 3u);
}

// A block that outgrows what was reserved is copied, with new pages for all of it.
TEST_F(SegmentTest, ReservesForABlockWhatItComesTo) {
  core::Message long_named = *message("reading");
  long_named.source =
      std::make_shared<const core::Source>(core::Source{std::string(200, 'c'), "device", "module"});
  core::Properties properties;
  properties.user = {{"machine", "m1"}, {"line", "3"}, {"shift", "late"}};
  long_named.properties = std::make_shared<const core::Properties>(std::move(properties));
  const auto shared = std::make_shared<const core::Message>(std::move(long_named));
  const std::vector<Target> targets = {{7, 0, 0, ""}};
  for (Seq seq = 1; seq <= 100; ++seq)
    segment.add(seq, shared, stored_bytes(*shared), targets, std::vector<Seq>{seq - 1});
  segment.encode();
  ASSERT_EQ(segment.blocks().size(), 1u);
  const Segment::Block& block = segment.blocks().front();
  EXPECT_LE(block.value.size(), block.bytes);
  EXPECT_EQ(block.value.capacity(), block.bytes);
}

TEST_F(SegmentTest, PointsEachEntryAtItsMessage) {
  for (Seq seq = 1; seq <= 9; ++seq)
    add(seq, seq % 3 == 0 ? std::vector<QueueId>{7, 8} : std::vector<QueueId>{7});
  segment.encode();
  const IndexRow& row = segment.rows()[0].row;
  for (const RowEntry& entry : row.entries) {
    const Segment::Block& block = segment.blocks()[entry.block];
    EXPECT_EQ(
        message_in_block(block.id, block.value, entry.offset, entry.seq, entry.arrived_ms).value()->body,
        std::to_string(entry.seq));
  }
}

TEST_F(SegmentTest, BeginsANewBlockWhenOneIsLarge) {
  add(1, {7}, 100'000);
  add(2, {7}, 100'000);
  EXPECT_EQ(segment.blocks().size(), 2u);
}

TEST_F(SegmentTest, IsFullByMessagesBytesOrSpan) {
  EXPECT_FALSE(segment.full_for(1'000'000));
  add(1, {7});
  EXPECT_FALSE(segment.full_for(2));
  EXPECT_TRUE(segment.full_for(1 + Segment::kSeqSpanMax));
  add(2, {7}, Segment::kBytesMax);
  EXPECT_TRUE(segment.full_for(3));
}

TEST(RowCache, FindsTheRowAPositionFallsInAndForgetsTheOldest) {
  RowCache cache(3 * (2 + 4));  // a row counts as four entries more than it has
  const LaneId lane{1, 0};
  const auto row = [](Seq previous, Seq first) {
    IndexRow made;
    made.previous = previous;
    made.entries = {{first, 0, 0, 0, 0, 0, ""}, {first + 1, 0, 0, 0, 0, 0, ""}};
    return std::make_shared<IndexRow>(made);
  };
  cache.add(lane, row(0, 5));
  cache.add(lane, row(6, 20));
  EXPECT_EQ(cache.find(lane, 5)->last(), 6u);
  EXPECT_EQ(cache.find(lane, 6)->last(), 21u);
  EXPECT_EQ(cache.find({1, 1}, 0), nullptr);
  EXPECT_EQ(cache.find(lane, 0)->last(), 6u);  // makes the other one the oldest
  cache.add(lane, row(30, 31));
  cache.add(lane, row(32, 40));
  EXPECT_EQ(cache.find(lane, 6), nullptr);
  EXPECT_NE(cache.find(lane, 0), nullptr);
}

TEST(MessageTail, HoldsTheNewestWithinItsBudget) {
  MessageTail tail(1'000);
  for (Seq seq = 1; seq <= 10; ++seq) tail.add(seq * 2, message(std::string(100, 'x')));
  EXPECT_LE(tail.bytes(), 1'000u);
  EXPECT_NE(tail.find(20), nullptr);
  EXPECT_EQ(tail.find(19), nullptr);
  EXPECT_EQ(tail.find(2), nullptr);
}

TEST(Ulid, SortsByTimeAndShowsItsBits) {
  EXPECT_EQ(make_ulid(0, {}), std::string(26, '0'));
  EXPECT_EQ(make_ulid((int64_t{1} << 48) - 1, {255, 255, 255, 255, 255, 255, 255, 255, 255, 255}),
            "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  EXPECT_EQ(make_ulid(1'469'918'176'385, {}).substr(0, 10),
            "01ARYZ6S41");  // the example of the specification
}

}  // namespace
}  // namespace headgate::store
