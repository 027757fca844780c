#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <utility>

#include "tests/routing/compute/support/course.h"

namespace headgate::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string counted(const std::string& window, const std::string& over = "") {
  return "SELECT $body.k AS k, count(*) AS n FROM /messages/* TIMESTAMP BY $body.ts " + over +
         " GROUP BY $body.k, " + window + " INTO $upstream";
}

constexpr int64_t kBegin = 1785585600000;  // 2026-08-01T12:00:00Z

// A computation whose times count from noon, in seconds.
class LateMessages : public testing::Test {
 protected:
  void follow(const std::string& route, LatePolicy policy, int64_t tolerance_s = 5, int64_t keep_s = 3600) {
    Plan plan(route);
    plan.late(policy, tolerance_s * kSecond, keep_s * kSecond);
    plan.limits().idle_ms = kMinute;
    course_ = std::make_unique<Course>(plan);
  }
  void send(int64_t at_s, int64_t time_s, const std::string& members = R"("k":1)") {
    const std::string time = std::to_string(kBegin + time_s * kSecond);
    course_->send(kBegin + at_s * kSecond, "{" + members + R"(,"ts":)" + time + "}");
  }
  // The third message comes late for the first's window, which has given its result.
  void come_late(LatePolicy policy) {
    follow(counted("Tumbling(10s)"), policy);
    send(1, 1);
    send(20, 20);
    send(21, 2);
  }
  void tick(int64_t at_s) { course_->advance(kBegin + at_s * kSecond); }
  // Results with times in seconds from noon.
  std::vector<std::string> results() {
    std::vector<std::string> short_ones;
    for (const std::string& result : course_->results()) {
      const size_t comma = result.find(',');
      const size_t close = result.find(')');
      const int64_t start = (std::stoll(result.substr(1)) - kBegin) / kSecond;
      const int64_t end = (std::stoll(result.substr(comma + 1)) - kBegin) / kSecond;
      short_ones.push_back(std::to_string(start) + "-" + std::to_string(end) + result.substr(close + 1));
    }
    return short_ones;
  }
  const RouteCounts& counts() { return course_->computation().counts(); }

  std::unique_ptr<Course> course_;
};

TEST_F(LateMessages, AreNoneWhileTheWatermarkWaitsForThem) {
  follow(counted("Tumbling(10s)"), LatePolicy::drop);
  send(1, 1);
  send(14, 14);
  send(14, 9);
  EXPECT_THAT(results(), IsEmpty());
  send(15, 15);
  tick(15);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":2})"));
  EXPECT_EQ(counts().late, 0);
}

TEST_F(LateMessages, ReviseTheResultThatWasGiven) {
  come_late(LatePolicy::revise);
  tick(25);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":1})"));
  tick(26);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 r1 {"k":1,"n":2})"));
  EXPECT_EQ(counts().late, 1);
  EXPECT_EQ(counts().late_dropped, 0);
}

TEST_F(LateMessages, GiveOneRevisionForAsManyAsComeWithinTheTolerance) {
  follow(counted("Tumbling(10s)"), LatePolicy::revise);
  send(1, 1);
  send(40, 40);
  for (int64_t at = 40; at < 45; ++at) {
    send(at, 2);
    send(at, 12);
  }
  send(46, 46);
  EXPECT_THAT(results(),
              ElementsAre(R"(0-10 {"k":1,"n":1})", R"(0-10 r1 {"k":1,"n":6})", R"(10-20 {"k":1,"n":5})"));
  EXPECT_EQ(counts().late, 10);
}

TEST_F(LateMessages, ReviseOnlyAsLongAsTheWindowIsKept) {
  follow(counted("Tumbling(10s)"), LatePolicy::revise, 0, 30);
  send(1, 1);
  send(39, 39);
  send(39, 5);
  EXPECT_FALSE(course_->dead_letter());
  send(40, 40);
  send(40, 5);
  EXPECT_TRUE(course_->dead_letter());
  tick(40);
  EXPECT_THAT(results(),
              ElementsAre(R"(0-10 {"k":1,"n":1})", R"(0-10 r1 {"k":1,"n":2})", R"(30-40 {"k":1,"n":1})"));
  EXPECT_EQ(counts().late, 2);
  EXPECT_EQ(counts().late_dropped, 1);
}

TEST_F(LateMessages, ReviseEachHoppingWindowThatHoldsThem) {
  follow(counted("Hopping(10s, 5s)"), LatePolicy::revise, 0);
  send(6, 6);
  send(21, 21);
  send(21, 7);
  send(21, 17);
  tick(21);
  EXPECT_THAT(results(),
              ElementsAre(R"(0-10 {"k":1,"n":1})", R"(5-15 {"k":1,"n":1})", R"(0-10 r1 {"k":1,"n":2})",
                          R"(5-15 r1 {"k":1,"n":2})", R"(10-20 {"k":1,"n":1})"));
  tick(200);
  EXPECT_THAT(results(), ElementsAre(R"(15-25 {"k":1,"n":2})", R"(20-30 {"k":1,"n":1})"));
}

