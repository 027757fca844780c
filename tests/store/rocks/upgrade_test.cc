// Queue attributes on the disk, and a store of format 1, which had none: tests/store/format_1 was written by the
// last release that made such stores, with a route to `$upstream` and to a module's input, a persistent session,
// a retained message and a will.
#include <rocksdb/db.h>

#include <filesystem>

#include "store/report/check.h"
#include "tests/store/rocks/fixture.h"

namespace headgate::store {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string format_of(const std::string& store_dir) {
  std::string format;
  edit_rows(store_dir, [&](rocksdb::DB& db, RowsOf rows) {
    ASSERT_TRUE(db.Get(rocksdb::ReadOptions(), rows.meta, "format", &format).ok());
  });
  return format;
}

class OldStore : public ::testing::Test, protected RocksDriver {
 protected:
  OldStore() {
    std::filesystem::copy(HEADGATE_FORMAT_1_STORE, options.dir);
    options.hub_id = "old-hub";
  }

  static void expect_attributes(const QueueReader& reader) {
    const auto attributes = [&](std::string_view name) {
      return reader.stats(reader.find_queue(name).value()).attributes;
    };
    EXPECT_EQ(attributes("$upstream"), (QueueAttributes{QueueKind::link, true}));
    EXPECT_EQ(attributes("$dead"), (QueueAttributes{QueueKind::dead}));
    EXPECT_EQ(attributes("modules/m/inputs/i"), (QueueAttributes{QueueKind::input}));
    EXPECT_EQ(attributes("session/reader"), (QueueAttributes{QueueKind::session}));
  }
};

TEST_F(OldStore, GetsAttributesOnceFromTheNamesOfItsQueues) {
  open();
  expect_attributes(*store);
  EXPECT_THAT(log.lines(), Contains(HasSubstr("store_upgraded")));
  EXPECT_THAT(bodies(read(*store->find_queue("$upstream"), 3)), ElementsAre("up-1", "up-2", "up-3"));
  EXPECT_THAT(bodies(read(*store->find_queue("session/reader"))), ElementsAre("s-1", "s-2", "s-3"));
  EXPECT_TRUE(store->get("will/reader"));
  ASSERT_TRUE(store->open_queue("$upstream", {QueueKind::plain}));
  settle();
  reopen();
  EXPECT_EQ(stats(*store->find_queue("$upstream")).attributes.kind, QueueKind::plain)
      << "the name says nothing any more";
  expect_sound();
  EXPECT_EQ(format_of(options.dir), std::string("\0\0\0\2", 4)) << "the release before refuses it by this";
}

TEST_F(OldStore, HasAttributesWithoutBeingChangedByWhoOnlyReads) {
  {
    const auto reader = open_queue_reader(options.dir);
    ASSERT_TRUE(reader) << reader.error().what;
    expect_attributes(**reader);
  }
  const auto report = check_store(options.dir);
  EXPECT_TRUE(report && report->sound()) << (report ? report_json(*report) : report.error().what);
  EXPECT_EQ(format_of(options.dir), std::string("\0\0\0\1", 4));
}

class StoredAttributes : public RocksTest {};

TEST_F(StoredAttributes, ComeBackAfterACrash) {
  const QueueAttributes computation{QueueKind::computation, false, std::string("plan\0bytes", 10)};
  const QueueId queue = store->open_queue("$any name", computation).value();
  settle();
  crash();
  EXPECT_EQ(stats(queue).attributes, computation);
}

TEST_F(StoredAttributes, AreTheLastThatWereGiven) {
  const QueueId queue = store->open_queue("q", {QueueKind::computation, false, "one"}).value();
  settle();
  EXPECT_EQ(store->open_queue("q", {QueueKind::computation, true, "two"}).value(), queue);
  EXPECT_EQ(stats(queue).attributes.plan, "two");
  settle();
  crash();
  EXPECT_EQ(stats(queue).attributes, (QueueAttributes{QueueKind::computation, true, "two"}));
}

TEST_F(StoredAttributes, GoWithTheirQueue) {
  const QueueId queue = store->open_queue("q", {QueueKind::link, true}).value();
  settle();
  ASSERT_TRUE(store->remove_queue(queue));
  for (int i = 0; i < 3; ++i) settle();
  store->close();
  store.reset();
  EXPECT_EQ(rows_in("cur"), 0u);
  open();
}

}  // namespace
}  // namespace headgate::store
