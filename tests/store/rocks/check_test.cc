// The check finds each way in which rows can contradict each other, and says where. That it finds nothing in
// a sound store is checked after every other test of the store.
#include "store/report/check.h"

#include <gmock/gmock.h>
#include <rocksdb/db.h>

#include "store/format/block.h"
#include "store/rocks/db/database.h"
#include "tests/store/rocks/fixture.h"

namespace headgate::store {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// A store with two queues; "shared" waits in both, "own" only in the first.
class StoreCheck : public RocksTest {
 protected:
  StoreCheck() {
    damaged = true;
    settle();  // seqs from 2 on, so that there is a seq before all of them
    shared = append("shared", {{first, 0, 0, ""}, {second, 0, 0, ""}});
    settle();
    own = append("own", first, 0);
    settle();
    store->close();
    store.reset();
  }

  void edit(const std::function<void(rocksdb::DB&, RowsOf)>& how) { edit_rows(options.dir, how); }
  void put_state(QueueId queue, const std::function<void(QueueState&)>& change) {
    edit([&](rocksdb::DB& db, RowsOf rows) {
      std::string bytes;
      ASSERT_TRUE(db.Get({}, rows.cur, queue_state_key(queue), &bytes).ok());
      QueueState state;
      ASSERT_TRUE(decode_queue_state(bytes, state));
      change(state);
      ASSERT_TRUE(db.Put({}, rows.cur, queue_state_key(queue), encode_queue_state(state)).ok());
    });
  }
  std::vector<std::string> problems() {
    const auto report = check_store(options.dir);
    EXPECT_TRUE(report) << report.error().what;
    std::vector<std::string> lines;
    for (const StoreProblem& problem : report->problems) lines.push_back(problem.where + ": " + problem.what);
    EXPECT_EQ(lines.size(), report->problem_count);
    return lines;
  }

  void put_block_for_nobody(Seq id) {
    edit([&](rocksdb::DB& db, RowsOf rows) {
      std::string stray = begin_block(id, {id, {{first, 0}}});
      append_to_block(stray, id, id, *message("stray"));
      ASSERT_TRUE(db.Put({}, rows.blk, block_key(id), stray).ok());
    });
  }