TEST_F(LateMessages, CountInTheWindowThatIsOpenWhenAdjusted) {
  come_late(LatePolicy::adjust);
  tick(200);
  EXPECT_THAT(results(),
              ElementsAre(R"(0-10 {"k":1,"n":1})", R"(10-20 {"k":1,"n":1})", R"(20-30 {"k":1,"n":1})"));
  EXPECT_EQ(counts().late, 1);
}

TEST_F(LateMessages, AreDroppedAndCountedIfTheRouteSaysSo) {
  come_late(LatePolicy::drop);
  EXPECT_FALSE(course_->dead_letter());
  tick(200);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":1})", R"(20-30 {"k":1,"n":1})"));
  EXPECT_EQ(counts().late_dropped, 1);
}

TEST_F(LateMessages, BecomeDeadLettersIfTheRouteSaysSo) {
  come_late(LatePolicy::dead_letter);
  EXPECT_TRUE(course_->dead_letter());
  send(21, 21);
  EXPECT_FALSE(course_->dead_letter());
  EXPECT_EQ(counts().late_dropped, 1);
}

TEST_F(LateMessages, JoinTheSessionThatWasGivenAndKeepItsName) {
  follow(counted("Session(3s, 1m)"), LatePolicy::revise, 0);
  send(10, 10);
  send(20, 20);
  send(20, 8);
  send(20, 12);
  tick(20);
  EXPECT_THAT(results(), ElementsAre(R"(10-13 {"k":1,"n":1})", R"(10-13 r1 {"k":1,"n":2})",
                                     R"(10-15 r2 {"k":1,"n":3})"));
}

TEST_F(LateMessages, OfOneSourceDoNotWaitForAnother) {
  follow(counted("Tumbling(10s)", "OVER $body.k"), LatePolicy::drop, 0);
  send(1000, 1000, R"("k":1)");
  send(1001, 5, R"("k":2)");
  send(1001, 12, R"("k":2)");
  tick(1001);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":2,"n":1})"));
  EXPECT_EQ(counts().late, 0);
}

TEST_F(LateMessages, CloseAGroupOnlyWhenAllItsSourcesHaveComeSoFar) {
  follow(counted("Tumbling(10s)", "OVER $body.d"), LatePolicy::drop, 0);
  send(1, 1, R"("k":1,"d":"a")");
  send(2, 2, R"("k":1,"d":"b")");
  send(30, 30, R"("k":1,"d":"a")");
  tick(30);
  EXPECT_THAT(results(), IsEmpty());
  send(31, 9, R"("k":1,"d":"b")");
  send(32, 31, R"("k":1,"d":"b")");
  tick(32);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":3})"));
}

TEST_F(LateMessages, AreNotWaitedForFromAnIdleSource) {
  follow(counted("Tumbling(10s)", "OVER $body.d"), LatePolicy::drop, 0);
  send(1, 1, R"("k":1,"d":"a")");
  EXPECT_EQ(course_->computation().due_ms(), kBegin + 61 * kSecond);
  tick(60);
  EXPECT_THAT(results(), IsEmpty());
  tick(61);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":1})"));
}

// Idleness fires windows; late is what comes for a window that it fired.
TEST_F(LateMessages, AreOnlyThoseOfClosedWindowsWhenAnIdleSourceReturns) {
  follow(counted("Tumbling(10s)"), LatePolicy::drop, 0);
  send(1, 1);
  send(100, 50);
  EXPECT_EQ(counts().late, 0);
  send(101, 5);
  EXPECT_EQ(counts().late_dropped, 1);
  tick(300);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":1})", R"(50-60 {"k":1,"n":1})"));
}

// A device that stores what it measures while it has no link.
class Backlog : public LateMessages {
 protected:
  // The device gives the first minute, and then has no link until `at_s`.
  void lose_link_until(int64_t at_s) {
    send(1, 1, R"("k":1,"d":"a")");
    tick(at_s);
    EXPECT_THAT(results(), ElementsAre(R"(0-60 {"k":1,"n":1})"));
  }
  // Minutes from 12:00 on, two messages each, all at the same time.
  void send_backlog(int64_t at_s, int minutes, bool restarts = false) {
    for (int64_t time_s = 70; time_s < 60 * (minutes + 1); time_s += 30) {
      send(at_s, time_s, R"("k":1,"d":"a")");
      if (!restarts) continue;
      course_->save();
      course_->restart(static_cast<uint32_t>(time_s));
    }
  }
  void lose_links(uint32_t seed);
  static std::vector<std::string> minutes_once(int minutes) {
    std::vector<std::string> all;
    for (int64_t start = 60; start <= 60 * minutes; start += 60)
      all.push_back(std::to_string(start) + "-" + std::to_string(start + 60) + R"( {"k":1,"n":2})");
    return all;
  }
};

