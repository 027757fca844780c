#include "upstream/payload/columns/sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <random>

#include "tests/support/batches/rows_of.h"

namespace headgate::upstream::columns {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Columns : public ::testing::Test {
 protected:
  // Packs rows with one body each, checks that they come back, and returns the head.
  std::string pack(size_t rows, const std::function<std::string(size_t row)>& body) {
    sheet_.clear();
    std::string expected = "{\"v\":1,\"m\":[";
    for (size_t row = 0; row < rows; ++row) {
      const std::string members = "\"k\":\"plant/t\",\"b\":" + body(row);
      const int64_t arrived_ms = 1786999800000 + static_cast<int64_t>(row / 3);
      sheet_.add(100 + row, arrived_ms, members);
      if (row > 0) expected += ',';
      expected += "{\"i\":" + std::to_string(100 + row) + ",\"t\":" + std::to_string(arrived_ms) + "," +
                  members + "}";
    }
    const Packed packed = sheet_.pack("{\"v\":1");
    EXPECT_EQ(testing::rows_of_columns(packed.content), expected + "]}");
    bytes_ = packed.content.size();
    return std::string(packed.content.substr(kPreambleBytes, packed.content.find('\0', kPreambleBytes)));
  }

  Sheet sheet_;
  size_t bytes_ = 0;
};

TEST_F(Columns, SayOnceWhatAllRowsShare) {
  pack(1000, [](size_t) { return std::string(R"({"machine":{"id":"press-07"},"status":"running"})"); });
  EXPECT_LT(bytes_, 1300u);  // of the 1,000 the steps of time that are no even ones
}

TEST_F(Columns, KeepEvenStepsInTheHeadAlone) {
  const std::string head = pack(100, [](size_t row) { return std::to_string(row * 25); });
  EXPECT_THAT(head, HasSubstr("[\"d\",0,0,[-1,1,-1,-25,25]]"));
}

TEST_F(Columns, AreWrittenAsTheirDocumentShows) {
  const char* values[] = {"0.5", "0.75", "1", "1.25", "1.5", "1.75", "2", "2.25"};
  for (size_t row = 0; row < 8; ++row) {
    const std::string members = std::string(R"("k":"p/t","b":{"v":)") + values[row] + "}";
    sheet_.add(7 + row, 1786999800000 + static_cast<int64_t>(row) * 1000, members);
  }
  const Packed packed = sheet_.pack("{\"v\":1");
  std::ifstream file(HEADGATE_DOCS_DIR "/batch-format.md");
  const std::string document(std::istreambuf_iterator<char>(file), {});
  const std::string head(packed.content.substr(kPreambleBytes + 7, packed.cuts[0] - 24 - kPreambleBytes - 7));
  EXPECT_THAT(document, HasSubstr("\n" + head + "\n"));
}

TEST_F(Columns, TakeDecimalsOfOneFormAsIntegers) {
  const auto number = [](size_t row) { return std::to_string(row * 7919 % 8999 + 1000); };
  EXPECT_THAT(pack(100, [&](size_t row) { return "21." + number(row); }), HasSubstr("[\"d\",4,4,"));
  EXPECT_THAT(pack(100, [&](size_t row) { return number(row) + (row % 2 == 0 ? ".5" : ".125"); }),
              HasSubstr("[\"d\",3,1,"));
}

TEST_F(Columns, NameTheFewValuesThatAreNoNumbers) {
  const std::string head =
      pack(200, [](size_t row) { return row % 50 == 7 ? "null" : std::to_string(row * row % 97); });
  EXPECT_THAT(head, HasSubstr(",7,57,107,157]"));
  pack(200, [](size_t row) { return row < 3 ? "1e400" : std::to_string(row * row % 97); });
  pack(200, [](size_t row) { return row == 199 ? "-0" : std::to_string(row * row % 97); });
}

TEST_F(Columns, KeepNumbersOfManyFormsAsTheyCame) {
  const char* forms[] = {"1e5", "-0", "1.50", "7", "18446744073709551615", "0.10"};
  const std::string head = pack(60, [&](size_t row) { return std::string(forms[row % 6]); });
  EXPECT_THAT(head, Not(HasSubstr("\"d\"")));
}

TEST_F(Columns, TellAValueFromTheLastOneOfTheSameMachine) {
  std::minstd_rand random(1);
  int level[6] = {1000, 30000, 500000, 20, 77777, 4000000};
  const std::string head = pack(600, [&](size_t row) {
    const size_t machine = row % 6;
    level[machine] += static_cast<int>(random() % 21) - 10;
    return R"({"id":"m-)" + std::to_string(machine) + R"(","v":)" + std::to_string(level[machine]) + "}";
  });
  EXPECT_THAT(head, HasSubstr(",1,1,"));  // the last value, grouped by the column behind the topic's
}

TEST_F(Columns, SurviveValuesAtTheEndsOfTheirRange) {
  const char* ends[] = {"999999999999999999", "-999999999999999999", "0", "1"};
  std::minstd_rand random(5);
  for (int round = 0; round < 20; ++round) pack(64, [&](size_t) { return std::string(ends[random() % 4]); });
  pack(64,
       [&](size_t row) { return row == 40 ? std::string(ends[row % 2]) : std::to_string(row * row % 50); });
}

TEST_F(Columns, ReadTimesAsNumbers) {
  const std::string head = pack(59, [](size_t row) {
    return "\"2026-08-17T20:" + std::to_string(10 + row / 2) + ":00." + std::to_string(100 + row * 7) + "Z\"";
  });
  EXPECT_THAT(head, HasSubstr("[\"t\",3,\"T\",\"Z\","));
}

TEST_F(Columns, LeaveRowsThatAreLikeNoOthersAsTheyAre) {
  pack(40, [](size_t row) {
    if (row % 10 == 3) return "{\"only-" + std::to_string(row) + "\":[1,2,{}]}";
    return R"({"v":)" + std::to_string(row) + "}";
  });
  pack(9, [](size_t row) { return "{\"" + std::to_string(row) + "\":0}"; });
}

TEST_F(Columns, TakeMoreShapesThanTheyHaveRoomFor) {
  pack(3000,
       [](size_t row) { return "{\"s" + std::to_string(row % 600) + "\":" + std::to_string(row) + "}"; });
}

TEST_F(Columns, NumberManyWords) {
  pack(3000, [](size_t row) { return "\"word " + std::to_string(row * row % 701) + "\""; });
}

TEST_F(Columns, TakeRowsWithThousandsOfValues) {
  std::string numbers = "[0";
  for (int i = 1; i < 5000; ++i) numbers += "," + std::to_string(i);
  pack(8, [&](size_t row) { return numbers + "," + std::to_string(row) + "]"; });
}

TEST_F(Columns, HaveRoomForASingleRow) {
  pack(1, [](size_t) { return std::string("{\"v\":1}"); });
}

}  // namespace
}  // namespace headgate::upstream::columns