  QueueId first = queue("$first");
  QueueId second = queue("second");
  Seq shared = 0;
  Seq own = 0;
};

TEST_F(StoreCheck, SaysOfANewerFormatThatAndNothingElse) {
  edit([](rocksdb::DB& db, RowsOf rows) {
    ASSERT_TRUE(db.Put({}, rows.meta, "format", rocksdb::Slice("\0\0\0\3", 4)).ok());
    ASSERT_TRUE(db.Put({}, rows.cur, "of a kind that is not known yet", "").ok());
  });
  EXPECT_THAT(problems(), ::testing::ElementsAre(HasSubstr("newer Headgate (format 3")));
}

TEST_F(StoreCheck, FindsAQueueWithoutAttributes) {
  edit([this](rocksdb::DB& db, RowsOf rows) {
    ASSERT_TRUE(db.Delete({}, rows.cur, queue_attributes_key(second)).ok());
  });
  EXPECT_THAT(problems(), Contains(HasSubstr("has no attributes that can be read")));
}

TEST_F(StoreCheck, CountsWhatThereIs) {
  const auto report = check_store(options.dir);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_TRUE(report->sound()) << report_json(*report);
  EXPECT_EQ(report->queues, 2u);
  EXPECT_EQ(report->waiting, 3u);
  EXPECT_EQ(report->index_rows, 3u);
  EXPECT_EQ(report->blocks, 2u);
}

TEST_F(StoreCheck, FindsABlockThatIsMissing) {
  edit([&](rocksdb::DB& db, RowsOf rows) { ASSERT_TRUE(db.Delete({}, rows.blk, block_key(own)).ok()); });
  EXPECT_THAT(problems(), Contains(HasSubstr("queue 1 ($first), lane 0, row " + std::to_string(own))));
}

TEST_F(StoreCheck, FindsABlockThatNobodyWants) {
  put_block_for_nobody(own - 1);
  EXPECT_THAT(problems(), Contains(HasSubstr("block " + std::to_string(own - 1) + ": nobody wants it")));
}

// The file with its deletion may be dropped before the file with the block.
TEST_F(StoreCheck, CallsOneDeadThatIsOlderThanWhateverWaits) {
  put_block_for_nobody(1);
  const auto report = check_store(options.dir);
  EXPECT_TRUE(report->sound()) << report_json(*report);
  EXPECT_EQ(report->blocks, 3u);
  EXPECT_EQ(report->dead_blocks, 1u);
}

TEST_F(StoreCheck, FindsAnIndexRowThatIsMissing) {
  edit([&](rocksdb::DB& db, RowsOf rows) {
    ASSERT_TRUE(db.Delete({}, rows.idx, index_key({first, 0}, shared)).ok());
  });
  EXPECT_THAT(problems(), Contains(HasSubstr("are not finished and have no row")));
  EXPECT_THAT(problems(), Contains(HasSubstr("lane 0: waiting is 2, recounted 1")));
}

TEST_F(StoreCheck, FindsAMessageThatIsNotTheOneOfTheIndex) {
  edit([&](rocksdb::DB& db, RowsOf rows) {
    std::string other = begin_block(own, {own, {{first, 0}}});
    append_to_block(other, own, own, *message("of another length"));
    ASSERT_TRUE(db.Put({}, rows.blk, block_key(own), other).ok());
  });
  EXPECT_THAT(problems(), Contains(HasSubstr("seq " + std::to_string(own) + ": counts 4 bytes")));
}

TEST_F(StoreCheck, FindsACounterThatIsWrong) {
  put_state(second, [](QueueState& state) { ++state.stats.delivered; });
  EXPECT_THAT(problems(), Contains(HasSubstr("queue 2 (second): in is 1, but")));
}

TEST_F(StoreCheck, FindsAHeadThatLeavesAFinishedRowBehind) {
  put_state(second, [](QueueState& state) {
    state.lane(0).progress.finish_all();
    state.stats.lanes[0] = {};
    ++state.stats.delivered;
  });
  EXPECT_THAT(problems(), Contains(HasSubstr("all of it is finished and it is still here")));
}

TEST_F(StoreCheck, FindsANameThatTwoQueuesHave) {
  edit([&](rocksdb::DB& db, RowsOf rows) {
    ASSERT_TRUE(db.Put({}, rows.cur, queue_name_key(second), "$first").ok());
  });
  EXPECT_THAT(problems(), Contains(HasSubstr("queue 2 ($first): queue 1 has the same name")));
}

TEST_F(StoreCheck, FindsASeqThatWouldBeUsedTwice) {
  edit([&](rocksdb::DB& db, RowsOf rows) {
    ASSERT_TRUE(db.Put({}, rows.meta, "next_seq", rocksdb::Slice("\0\0\0\0\0\0\0\2", 8)).ok());
  });
  EXPECT_THAT(problems(), Contains(HasSubstr("next_seq is 2")));
}

TEST_F(StoreCheck, FindsRowsThatCannotBeDecoded) {
  edit([&](rocksdb::DB& db, RowsOf rows) {
    ASSERT_TRUE(db.Put({}, rows.cur, queue_state_key(first), "?").ok());
    ASSERT_TRUE(db.Put({}, rows.idx, index_key({second, 0}, shared), "?").ok());
    ASSERT_TRUE(db.Put({}, rows.blk, block_key(own), "?").ok());
    ASSERT_TRUE(db.Put({}, rows.blk, "?", "?").ok());
  });
  const auto lines = problems();
  EXPECT_THAT(lines, Contains("queue 1: its state cannot be decoded"));
  EXPECT_THAT(lines, Contains(HasSubstr("an index row cannot be decoded")));
  EXPECT_THAT(lines, Contains(HasSubstr("its header cannot be decoded")));
  EXPECT_THAT(lines, Contains("blk: a key of 1 bytes cannot be decoded"));
}

}  // namespace
}  // namespace headgate::store
