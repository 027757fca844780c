#include "tools/bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tools/bench/progress.h"

namespace headgate::tools::bench {
namespace {

using ::testing::HasSubstr;

class BenchReport : public ::testing::Test {
 protected:
  BenchReport() {
    options_.verb = "fan-in";
    options_.port = 1883;
    options_.publishers = 4;
    options_.subscribers = 1;
    options_.qos = 1;
    report_.clients = report_.connected = 5;
    report_.sent = report_.acked = report_.received = 1'000'000;
    report_.seconds = 2;
    report_.cpu_s = 1;
    report_.complete = true;
    for (int i = 0; i < 100; ++i) report_.latency_ns.add(1'000'000);
  }
  nlohmann::json json() { return nlohmann::json::parse(to_json(options_, report_)); }
  std::string text() {
    std::ostringstream out;
    print_report(out, options_, report_);
    return out.str();
  }

  Options options_;
  Report report_;
};

TEST_F(BenchReport, JsonHasCountsRatesAndPercentiles) {
  EXPECT_EQ(json()["sent_per_s"], 500'000);
  EXPECT_EQ(json()["received"], 1'000'000);
  EXPECT_EQ(json()["own_cpu_us"], 0.5);
  for (const char* percentile : {"p50", "p90", "p99", "p99.9", "max"})
    EXPECT_EQ(json()["latency_us"][percentile], 1000) << percentile;
  EXPECT_EQ(json()["complete"], true);
}

TEST_F(BenchReport, WhatWasNotMeasuredIsLeftOut) {
  report_.latency_ns = {};
  EXPECT_FALSE(json().contains("latency_us"));
  EXPECT_THAT(text(), ::testing::Not(HasSubstr("latency")));
}

TEST_F(BenchReport, TextIsForPeople) {
  EXPECT_THAT(text(), HasSubstr("fan-in      127.0.0.1:1883, 4 publishing, 1 subscribing, 64 B, QoS 1\n"));
  EXPECT_THAT(text(), HasSubstr("published   1,000,000 in 2.00 s, 500,000/s\n"));
  EXPECT_THAT(text(), HasSubstr("p50 1 ms  p90 1 ms  p99 1 ms  p99.9 1 ms  max 1 ms\n"));
}

TEST_F(BenchReport, ErrorsAreCountedByWhatTheyWere) {
  report_.errors["refused: not authorized"] = 1234;
  report_.missing = 3;
  EXPECT_EQ(json()["errors"]["refused: not authorized"], 1234);
  EXPECT_THAT(text(), HasSubstr("error       1,234 x refused: not authorized\n"));
  EXPECT_THAT(text(), HasSubstr("3 missing"));
}

TEST(BenchProgress, FitsItsLine) {
  const Progress half{"running", 0.5, 5, 1000, 900, 2};
  EXPECT_EQ(progress_line(half, 200),
            "[###############...............] 50 % running, 1000 sent (500/s), 900 received (450/s)");
  EXPECT_EQ(progress_line(half, 40).size(), 40U);
  EXPECT_THAT(progress_line({"connecting", 7, 12, 0, 0, 1}, 200),
              HasSubstr("100 % connecting, 12 connected"));
}

}  // namespace
}  // namespace headgate::tools::bench
