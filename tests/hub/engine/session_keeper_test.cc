// How the records of sessions are written and read.
#include "hub/engine/session_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/codec/packets/disconnect.h"
#include "tests/hub/engine/engine_fixture.h"

namespace headgate::hub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kept;
using testing::v5;
using testing::with_will;

// Writes down which values were put, one line a write; "-" before one that was erased.
class RecordingStore : public testing::MemQueueStore {
 public:
  using MemQueueStore::MemQueueStore;

  core::Result<store::Seq> commit(const store::Change& change) override {
    std::string line;
    for (const store::KeyValue& value : change.values)
      line.append(line.empty() ? "" : " ").append(value.value ? "" : "-").append(value.key);
    if (!line.empty()) writes_.push_back(line);
    return MemQueueStore::commit(change);
  }
  std::vector<std::string> take() { return std::exchange(writes_, {}); }

 private:
  std::vector<std::string> writes_;
};

class SessionKeeperTest : public ::testing::Test {
 protected:
  SessionKeeperTest() {
    access_.users[""] = {std::make_shared<const broker::Identity>(), broker::Rights::all()};
    EXPECT_TRUE(engine_.restore());
    store_.take();
  }
  testing::ScriptedClient client() { return testing::ScriptedClient(engine_.broker(), clock_); }
  // A hub over the same store, as after a restart.
  core::Status restore_again() {
    Engine again({}, access_, store_, executor_, clock_, log_);
    const core::Status restored = again.restore();
    executor_.run_ready();
    restored_sessions_ = again.broker().sessions();
    restored_subscriptions_ = again.broker().subscriptions().size();
    return restored;
  }
  void put(store::KeyValue value) {
    ASSERT_TRUE(store_.put(std::span(&value, 1), true));
    executor_.run_ready();
  }

  testing::ManualClock clock_;
  testing::ManualExecutor executor_;
  testing::RecordingLog log_;
  testing::ScriptedAccess access_;
  RecordingStore store_{executor_};
  Engine engine_{{}, access_, store_, executor_, clock_, log_};
  size_t restored_sessions_ = 0;
  size_t restored_subscriptions_ = 0;
};

TEST_F(SessionKeeperTest, WritesASessionAndItsWillInOneWrite) {
  auto a = client();
  a.connect(with_will(kept(v5("a")), 5));
  EXPECT_THAT(store_.take(), ElementsAre("session/a will/a"));
  a.drop();
  EXPECT_THAT(store_.take(), ElementsAre("session/a will/a")) << "its delay has begun";
  a.connect(kept(v5("a")));
  EXPECT_THAT(store_.take(), ElementsAre("session/a -will/a"));
  a.connect(with_will(kept(v5("a"))));
  store_.take();
  a.disconnect();
  EXPECT_THAT(store_.take(), ElementsAre("session/a -will/a"));
}

TEST_F(SessionKeeperTest, WritesOnlyTheWillOfASessionThatEndsWithItsConnection) {
  auto a = client();
  a.connect(with_will(v5("a")));
  EXPECT_THAT(store_.take(), ElementsAre("will/a"));
  a.disconnect();
  EXPECT_THAT(store_.take(), ElementsAre("-will/a"));
  a.connect(v5("a"));
  EXPECT_THAT(store_.take(), IsEmpty());
}

TEST_F(SessionKeeperTest, StopsAtTheFirstRecordThatCannotBeRead) {
  put(put_session({{"a", 3600, 1, "", false}, 0}));
  put({"subscription/a", "no separator"});
  put({"qos2-in/a", "no packet id"});
  const core::Status restored = restore_again();
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, core::Errc::corrupt);
  EXPECT_THAT(restored.error().what, ::testing::HasSubstr("subscription/a"));
}

TEST_F(SessionKeeperTest, RestoresNothingAfterASessionThatCannotBeRead) {
  put({"session/a", ""});
  put(put_session({{"b", 3600, 1, "", false}, 0}));
  put(put_subscription("b", "t", {}));
  EXPECT_FALSE(restore_again());
  EXPECT_EQ(restored_sessions_, 0u);
  EXPECT_EQ(restored_subscriptions_, 0u);
}

}  // namespace
}  // namespace headgate::hub
