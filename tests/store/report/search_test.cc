// Searches through queues: budget, cursor, and how far they got.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "store/report/messages.h"
#include "tests/support/manual_clock.h"
#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"

namespace headgate::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using FoundJson = nlohmann::json;

class Searches : public ::testing::Test {
 protected:
  void append(const std::string& topic, const std::string& body, uint8_t lane = kDefaultLane) {
    core::Message message;
    message.topic = topic;
    message.body = body;
    message.arrived_hub_ms = clock_.now().hub_ms;
    const std::vector<Target> targets = {{*store_.open_queue("$q", link_attributes()), lane, 0, ""}};
    ASSERT_TRUE(store_.append(std::make_shared<core::Message>(message), targets));
    executor_.run_ready();
  }
  void search(MessageSearch what) {
    what.request.queue = "$q";
    what.shown = MessageSearch::Shown::payloads;
    bodies_.clear();
    search_messages(
        store_, [this] { return clock_.now(); }, std::move(what),
        [this](const core::Result<std::string>& json) {
          ASSERT_TRUE(json) << json.error().what;
          answer_ = FoundJson::parse(*json);
          for (const FoundJson& one : answer_["messages"])
            bodies_.push_back(one["payload"].is_null() ? "hidden" : one["payload"].get<std::string>());
        });
  }
  // Goes on from the last answer.
  void go_on(MessageSearch what) {
    what.request.from = *parse_place(answer_["next"].get<std::string>());
    search(std::move(what));
  }

  testing::ManualClock clock_;
  testing::ManualExecutor executor_;
  testing::MemQueueStore store_{executor_};
  FoundJson answer_;
  std::vector<std::string> bodies_;
};

TEST_F(Searches, FindInAllLanesAndSayThatThatIsAll) {
  append("a", "late");
  append("b", "first", 0);
  search({});
  EXPECT_THAT(bodies_, ElementsAre("first", "late"));
  EXPECT_EQ(answer_["looked"], 2);
  EXPECT_EQ(answer_["done"], true);
  EXPECT_EQ(answer_["next"], nullptr);
}

TEST_F(Searches, EndWithTheirBudgetOfRowsAndGoOnFromTheirCursor) {
  for (const char* body : {"1", "2", "3", "4", "5"}) append("a", body);
  MessageSearch what;
  what.request.budget.rows = 2;
  what.filter = [](const core::Message& message) { return message.body == "5"; };
  search(what);
  EXPECT_THAT(bodies_, IsEmpty());
  EXPECT_EQ(answer_["looked"], 2);
  EXPECT_EQ(answer_["done"], false);
  go_on(what);
  EXPECT_THAT(bodies_, IsEmpty());
  go_on(what);
  EXPECT_THAT(bodies_, ElementsAre("5"));
}

TEST_F(Searches, EndWithSoManyFound) {
  for (const char* body : {"1", "2", "3"}) append("a", body, 4);
  append("a", "4");
  MessageSearch what;
  what.request.budget.found = 2;
  search(what);
  EXPECT_THAT(bodies_, ElementsAre("1", "2"));
  go_on(what);
  EXPECT_THAT(bodies_, ElementsAre("3", "4"));
}

TEST_F(Searches, BeginBehindTheSameSeqInEachLane) {
  append("a", "1", 4);
  append("a", "2");
  append("a", "3", 4);
  append("a", "4");
  MessageSearch what;
  what.request.after = 2;
  search(what);
  EXPECT_THAT(bodies_, ElementsAre("3", "4"));
}

TEST_F(Searches, EndWithTheirTime) {
  for (size_t i = 0; i < 2'000; ++i) append("a", "x");
  MessageSearch what;
  what.request.budget.found = 10'000;
  what.request.budget.time_ms = 10;
  what.filter = [this](const core::Message&) {
    clock_.advance_ms(1);
    return false;
  };
  search(what);
  EXPECT_EQ(answer_["done"], false);
  EXPECT_LT(answer_["looked"], 2'000);
  EXPECT_GT(answer_["looked"], 0);
}

TEST_F(Searches, HideBodiesOfTopicsAndTellNothingOfThemByWhatAFilterFinds) {
  append("secret/1", "code");
  append("plant/1", "code");
  MessageSearch what;
  what.sees = [](std::string_view topic) { return !topic.starts_with("secret"); };
  search(what);
  EXPECT_THAT(bodies_, ElementsAre("hidden", "code"));
  what.filter = [](const core::Message& message) { return message.body == "code"; };
  what.looks_inside = true;
  search(what);
  EXPECT_THAT(bodies_, ElementsAre("code"));
}

TEST_F(Searches, StopWhenNobodyWantsThem) {
  append("a", "x");
  bool answered = false;
  std::shared_ptr<Search> running;
  SearchRequest request{.queue = "$q"};
  class Slow : public testing::MemQueueStore {
   public:
    using MemQueueStore::MemQueueStore;
    void look(const Look&, Judge, OnLooked done) override { later = std::move(done); }
    OnLooked later;
  } slow(executor_);
  (void)*slow.open_queue("$q", link_attributes());
  running = store::search(request,
                          {slow, [this] { return clock_.now(); },
                           [](const Entry&, uint8_t) { return std::optional<SearchText>(); },
                           [](const SearchHit&) { return true; }},
                          [&answered](const core::Result<SearchReport>&) { answered = true; });
  running->stop();
  slow.later(Looked{.done = true});
  EXPECT_FALSE(answered);
}

TEST(SearchPlaces, AreWrittenAndRead) {
  EXPECT_EQ(parse_place(to_text({10, 4711})), (SearchPlace{10, 4711}));
  for (const char* wrong : {"", "10", "10.", ".5", "11.5", "x.5", "1.-5", "1.5.6"})
    EXPECT_FALSE(parse_place(wrong)) << wrong;
}

}  // namespace
}  // namespace headgate::store
