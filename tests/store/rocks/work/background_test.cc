#include "store/rocks/work/background.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/manual_executor.h"

namespace headgate::store {
namespace {

using Thread = Background::Thread;

class BackgroundWork : public ::testing::Test {
 protected:
  testing::ManualExecutor loop;
  std::optional<Background> background{std::in_place, loop};
  std::vector<std::string> heard;

  auto hear() {
    return [this](const std::string& result) { heard.push_back(result); };
  }
  static auto say(std::string result) {
    return [result = std::move(result)] { return result; };
  }
  void run_until_heard(size_t results) {
    loop.run_until([&] { return heard.size() == results; });
  }
};

TEST_F(BackgroundWork, RunsElsewhereAndIsHeardOnTheLoop) {
  const auto here = std::this_thread::get_id();
  std::thread::id worked, answered;
  bool done = false;
  background->run(
      Thread::writer, [] { return std::this_thread::get_id(); },
      [&](std::thread::id on) {
        worked = on;
        answered = std::this_thread::get_id();
        done = true;
      });
  loop.run_until([&] { return done; });
  EXPECT_NE(worked, here);
  EXPECT_EQ(answered, here);
}

TEST_F(BackgroundWork, KeepsItsOrderOnAThread) {
  for (const char* result : {"first", "second", "third"})
    background->run(Thread::writer, say(result), hear());
  run_until_heard(3);
  EXPECT_EQ(heard, (std::vector<std::string>{"first", "second", "third"}));
}

TEST_F(BackgroundWork, IsNotHeardOnceAnotherDatabaseIsOpened) {
  background->run(Thread::writer, say("of the old one"), hear());
  background->renew();
  background->run(Thread::writer, say("of the new one"), hear());
  run_until_heard(1);
  EXPECT_EQ(heard.front(), "of the new one");
}

TEST_F(BackgroundWork, ForAnyDatabaseIsHeardAlsoWithTheNext) {
  background->run_for_any(Thread::housekeeper, say("a copy"), hear());
  background->renew();
  run_until_heard(1);
  EXPECT_EQ(heard.front(), "a copy");
}

TEST_F(BackgroundWork, ThatIsTheLastComesAfterWhatEveryThreadWasGiven) {
  std::atomic<int> done = 0;
  for (const Thread thread : {Thread::searcher, Thread::reader, Thread::housekeeper, Thread::writer})
    background->run(thread, [&] { ++done; });
  background->run_last([&] { return std::to_string(done); }, hear());
  run_until_heard(1);
  EXPECT_EQ(heard.front(), "4");
}

TEST_F(BackgroundWork, GivesUpWhatItHeldBeforeItIsHeard) {
  auto database = std::make_shared<std::string>("open");
  const std::weak_ptr<std::string> open(database);
  bool held = true;
  bool done = false;
  background->run(
      Thread::writer, [database = std::move(database)] { return *database; },
      [&](const std::string&) {
        held = !open.expired();
        done = true;
      });
  loop.run_until([&] { return done; });
  EXPECT_FALSE(held);
}

TEST_F(BackgroundWork, IsDoneButNotHeardAfterTheStop) {
  std::atomic<bool> done = false;
  background->run(
      Thread::reader, [&] { return done.exchange(true) ? "again" : "once"; }, hear());
  background->post([this] { heard.emplace_back("posted"); });
  background->stop();
  loop.run_ready();
  EXPECT_TRUE(done);
  EXPECT_TRUE(heard.empty());
}

TEST_F(BackgroundWork, ThatWasLastStopsWithAllThreads) {
  std::atomic<bool> done = false;
  background->run_last([&] { return done.exchange(true) ? "again" : "once"; }, hear());
  background.reset();
  loop.run_ready();
  EXPECT_TRUE(done);
  EXPECT_TRUE(heard.empty());
}

TEST_F(BackgroundWork, HandedOverAfterTheStopIsDropped) {
  background->stop();
  background->run(Thread::writer, say("too late"), hear());
  background->renew();
  EXPECT_TRUE(background->pulse().expired());
  EXPECT_EQ(loop.run_ready(), 0u);
}

}  // namespace
}  // namespace headgate::store
