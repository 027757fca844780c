// Batches in columns, made by hand from docs/batch-format.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/tools/unbatch/batches.h"
#include "tools/unbatch/columns/batch.h"
#include "tools/unbatch/frame_splitter.h"

namespace headgate::tools::columns {
namespace {

using ::testing::HasSubstr;
using std::string_literals::operator""s;

std::string u32(size_t number) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(number >> shift);
  return bytes;
}

// A batch of what stands under "m", and data.
std::string content(const std::string& messages, const std::string& data) {
  const std::string head = R"({"v":1,"hub":"h","ep":"e","m":)" + messages + "}";
  return "HGC1" + u32(head.size()) + u32(data.size()) + head + data;
}

std::string rows(const std::string& content) {
  const auto read = as_rows(content, 100000);
  return read ? *read : "! " + read.error().what;
}

// Three rows of one column.
std::string three(const std::string& column, const std::string& texts, const std::string& planes = "",
                  const std::string& bits = "") {
  const std::string pattern = "\"k\":\"t\",\"b\":\x01\0"s;
  return content(R"({"n":3,"i":[-1,1,-1,6,1],"t":[-1,1,-1,1000,0],"shapes":1,"columns":[)" + column +
                     R"(],"bytes":[)" + std::to_string(pattern.size() + texts.size()) + "," +
                     std::to_string(planes.size()) + "]}",
                 pattern + texts + planes + bits);
}

// Values of the three.
std::string values(const std::string& first, const std::string& second, const std::string& third) {
  return R"({"v":1,"hub":"h","ep":"e","m":[{"i":7,"t":1000,"k":"t","b":)" + first +
         R"(},{"i":8,"t":1000,"k":"t","b":)" + second + R"(},{"i":9,"t":1000,"k":"t","b":)" + third + "}]}";
}

TEST(Columns, HoldConstantsStringsAndWords) {
  EXPECT_EQ(rows(three(R"(["c"])", "true\0"s)), values("true", "true", "true"));
  EXPECT_EQ(rows(three(R"(["s"])", "1\0002\000null\0"s)), values("1", "2", "null"));
  EXPECT_EQ(rows(three(R"(["w",2])", "on\0off\0\1\0\1"s)), values("off", "on", "off"));
}

TEST(Columns, HoldDecimalsWithTheirZeros) {
  EXPECT_EQ(rows(three(R"(["d",2,0,[-1,1,-1,-50,75]])", "")), values("0.25", "1", "1.75"));
  EXPECT_EQ(rows(three(R"(["d",2,1,[-1,1,-1,25,-75]])", "")), values("-0.5", "-1.25", "-2.0"));
  EXPECT_EQ(rows(three(R"(["d",0,0,[-1,0,-1,0,"9007199254740993"]])", "")),
            values("9007199254740993", "9007199254740993", "9007199254740993"));
}

TEST(Columns, HoldTimes) {
  EXPECT_EQ(rows(three(R"(["t",3,"T","Z",[-1,2,-1,"1786999800249",1]])", "")),
            values("2026-08-17T20:50:00.250Z", "2026-08-17T20:50:00.251Z", "2026-08-17T20:50:00.253Z"));
  EXPECT_EQ(rows(three(R"(["t",0," ","",[-1,0,-1,0,951782400]])", "")),
            values("2000-02-29 00:00:00", "2000-02-29 00:00:00", "2000-02-29 00:00:00"));
}

TEST(Columns, PutPlanesAndBitsTogether) {
  // Rests 6, 1 and 9 above a base of 100: the upper part of each a byte, two bits below.
  EXPECT_EQ(rows(three(R"(["d",0,0,[2,0,-1,0,100]])", "", "\1\0\2"s, "\x16")), values("103", "99", "95"));
  EXPECT_EQ(rows(three(R"(["d",0,0,[0,0,-1,0,0]])", "", "\2\xFF\4"s, "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF")),
            values("1", "9223372036854775807", "2"));
}

TEST(Columns, KeepValuesThatAreNoNumbers) {
  EXPECT_EQ(rows(three(R"(["d",0,0,[-1,1,-1,0,1],1])", "null\0"s)), values("1", "null", "3"));
}

TEST(Columns, AreRefusedWithWhatIsWrong) {
  const std::string good = three(R"(["s"])", "1\0002\0003\0"s);
  for (size_t bytes = 4; bytes < good.size(); ++bytes)
    EXPECT_THAT(rows(good.substr(0, bytes)), HasSubstr("! columns: "));
  for (const auto& [column, texts] :
       std::vector<std::pair<std::string, std::string>>{{R"(["s"])", "1\0002\0"s},
                                                        {R"(["q"])", "1\0"s},
                                                        {R"([])", ""},
                                                        {"7", ""},
                                                        {R"(["w",2])", "on\0off\0\1\0\2"s},
                                                        {R"(["w",4])", "a\0b\0c\0d\0\0\0\0"s},
                                                        {R"(["d",19,0,[-1,0,-1,0,1]])", ""},
                                                        {R"(["d",2,3,[-1,0,-1,0,1]])", ""},
                                                        {R"(["d",2,0])", ""},
                                                        {R"(["d",2,0,[-1,0,-1,0]])", ""},
                                                        {R"(["d",2,0,[57,0,-1,0,1]])", ""},
                                                        {R"(["d",2,0,[-1,3,-1,0,1]])", ""},
                                                        {R"(["d",2,0,[-1,0,0,0,1]])", ""},
                                                        {R"(["d",2,0,[0,0,-1,0,1]])", ""},
                                                        {R"(["d",2,0,[-1,0,-1,0,1.5]])", ""},
                                                        {R"(["d",2,0,[-1,0,-1,0,"1x"]])", ""},
                                                        {R"(["d",2,0,[-1,0,-1,0,18446744073709551615]])", ""},
                                                        {R"(["d",2,0,[-1,0,-1,0,1],3])", "x\0"s},
                                                        {R"(["t",3,"T","Z",[-1,0,-1,0,-1]])", ""},
                                                        {R"(["t",10,"T","Z",[-1,0,-1,0,1]])", ""},
                                                        {R"(["c"],["c"])", "a\0b\0"s},
                                                        {R"(["c"])", "a\0b\0"s}})
    EXPECT_THAT(rows(three(column, texts)), HasSubstr("! columns: ")) << column;
}

TEST(Columns, AreNotBelievedWhatWouldFillTheMemory) {
  EXPECT_THAT(
      rows(content(
          R"({"n":2000000,"i":[-1,1,-1,6,1],"t":[-1,1,-1,1,0],"shapes":1,"columns":[["c"]],"bytes":[4,0]})",
          "\x01\0a\0"s)),
      HasSubstr("too many"));
  EXPECT_THAT(
      rows(content(
          R"({"n":100000,"i":[-1,1,-1,6,1],"t":[-1,1,-1,1,0],"shapes":1,"columns":[["c"]],"bytes":[4,0]})",
          "\x01\0a\0"s)),
      HasSubstr("more than 100000 bytes"));
}

TEST(Columns, AreFoundInAStreamWithWhateverIsBeside) {
  const std::string plain = three(R"(["c"])", "1\0"s);
  FrameSplitter splitter;
  splitter.feed(plain + zstd_frame(plain) + "{\"v\":1}" + plain.substr(0, 30));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(*splitter.next(false)->json, values("1", "1", "1"));
  EXPECT_EQ(*splitter.next(false)->json, "{\"v\":1}");
  EXPECT_FALSE(splitter.next(false));
  EXPECT_THAT(splitter.next(true)->json.error().what, HasSubstr("cut short"));
}

}  // namespace
}  // namespace headgate::tools::columns
