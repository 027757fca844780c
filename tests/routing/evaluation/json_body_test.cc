#include "routing/evaluation/json_body.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "routing/evaluation/json_number.h"

namespace headgate::routing {
namespace {

class JsonBodies : public ::testing::Test {
 protected:
  bool reads(std::string_view text) { return body_.parse(text, TextEncoding::utf8); }
  Value at(std::string_view path) { return body_.find(*parse_body_path(path)); }
  std::string written(std::string_view path) { return std::string(body_.find_json(*parse_body_path(path))); }

  JsonBody body_;
};

TEST_F(JsonBodies, TakesAnIntegerBeyond64BitsForADouble) {
  ASSERT_TRUE(reads(
      R"({"id":12345678901234567890123,"low":-9223372036854775809,"t":21.5,"n":[1,18446744073709551616]})"));
  EXPECT_EQ(at("id").number, 12345678901234567890123.0);
  EXPECT_EQ(at("low").number, -9223372036854775809.0);
  EXPECT_EQ(at("t").number, 21.5);
  EXPECT_EQ(at("n[0]").number, 1);
  EXPECT_EQ(at("n[1]").number, 18446744073709551616.0);
}

TEST_F(JsonBodies, TakesANumberBeyondADoubleForInfinity) {
  ASSERT_TRUE(reads(R"({"up":1e400,"down":-1e400,"next":1e-400,"zeros":0.0001e400,"t":21.5,"o":{"up":5}})"));
  EXPECT_EQ(at("up").number, INFINITY);
  EXPECT_EQ(at("down").number, -INFINITY);
  EXPECT_EQ(at("next").number, 0);
  EXPECT_EQ(at("zeros").number, INFINITY);
  EXPECT_EQ(at("t").number, 21.5);
  EXPECT_EQ(at("o.up").number, 5);
}

TEST_F(JsonBodies, LeavesDigitsInTextsAlone) {
  ASSERT_TRUE(reads(R"({"99999999999999999999":"99999999999999999999 \" 1e400","n":99999999999999999999})"));
  EXPECT_EQ(at("99999999999999999999").text, "99999999999999999999 \" 1e400");
  EXPECT_EQ(at("n").number, 1e20);
}

TEST_F(JsonBodies, IsNoJsonWithANumberThatIsNone) {
  for (const char* number :
       {"01", "1.", ".5", "+1", "1e", "-", "0x1F", "1e400x", "99999999999999999999.", "NaN"}) {
    EXPECT_FALSE(reads(R"({"a":)" + std::string(number) + "}")) << number;
    EXPECT_FALSE(reads(R"({"large":99999999999999999999,"a":)" + std::string(number) + "}")) << number;
  }
  EXPECT_EQ((reads(R"({"a":01})"), body_.problem()), "has a number that is no JSON, such as 01 or 1.");
}

TEST_F(JsonBodies, TakesHalfASurrogatePairForTheReplacementCharacter) {
  ASSERT_TRUE(reads(
      R"({"a":"x\ud800","b":"\udc00y","c":"\ud83d\ude00","d":"\ud800\ud83d\ude00","e":"\\ud800","\ud800":1})"));
  EXPECT_EQ(at("a").text, "x\uFFFD");
  EXPECT_EQ(at("b").text, "\uFFFDy");
  EXPECT_EQ(at("c").text, "\U0001F600");
  EXPECT_EQ(at("d").text, "\uFFFD\U0001F600");
  EXPECT_EQ(at("e").text, "\\ud800");
  EXPECT_EQ(written("a"), R"("x\ufffd")");
  EXPECT_EQ(at("\uFFFD").number, 1);
}

TEST_F(JsonBodies, BearsHalfASurrogatePairBesideALargeNumber) {
  ASSERT_TRUE(reads(R"({"a":99999999999999999999,"b":"\udfff"})"));
  EXPECT_EQ(at("a").number, 1e20);
  EXPECT_EQ(at("b").text, "\uFFFD");
  ASSERT_TRUE(reads(R"({"b":"\udfff","a":99999999999999999999})"));
  EXPECT_EQ(at("b").text, "\uFFFD");
  EXPECT_EQ(at("a").number, 1e20);
}

TEST_F(JsonBodies, IsNoJsonWithAnEscapeThatIsNone) {
  for (const char* text : {R"("\ud8zz")", R"("\ud80")", R"("\u")", R"("\x")", R"("\ud800\)"})
    EXPECT_FALSE(reads(R"({"a":)" + std::string(text) + "}")) << text;
}

TEST_F(JsonBodies, ReadsAThousandLevelsAndRefusesMore) {
  const auto nested = [](size_t levels) {
    return R"({"t":1,"deep":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  ASSERT_TRUE(reads(nested(1000)));
  EXPECT_EQ(at("t").number, 1);
  EXPECT_EQ(written("deep").size(), 2000U);
  EXPECT_FALSE(reads(nested(2000)));
  EXPECT_EQ(body_.problem(), "is nested too deeply");
}

TEST_F(JsonBodies, CountsTheLastOfEqualNames) {
  ASSERT_TRUE(reads(R"({"a":{"x":1},"a":{"y":2},"\u0062":3,"b":4,"l":[1],"l":[5,6]})"));
  EXPECT_TRUE(at("a.x").is(Value::Kind::missing));
  EXPECT_EQ(written("a.x"), "");
  EXPECT_EQ(written("a"), R"({"y":2})");
  EXPECT_EQ(written("b"), "4");
  EXPECT_EQ(written("l[1]"), "6");
  EXPECT_EQ(at("l[1]").number, 6);
}

TEST_F(JsonBodies, WritesValuesAsTheyCame) {
  ASSERT_TRUE(
      reads("{\"a\": 21.10 , \"b\":1E+3,\"c\":-0,\"o\": { \"x\" : [1.0, \"a b\\/\"] },\n"
            "\"id\":12345678901234567890123,\"t\":true,\"s\":\"\\u00e9,}\"}"));
  EXPECT_EQ(written("a"), "21.10");
  EXPECT_EQ(written("b"), "1E+3");
  EXPECT_EQ(written("c"), "-0");
  EXPECT_EQ(written("o"), R"({"x":[1.0,"a b\/"]})");
  EXPECT_EQ(written("o.x[0]"), "1.0");
  EXPECT_EQ(written("o.x[2]"), "");
  EXPECT_EQ(written("o.x.y"), "");
  EXPECT_EQ(written("id"), "12345678901234567890123");
  EXPECT_EQ(written("t"), "true");
  EXPECT_EQ(written("s"), R"("\u00e9,}")");
}

TEST_F(JsonBodies, WritesTheValueAtItsPathWhereverItsNameStandsToo) {
  ASSERT_TRUE(reads(R"({"t":"v","x":{"v":1.10},"list":[{"v":2.20}],"v" : 3.30})"));
  EXPECT_EQ(written("v"), "3.30");
  EXPECT_EQ(written("x.v"), "1.10");
  EXPECT_EQ(written("list[0].v"), "2.20");
  EXPECT_EQ(written("list.v"), "");
  ASSERT_TRUE(reads(R"({"x":{"only":1.10},"t":"only","u":"onlyly"})"));
  EXPECT_EQ(written("x.only"), "1.10");
  EXPECT_EQ(written("only"), "");
  ASSERT_TRUE(reads(R"({"x":{"\u0076":1.10},"s":"\"v\":5"})"));
  EXPECT_EQ(written("x.v"), "1.10");
  ASSERT_TRUE(reads(R"({"a":{"v":1.0},"a":{"w":{"v":2.0}}})"));
  EXPECT_EQ(written("a.v"), "");
  EXPECT_EQ(written("a.w.v"), "2.0");
  ASSERT_TRUE(reads(R"({"":1.0,"v":[1.0,{"w":"}"}]})"));
  EXPECT_EQ(written("v"), R"([1.0,{"w":"}"}])");
  EXPECT_EQ(written("v[1]"), R"({"w":"}"})");
}