TEST_F(Backlog, GivesEachWindowOnce) {
  follow(counted("Tumbling(1m)", "OVER $body.d"), LatePolicy::revise, 0);
  lose_link_until(1500);
  send_backlog(1500, 12);
  tick(1700);
  EXPECT_EQ(results(), minutes_once(12));
  EXPECT_EQ(counts().late, 0);
}

TEST_F(Backlog, IsNoDeadLetterHoweverOldItIs) {
  for (const LatePolicy policy : {LatePolicy::revise, LatePolicy::dead_letter, LatePolicy::adjust}) {
    follow(counted("Tumbling(1m)", "OVER $body.k"), policy, 0, 600);
    lose_link_until(90'000);
    EXPECT_EQ(course_->computation().groups(), 0);
    send_backlog(90'000, 12);
    tick(100'000);
    EXPECT_EQ(results(), minutes_once(12));
    EXPECT_EQ(counts().late, 0);
  }
}

TEST_F(Backlog, RevisesTheHalfWindowThatIdlenessClosed) {
  follow(counted("Tumbling(1m)", "OVER $body.k"), LatePolicy::revise);
  lose_link_until(1500);
  send(1500, 30);
  send(1501, 31);
  send_backlog(1502, 2);
  tick(1700);
  EXPECT_THAT(results(),
              ElementsAre(R"(60-120 {"k":1,"n":2})", R"(0-60 r1 {"k":1,"n":3})", R"(120-180 {"k":1,"n":2})"));
  EXPECT_EQ(counts().late, 2);
}

TEST_F(Backlog, GivesNoWindowAnewThatWasForgotten) {
  for (const char* over : {"OVER $body.k", "OVER $body.d", ""}) {
    follow(counted("Tumbling(1m)", over), LatePolicy::revise, 0, 600);
    lose_link_until(90'000);
    course_->save();
    course_->restart();
    send(90'000, 30, R"("k":1,"d":"a")");
    EXPECT_TRUE(course_->dead_letter()) << over;
    EXPECT_EQ(counts().late_dropped, 1);
    send_backlog(90'000, 3);
    EXPECT_FALSE(course_->dead_letter()) << over;
    tick(100'000);
    EXPECT_EQ(results(), minutes_once(3)) << over;
  }
}

TEST_F(Backlog, OutlivesARestartAfterEachOfItsMessages) {
  for (const char* over : {"OVER $body.k", "OVER $body.d"}) {
    follow(counted("Tumbling(1m)", over), LatePolicy::revise, 0, 600);
    lose_link_until(90'000);
    send_backlog(90'000, 12, true);
    tick(100'000);
    EXPECT_EQ(results(), minutes_once(12));
  }
}

TEST_F(Backlog, OfASourceThatSharesItsGroupIsLateForWhatTheOthersGave) {
  follow(counted("Tumbling(1m)", "OVER $body.d"), LatePolicy::drop, 0);
  send(1, 1, R"("k":1,"d":"a")");
  send(1, 1, R"("k":1,"d":"b")");
  for (int64_t time = 30; time <= 300; time += 30) send(time, time, R"("k":1,"d":"b")");
  tick(300);
  EXPECT_EQ(results().size(), 5);  // until 300
  send(301, 200, R"("k":1,"d":"a")");
  EXPECT_EQ(counts().late_dropped, 1);
  send(301, 301, R"("k":1,"d":"a")");
  EXPECT_EQ(counts().late_dropped, 1);
}

// Sources that lose their link for up to ten minutes each, again and again; restarts at random.
void Backlog::lose_links(uint32_t seed) {
  std::mt19937 random(seed);
  std::array<int64_t, 3> linked_s{};
  std::array<std::vector<int64_t>, 3> kept;
  for (int64_t now = 1; now < 3600; now += 7) {
    const size_t device = random() % 3;
    if (random() % 20 == 0) linked_s[device] = now + static_cast<int64_t>(random() % 600);
    kept[device].push_back(now - static_cast<int64_t>(random() % 5));
    if (now < linked_s[device]) continue;
    for (const int64_t time : std::exchange(kept[device], {})) {
      const std::string group = std::to_string(random() % 5 == 0 ? 9 : device);
      send(now, time, R"("k":)" + group + R"(,"d":)" + std::to_string(device));
    }
    if (random() % 4 != 0) continue;
    tick(now + 3);
    course_->save();
    course_->restart(static_cast<uint32_t>(random()));
  }
  tick(20'000);
}

TEST_F(Backlog, GivesNoRevisionOfAWindowTwice) {
  for (const char* window : {"Tumbling(30s)", "Hopping(40s, 10s)", "Session(20s, 1m)"}) {
    for (const char* over : {"OVER $body.k", "OVER $body.d", ""}) {
      for (uint32_t seed = 0; seed < 12; ++seed) {
        const auto policy = std::array{LatePolicy::revise, LatePolicy::drop, LatePolicy::adjust}[seed % 3];
        follow(counted(window, over), policy, seed % 7, 20 + seed % 4 * 100);
        lose_links(seed);
        std::map<std::string, int> next;
        for (const std::string& result : results()) {
          const std::string name = result.substr(0, result.find('-', 1)) + result.substr(result.find('{'), 7);
          const size_t rev = result.find(" r");
          const int given = rev == std::string::npos ? 0 : std::stoi(result.substr(rev + 2));
          EXPECT_EQ(given, next[name]++) << result << " " << window << " " << over << " " << seed;
        }
      }
    }
  }
}

TEST_F(Backlog, OfASessionBeginsAnewBehindTheOneThatWasForgotten) {
  follow(counted("Session(20s, 1h)", "OVER $body.k"), LatePolicy::revise, 0, 600);
  send(1, 1);
  tick(90'000);
  EXPECT_THAT(results(), ElementsAre(R"(1-21 {"k":1,"n":1})"));
  send(90'000, 15);
  EXPECT_TRUE(course_->dead_letter());
  for (const int64_t time : {30, 40, 50, 200, 210}) send(90'000, time);
  tick(100'000);
  EXPECT_THAT(results(), ElementsAre(R"(30-70 {"k":1,"n":3})", R"(200-230 {"k":1,"n":2})"));
  EXPECT_EQ(counts().late, 1);
}

TEST_F(LateMessages, CountInTheirLotAndStretchItsWindow) {
  follow(counted("Count(4, 2)"), LatePolicy::drop, 0);
  for (const int64_t time : {100, 130, 90, 105, 110, 101}) send(200, time);
  EXPECT_THAT(results(), ElementsAre(R"(90-130 {"k":1,"n":4})", R"(90-110 r1 {"k":1,"n":4})"));
}

TEST_F(LateMessages, MayBeEarlyToo) {
  follow(counted("Tumbling(10s)"), LatePolicy::drop, 0);
  send(1, 301);
  EXPECT_EQ(counts().early, 0);
  send(2, 303);
  EXPECT_EQ(counts().early, 1);
  course_->send(kBegin + 3000, R"({"k":1,"ts":"9999-12-31T23:59:59Z"})");
  EXPECT_EQ(counts().early, 2);
}

TEST_F(LateMessages, HaveTheTimeOfTheirArrivalIfTheyHaveNone) {
  follow(counted("Tumbling(10s)"), LatePolicy::drop, 0);
  for (const char* body :
       {R"({"k":1})", R"({"k":1,"ts":"soon"})", R"({"k":1,"ts":null})", R"({"k":1,"ts":[1]})"})
    course_->send(kBegin, body);
  tick(300);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":4})"));
  EXPECT_EQ(counts().type_errors, 4);
}

TEST_F(LateMessages, DoNotCloseGroupsWhoseSourceWasForgotten) {
  Plan plan(counted("Tumbling(10s)", "OVER $body.d"));
  plan.late(LatePolicy::drop, 0).limits().groups_max = 2;
  plan.limits().idle_ms = kMinute;
  course_ = std::make_unique<Course>(plan);
  send(1, 1, R"("k":1,"d":"a")");
  send(2, 2, R"("k":1,"d":"b")");
  send(3, 3, R"("k":1,"d":"c")");
  send(4, 4, R"("k":1,"d":"d")");
  tick(300);
  EXPECT_THAT(results(), ElementsAre(R"(0-10 {"k":1,"n":4})"));
}

TEST_F(LateMessages, OfASlowerSourceDoNotGiveASessionASecondTime) {
  follow(counted("Session(3s, 1m)", "OVER $body.d"), LatePolicy::drop, 0);
  send(1, 1, R"("k":1,"d":"a")");
  send(20, 20, R"("k":1,"d":"a")");
  tick(20);
  EXPECT_THAT(results(), ElementsAre(R"(1-4 {"k":1,"n":1})"));
  send(21, 1, R"("k":1,"d":"b")");
  send(21, 2, R"("k":1,"d":"b")");
  send(21, 21, R"("k":1,"d":"b")");
  tick(200);
  EXPECT_THAT(results(), ElementsAre(R"(20-24 {"k":1,"n":2})"));
  EXPECT_EQ(counts().late_dropped, 2);
}

}  // namespace
}  // namespace headgate::routing
