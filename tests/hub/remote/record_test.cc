// What is on the disk comes back as it was, or is refused.
#include "hub/remote/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/remote/report.h"

namespace headgate::hub {
namespace {

using ::testing::HasSubstr;

Record full() {
  Record record;
  record.seen = 9;
  record.seen_digest = "ab";
  record.confirmed = KeptDocument{7, R"({"routes":{"a":"b"}})"};
  record.tried = KeptDocument{8, "{}"};
  record.tried_ms = 1234;
  record.since_ms = 99;
  record.twins = 7;
  record.last = Outcome{Outcome::Kind::refused, 9, 100, "why", {{"a", "why \"a\""}}};
  return record;
}

TEST(RemoteRecords, ComeBackAsTheyWere) {
  EXPECT_EQ(*Record::parse(Record().json()), Record());
  EXPECT_EQ(*Record::parse(full().json()), full());
  for (const auto kind : {Outcome::Kind::applied, Outcome::Kind::rolled_back, Outcome::Kind::forgotten}) {
    Record record;
    record.last = Outcome{kind, 1, 2, "", {}};
    EXPECT_EQ(*Record::parse(record.json()), record);
  }
}

TEST(RemoteRecords, OfHubsThatKnewNoTwinsAreRead) {
  std::string text = full().json();
  const std::string twins = "\"twins\": 7,";
  ASSERT_NE(text.find(twins), std::string::npos) << text;
  text.erase(text.find(twins), twins.size());
  EXPECT_EQ(Record::parse(text)->twins, 0u);
}

TEST(RemoteRecords, AreRefusedWholeIfAnythingIsMissing) {
  const std::string text = full().json();
  for (size_t size = 0; size + 2 < text.size(); ++size)
    EXPECT_FALSE(Record::parse(text.substr(0, size))) << size;
  EXPECT_THAT(Record::parse("{}").error().what, HasSubstr("cannot be read"));
  EXPECT_THAT(Record::parse(R"({"headgate-remote": 2})").error().what,
              HasSubstr("another version of the hub"));
}

TEST(RemoteReports, SayWhatIsInForceAndWhatBecameOfTheLast) {
  Report report{.hub = "h", .at_ms = 5, .record = full(), .routes = {}, .confirm_ms = 600'000, .trouble = {}};
  RouteInfo route;
  route.name = "a";
  route.active = true;
  report.routes = {route};
  EXPECT_EQ(
      to_json(report),
      R"({"v":1,"hub":"h","at":5,"state":"provisional","version":8,"since":99,"confirmed_version":7,)"
      R"("tried_s":1,"confirm_s":600,"seen_version":9,"last":{"version":9,"result":"refused","at":100,)"
      R"("why":"why","routes":[{"route":"a","why":"why \"a\""}]},"routes":[{"route":"a","state":"active"}]})");
  report.record = {};
  report.routes.clear();
  EXPECT_EQ(
      to_json(report),
      R"({"v":1,"hub":"h","at":5,"state":"none","version":0,"seen_version":0,"last":null,"routes":[]})");
}

TEST(RemoteReports, NameThoseRoutesFirstThatAreWrong) {
  Report report;
  report.routes.resize(kReportedRoutesMax + 5);
  report.routes.back().name = "bad";
  report.routes.back().error = "it is wrong";
  const std::string json = to_json(report);
  EXPECT_THAT(json, HasSubstr(R"("routes":[{"route":"bad","state":"left out","why":"it is wrong"})"));
}

}  // namespace
}  // namespace headgate::hub
