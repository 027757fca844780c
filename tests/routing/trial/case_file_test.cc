#include "routing/trial/case_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "routing/trial/rows.h"

namespace headgate::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr std::string_view kFile = R"(# A requirement.

case first
route a: FROM 't'
  WHERE $body.v > 1
  INTO $upstream
with {"priority": 3}
route FROM 'u' INTO $null
in
{"topic":"t","body":{"v":2}}
out
an old row
another

# A note on the second.
case second
route FROM 't' INTO $upstream
in
out
)";

std::vector<RouteCase> cases_of(std::string_view text) {
  auto cases = parse_case_file(text, "f.rt");
  EXPECT_TRUE(cases.has_value()) << cases.error().what;
  return cases ? std::move(*cases) : std::vector<RouteCase>();
}

TEST(CaseFile, HoldsRoutesMessagesAndRows) {
  const auto cases = cases_of(kFile);
  ASSERT_THAT(cases, SizeIs(2));
  EXPECT_EQ(cases[0].name, "first");
  EXPECT_EQ(cases[0].line, 3u);
  ASSERT_THAT(cases[0].routes, SizeIs(2));
  EXPECT_EQ(cases[0].routes[0].name, "a");
  EXPECT_EQ(cases[0].routes[0].text, "FROM 't'\nWHERE $body.v > 1\nINTO $upstream");
  EXPECT_EQ(cases[0].routes[0].priority, 3);
  EXPECT_EQ(cases[0].routes[1].name, "r");
  EXPECT_THAT(cases[0].input, SizeIs(1));
  EXPECT_THAT(cases[0].expected, ElementsAre("an old row", "another"));
}

TEST(CaseFile, IsWrittenAnewWithOtherRowsAndItsNotes) {
  const auto cases = cases_of(kFile);
  const std::string text = with_rows(kFile, cases, {run_sample(cases[0].routes, cases[0].input), {"x"}});
  EXPECT_EQ(text.substr(text.find("out\n")), R"(out
{"route":"a","at_ms":0,"to":"$upstream","topic":"t","body":{"v":2}}

# A note on the second.
case second
route FROM 't' INTO $upstream
in
out
x
)");
}

TEST(CaseFile, SaysWhichLineIsWrong) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"route x\n", "f.rt:1: expected `case NAME`"},
      {"case\n", "f.rt:1: the case has no name"},
      {"case a\nroutes x\n", "f.rt:2: expected `route`, `with`, `schema`, `table`, `in` or `out`"},
      {"case a\nwith {}\n", "f.rt:2: expected a JSON object behind `with`, and a route before it"},
      {"case a\nroute x\nroute y\n", "f.rt:3: another route has this name"},
      {"case a\nroute x\nin\n\n{]\n", "f.rt:5: column 2: "},
      {"", "f.rt:1: there is no case in it"},
      {"# a note\n", "f.rt:1: there is no case in it"},
      {"case a\nin\n", "f.rt:1: the case has no route"},
      {"case a\nroute x\nout\n", "f.rt:1: the case has no messages"},
      {"case a\nroute x\nin\nin\n", "f.rt:4: the case has one of these already, in line 3"},
      {"case a\nroute x\nin\nout\nout\n", "f.rt:5: the case has one of these already, in line 4"},
      {"case a\nroute x\nwith {\"route\": 5}\n  y\n", "f.rt:3: the text of a route stands behind `route`"},
      {"case a\nroute \xFF\nin\n", "f.rt:2: the line is no text in UTF-8"},
      {"\xFF\xFE"
       "c",
       "f.rt:1: it is UTF-16: save it as UTF-8"},
      {"case a\nroute x\nin\n{\"at\": 9223372036854775807}\n", "f.rt:4: the time is beyond the year 9999"},
      {"case a\nroute x\nwith {\"late\": 1}\nin\n",
       "f.rt:1: f.rt: routes.r.late: is 1; allowed: an object with"}};
  for (const auto& [text, what] : table) {
    const auto cases = parse_case_file(text, "f.rt");
    ASSERT_FALSE(cases.has_value()) << text;
    EXPECT_THAT(cases.error().what, ::testing::StartsWith(what));
  }
}

TEST(CaseFile, MayHaveAByteOrderMarkAndCarriageReturns) {
  const auto cases = cases_of(
      "\xEF\xBB\xBF"
      "case a\r\nroute FROM 't'\r\n  INTO $upstream\r\nin\r\n{\"topic\":\"t\"}\r\nout\r\nrow\r\n");
  ASSERT_THAT(cases, SizeIs(1));
  EXPECT_EQ(cases[0].name, "a");
  EXPECT_EQ(cases[0].routes[0].text, "FROM 't'\nINTO $upstream");
  EXPECT_THAT(cases[0].input, SizeIs(1));
  EXPECT_THAT(cases[0].expected, ElementsAre("row"));
}

TEST(Difference, ShowsTheLinesThatAreOtherwise) {
  EXPECT_EQ(difference({"a", "b", "c"}, {"a", "b", "c"}), "");
  EXPECT_EQ(difference({"a", "b", "c"}, {"a", "x", "y", "c"}), "- b\n+ x\n+ y\n");
  EXPECT_EQ(difference({"a"}, {"a", "a"}), "+ a\n");
  EXPECT_EQ(difference({"a"}, {}), "- a\n");
}

}  // namespace
}  // namespace headgate::routing
