// Groups of computing routes and their open windows, as people see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/routing/compute/support/course.h"

namespace headgate::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// `group [start,end) n closes`, with `-` for what is not known.
std::vector<std::string> shown(Course& course, size_t count = 100) {
  const auto text = [](const auto& number) { return number ? std::to_string(*number) : std::string("-"); };
  std::vector<std::string> all;
  for (const OpenWindow& one : course.computation().open_windows(count))
    all.push_back(one.function + one.group + " [" + text(one.start_ms) + "," + text(one.end_ms) + ") " +
                  text(one.messages) + " " + text(one.closes_ms));
  return all;
}

TEST(OpenWindows, OfTumblingWindowsCloseAtTheirEnd) {
  Course course(
      "SELECT count(*) AS n FROM /messages/* GROUP BY $body.k, $body.i, Tumbling(1m) INTO $upstream");
  EXPECT_THAT(shown(course), IsEmpty());
  course.send(61'000, R"({"k":"a","i":1})");
  course.send(62'000, R"({"k":"b \"c\""})");
  EXPECT_THAT(shown(course), ElementsAre(R"({"$body.k":"a","$body.i":1} [60000,120000) - 120000)",
                                         R"({"$body.k":"b \"c\"","$body.i":null} [60000,120000) - 120000)"));
  EXPECT_EQ(shown(course, 1).size(), 1u);
  course.advance(120'000);
  EXPECT_THAT(shown(course), IsEmpty());
}

TEST(OpenWindows, AreTheFirstOfThoseThatOverlap) {
  Course course("SELECT count(*) AS n FROM /messages/* GROUP BY Hopping(1m, 20s) INTO $upstream");
  course.send(65'000, "{}");
  EXPECT_THAT(shown(course), ElementsAre("{} [20000,80000) - 80000"));
  course.advance(80'000);
  EXPECT_THAT(shown(course), ElementsAre("{} [40000,100000) - 100000"));
}

TEST(OpenWindows, ByTheMessagesOwnTimesCloseAtNoKnownTime) {
  Course course(
      "SELECT count(*) AS n FROM /messages/* TIMESTAMP BY $body.ts GROUP BY Tumbling(1m) INTO $upstream");
  course.send(5'000, R"({"ts":1000})");
  EXPECT_THAT(shown(course), ElementsAre("{} [0,60000) - -"));
}

TEST(OpenWindows, OfSessionsEndTheGapBehindTheLastMessage) {
  Course course("SELECT count(*) AS n FROM /messages/* GROUP BY Session(30s, 10m) INTO $upstream");
  course.send(1'000, "{}");
  course.send(11'000, "{}");
  EXPECT_THAT(shown(course), ElementsAre("{} [1000,41000) - 41000"));
}

TEST(OpenWindows, ByCountSayHowManyMessagesTheyHave) {
  Course course("SELECT count(*) AS n FROM /messages/* GROUP BY Count(3) INTO $upstream");
  course.send(1'000, "{}");
  course.send(2'000, "{}");
  EXPECT_THAT(shown(course), ElementsAre("{} [1000,2000) 2 -"));
  course.send(3'000, "{}");
  EXPECT_THAT(shown(course), ElementsAre("{} [-,-) - -")) << "its group counts on, and has no window now";
}

TEST(OpenWindows, OfFunctionsAreTheirMemories) {
  Course course("FROM /messages/* WHERE changed($body.v) OVER ($body.k) INTO $upstream");
  course.send(1'000, R"({"k":"a","v":1})");
  EXPECT_THAT(shown(course), ElementsAre(R"(changed($body.v) OVER ($body.k){"$body.k":"a"} [-,-) - -)"));
  Course alone("FROM /messages/* WHERE changed($body.v) INTO $upstream");
  alone.send({1'000, R"({"v":1})", "press"});
  EXPECT_THAT(shown(alone), ElementsAre(R"(changed($body.v){"source":"press"} [-,-) - -)"));
}

TEST(OpenWindows, AreThereAfterARestart) {
  Course course("SELECT count(*) AS n FROM /messages/* GROUP BY $body.k, Tumbling(1m) INTO $upstream");
  course.send(61'000, R"({"k":"a"})");
  course.send(62'000, R"({"k":"b"})");
  const auto before = shown(course);
  course.save();
  course.restart();
  EXPECT_EQ(shown(course), before);
}

}  // namespace
}  // namespace headgate::routing
