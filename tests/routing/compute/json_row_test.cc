#include "routing/compute/json_row.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

#include "core/text/json_string.h"
#include "routing/language/parse/parser.h"

namespace headgate::routing {
namespace {

constexpr Reading kStrict{Semantics::strict, BodyMode::auto_detect};

std::string number(double value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

std::string string(std::string_view value) {
  std::string out;
  core::append_json_string(out, value);
  return out;
}

Expression expression(std::string_view text) {
  Diagnostics found(text);
  Expression parsed = parse_condition(text, Semantics::strict, found);
  return parsed;
}

// Fields whose body members are also known as text.
class TextFields final : public Fields {
 public:
  [[nodiscard]] Value property(std::string_view name) const noexcept override {
    return name == "$body.own" ? Value::of(std::string_view("of the property")) : Value::undefined();
  }
  [[nodiscard]] Value system_property(std::string_view) noexcept override { return Value::undefined(); }
  [[nodiscard]] Value body(const BodyPath& path, BodyMode) noexcept override {
    return path.front().name == "n" ? Value::of(1.0) : Value::missing();
  }
  [[nodiscard]] std::string_view body_json(const BodyPath& path, BodyMode) noexcept override {
    if (path.front().name == "object") return R"({"a":[1,2]})";
    if (path.front().name == "n") return "1.00";
    return path.front().name == "own" ? "5" : "";
  }
};

std::string row_of(const std::vector<SelectItem>& items) {
  TextFields fields;
  Evaluator evaluator;
  std::string out;
  JsonRow row(out);
  add_items(row, items, evaluator, kStrict, fields);
  row.close();
  return out;
}

TEST(JsonRow, WritesIntegersWithoutPointOrExponent) {
  EXPECT_EQ(number(0), "0");
  EXPECT_EQ(number(-0.0), "0");
  EXPECT_EQ(number(100000), "100000");
  EXPECT_EQ(number(-9007199254740991), "-9007199254740991");
}

TEST(JsonRow, WritesTheFewestDigitsThatReadBackTheSame) {
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(71.25), "71.25");
  for (const double value : {1.0 / 3, 1e22, 5e-324, 1.7976931348623157e308, -1e-7})
    EXPECT_EQ(std::strtod(number(value).c_str(), nullptr), value) << number(value);
}

TEST(JsonRow, WritesInfinityAsNull) {
  EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(number(-std::numeric_limits<double>::infinity()), "null");
}

TEST(JsonRow, EscapesWhatAStringMayNotHold) {
  EXPECT_EQ(string("a\"b\\c\n\r\t\x01"), R"("a\"b\\c\n\r\t\u0001")");
  EXPECT_EQ(string(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(string("Größe"), "\"Größe\"");
}

TEST(JsonRow, EscapesTheNamesOfMembers) {
  std::string out;
  JsonRow row(out);
  row.add("a\"b", Value::of(true));
  row.close();
  EXPECT_EQ(out, R"({"a\"b":true})");
}

TEST(JsonRow, LeavesUndefinedOutAndKeepsNull) {
  std::string out;
  JsonRow row(out);
  row.add("undefined", Value::undefined());
  row.add("missing", Value::missing());
  row.add("null", Value::null());
  row.add("json", Value{.kind = Value::Kind::json, .text = "[1]"});
  row.close();
  EXPECT_EQ(out, R"({"null":null,"json":[1]})");
}

TEST(JsonRow, TakesObjectsAndANumbersOwnDigitsFromABodyPathAlone) {
  EXPECT_EQ(row_of({{"o", expression("$body.object")}, {"n", expression("$body.n")}}),
            R"({"o":{"a":[1,2]},"n":1.00})");
}

TEST(JsonRow, ComputesAnItemThatIsMoreThanABodyPath) {
  EXPECT_EQ(row_of({{"n", expression("$body.n + 1")}, {"o", expression("$body.object")}}),
            R"({"n":2,"o":{"a":[1,2]}})");
}

TEST(JsonRow, LetsAPropertyOfThatVeryNameWinOverTheBody) {
  EXPECT_EQ(row_of({{"own", expression("$body.own")}}), R"({"own":"of the property"})");
}

}  // namespace
}  // namespace headgate::routing
