#include "routing/lookup/table.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "routing/lookup/csv_rows.h"

namespace headgate::routing {
namespace {

class Table : public ::testing::Test {
 protected:
  void begin(TableSource::Kind kind, std::string from, std::string key, int level, TableLimits limits = {}) {
    TableSource source;
    source.name = "t";
    source.kind = kind;
    source.from = std::move(from);
    source.key = std::move(key);
    source.key_level = level;
    source.limits = limits;
    table_.emplace(std::make_shared<const TableSource>(std::move(source)));
  }
  void by_level(TableLimits limits = {}) { begin(TableSource::Kind::topics, "c/+", "", 2, limits); }

  void take(std::string topic, std::string body) {
    core::Message message;
    message.topic = std::move(topic);
    message.body = std::move(body);
    message.retain = true;
    table_->take(message);
    save();
  }

  // What a store would hold.
  void save() {
    puts_ = 0;
    table_->save_changed([&](std::string_view key, std::optional<std::string> bytes) {
      ++puts_;
      if (bytes)
        stored_[std::string(key)] = *bytes;
      else
        stored_.erase(std::string(key));
    });
  }

  // Begins again with what was stored.
  void restart() {
    table_.emplace(std::make_shared<const TableSource>(table_->source()));
    for (const auto& [key, bytes] : stored_) EXPECT_TRUE(table_->load(key, bytes));
  }