TEST_F(JsonBodies, KeepsTheTextOfANumberThatIsAllOfIt) {
  EXPECT_FALSE(reads(" 21.10\n"));
  EXPECT_EQ(body_.scalar().number, 21.1);
  EXPECT_EQ(body_.scalar().text, "21.10");
  EXPECT_FALSE(reads("99999999999999999999"));
  EXPECT_EQ(body_.scalar().number, 1e20);
  EXPECT_FALSE(reads("1e400"));
  EXPECT_EQ(body_.scalar().number, INFINITY);
  EXPECT_FALSE(reads("007"));
  EXPECT_EQ(body_.scalar().text, "007");
  EXPECT_TRUE(body_.scalar().is(Value::Kind::string));
}

TEST(JsonNumber, TellsLargeFromSmall) {
  EXPECT_EQ(read_json_number("0." + std::string(400, '0') + "1e5"), 0);
  EXPECT_EQ(read_json_number("0." + std::string(400, '0') + "1e800"), INFINITY);
  EXPECT_EQ(read_json_number(std::string(400, '9') + "e-800"), 0);
  EXPECT_EQ(read_json_number("-" + std::string(400, '9')), -INFINITY);
  EXPECT_EQ(read_json_number("1e99999999999999999999"), INFINITY);
  EXPECT_EQ(read_json_number("1e-99999999999999999999"), 0);
}

}  // namespace
}  // namespace headgate::routing