  std::optional<LookupTable> table_;
  std::map<std::string, std::string> stored_;
  size_t puts_ = 0;
};

TEST_F(Table, HasARowForEachTopic) {
  by_level();
  take("c/a", "1");
  take("c/b", "2");
  take("c/a", "3");
  EXPECT_EQ(table_->row("a"), "3");
  EXPECT_EQ(table_->row("b"), "2");
  EXPECT_EQ(table_->row("c"), "");
  EXPECT_EQ(table_->size(), 2u);
}

TEST_F(Table, LosesTheRowOfAnEmptyMessage) {
  by_level();
  take("c/a", "1");
  take("c/a", "");
  take("c/b", "");
  EXPECT_EQ(table_->row("a"), "");
  EXPECT_EQ(table_->bytes(), 0u);
  EXPECT_TRUE(stored_.empty());
}

TEST_F(Table, MovesARowWhoseKeyChanges) {
  begin(TableSource::Kind::topics, "c/#", "id", 0);
  take("c/x", R"({"id":"a"})");
  take("c/x", R"({"id":"b"})");
  EXPECT_EQ(table_->row("a"), "");
  EXPECT_EQ(table_->row("b"), R"({"id":"b"})");
  restart();
  take("c/x", "");
  EXPECT_EQ(table_->size(), 0u);
  EXPECT_TRUE(stored_.empty());
}

TEST_F(Table, KeepsTheRowThatAnotherTopicHasGivenSince) {
  begin(TableSource::Kind::topics, "c/#", "id", 0);
  take("c/x", R"({"id":"a","from":"x"})");
  take("c/y", R"({"id":"a","from":"y"})");
  take("c/x", "");
  EXPECT_EQ(table_->row("a"), R"({"id":"a","from":"y"})");
}

TEST_F(Table, RefusesWhatIsNoRowAndKeepsTheOneBefore) {
  by_level();
  take("c/a", "1");
  take("c/a", "[1]");
  EXPECT_EQ(table_->row("a"), "1");
  EXPECT_EQ(table_->refused(), 1u);
  EXPECT_EQ(table_->fault(), "c/a: the body is an array; a row is an object, or a single value");
}

TEST_F(Table, IsBoundedAndTakesWhatReplacesARow) {
  by_level({.rows_max = 2, .row_bytes_max = 10, .bytes_max = 1000});
  take("c/a", "1");
  take("c/b", "2");
  take("c/c", "3");
  EXPECT_EQ(table_->fault(), "c/c: the table has at most 2 rows (\"maxRows\")");
  take("c/a", "\"01234567890\"");
  EXPECT_EQ(table_->fault(), "c/a: the body has 13 bytes, at most 10 are taken (\"maxRowBytes\")");
  take("c/a", "4");
  EXPECT_EQ(table_->row("a"), "4");
  EXPECT_EQ(table_->refused(), 2u);
}

TEST_F(Table, RefusesBytesBeyondItsBound) {
  by_level({.rows_max = 10, .row_bytes_max = 500, .bytes_max = 300});
  take("c/a", "\"" + std::string(150, 'x') + "\"");
  take("c/b", "\"" + std::string(150, 'x') + "\"");
  EXPECT_EQ(table_->fault(), "c/b: the table has at most 300 bytes (\"maxBytes\")");
  EXPECT_EQ(table_->size(), 1u);
}

TEST_F(Table, IsOneRetainedMessage) {
  begin(TableSource::Kind::topic, "c", "", 0);
  take("c", R"({"a":1,"b":2})");
  take("c", R"({"b":2,"d":4})");
  EXPECT_EQ(table_->row("a"), "");
  EXPECT_EQ(table_->row("d"), "4");
  EXPECT_EQ(puts_, 2u);  // what stays is not stored again
  take("c", "[]");
  EXPECT_EQ(table_->size(), 2u);
  EXPECT_EQ(table_->refused(), 1u);
  take("c", "{\"x\":\"" + std::string(5'000'000, 'x') + "\"}");
  EXPECT_EQ(table_->fault(), "c: the body has 5000008 bytes, at most 4194304 are taken (\"maxBytes\")");
  take("c", "");
  EXPECT_EQ(table_->size(), 0u);
}

TEST_F(Table, StoresOnlyWhatChanged) {
  by_level();
  take("c/a", "1");
  take("c/b", "2");
  EXPECT_EQ(puts_, 1u);
  take("c/b", "2");
  EXPECT_EQ(puts_, 0u);
}

TEST_F(Table, IsAfterARestartWhatItWasBefore) {
  by_level();
  take("c/a", "1");
  take("c/b", "2");
  take("c/a", "");
  const uint64_t bytes = table_->bytes();
  restart();
  EXPECT_EQ(table_->row("a"), "");
  EXPECT_EQ(table_->row("b"), "2");
  EXPECT_EQ(table_->bytes(), bytes);
  save();
  EXPECT_EQ(puts_, 0u);
}

TEST_F(Table, TakesTheRowsOfAFileWhole) {
  begin(TableSource::Kind::file, "t.csv", "", 0);
  table_->replace(*parse_csv_rows("k,v\na,1\nb,2\n", "t.csv", "", {}));
  save();
  table_->replace(*parse_csv_rows("k,v\nb,2\nc,3\n", "t.csv", "", {}));
  save();
  EXPECT_EQ(puts_, 2u);
  restart();
  EXPECT_EQ(table_->row("a"), "");
  EXPECT_EQ(table_->row("c"), R"({"k":"c","v":3})");
}

TEST_F(Table, LeavesOutStateThatItDidNotWrite) {
  by_level();
  for (const char* bytes : {"", "\x01no end", "\x02topic"}) EXPECT_FALSE(table_->load("a", bytes)) << bytes;
  EXPECT_FALSE(table_->load("", std::string("\x01\0001", 3)));
  EXPECT_EQ(table_->size(), 0u);
}

TEST_F(Table, GivesItsRowsInTheOrderOfTheirKeys) {
  by_level();
  for (const char* key : {"b", "d", "a", "c"}) take(std::string("c/") + key, "1");
  EXPECT_EQ(table_->rows_after("", 3), (LookupTable::RowViews{{"a", "1"}, {"b", "1"}, {"c", "1"}}));
  EXPECT_EQ(table_->rows_after("c", 3), (LookupTable::RowViews{{"d", "1"}}));
  EXPECT_TRUE(table_->rows_after("d", 3).empty());
}

TEST_F(Table, ForgetsWhatNobodyStores) {
  by_level();
  take("c/a", "1");
  table_->replace(RowSet());
  table_->forget_changes();
  save();
  EXPECT_EQ(puts_, 0u);
}

}  // namespace
}  // namespace headgate::routing
