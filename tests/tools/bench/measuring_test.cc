// Times, rates and topics: what the generator measures with.
#include <gtest/gtest.h>

#include "core/topic.h"
#include "tools/bench/histogram.h"
#include "tools/bench/pacer.h"
#include "tools/bench/topic_pattern.h"

namespace headgate::tools::bench {
namespace {

Histogram of(const std::vector<uint64_t>& values) {
  Histogram histogram;
  for (const uint64_t value : values) histogram.add(value);
  return histogram;
}

TEST(Histogram, IsExactForSmallValues) {
  Histogram histogram;
  for (uint64_t value = 1; value <= 100; ++value) histogram.add(value);
  EXPECT_EQ(histogram.percentile(50), 50U);
  EXPECT_EQ(histogram.percentile(99), 99U);
  EXPECT_EQ(histogram.percentile(100), 100U);
}

TEST(Histogram, IsNeverLowAndAtMostOnePercentHigh) {
  for (uint64_t value = 1; value < Histogram::kValueMax / 3; value = value * 3 + 1) {
    // The larger value keeps max() from hiding the bucket's width.
    const uint64_t told = of({value, value * 3}).percentile(50);
    EXPECT_GE(told, value);
    EXPECT_LE(static_cast<double>(told), static_cast<double>(value) * 1.01);
  }
}

TEST(Histogram, FindsTheTail) {
  std::vector<uint64_t> values(999, 1000);
  values.push_back(5'000'000);
  const Histogram histogram = of(values);
  EXPECT_LT(histogram.percentile(99), 1010U);
  EXPECT_LT(histogram.percentile(99.9), 1010U);
  EXPECT_EQ(histogram.percentile(99.95), 5'000'000U);
}

TEST(Histogram, NeverTellsMoreThanTheGreatestValue) {
  EXPECT_EQ(of({1'000'001}).percentile(100), 1'000'001U);
  EXPECT_EQ(of({~uint64_t{0}}).percentile(50), Histogram::kValueMax);
}

TEST(Histogram, IsZeroWhileEmpty) { EXPECT_EQ(Histogram().percentile(99), 0U); }

TEST(Pacer, GivesTheFirstAtOnceAndTheRestEvenly) {
  const Pacer pacer(10, 5 * kNsPerSecond);
  EXPECT_EQ(pacer.due(5 * kNsPerSecond - 1), 0U);
  EXPECT_EQ(pacer.due(5 * kNsPerSecond), 1U);
  EXPECT_EQ(pacer.due(5 * kNsPerSecond + kNsPerSecond / 10 - 1), 1U);
  EXPECT_EQ(pacer.due(5 * kNsPerSecond + kNsPerSecond / 10), 2U);
}

TEST(Pacer, IsDueWhenItSaysSo) {
  for (const uint64_t rate : {1ULL, 3ULL, 7'000ULL, 999'999ULL, 1'000'000ULL}) {
    const Pacer pacer(rate, 17);
    for (const uint64_t number : {1ULL, 2ULL, 1'000ULL, 123'456'789ULL}) {
      const int64_t due_ns = pacer.due_at_ns(number);
      EXPECT_GE(pacer.due(due_ns), number + 1) << rate << " " << number;
      EXPECT_LE(pacer.due(due_ns - 1), number) << rate << " " << number;
    }
  }
}

TEST(Pacer, DoesNotDriftInADay) {
  EXPECT_EQ(Pacer(1'000'000, 0).due(86'400 * kNsPerSecond), 86'400'000'001U);
}

std::string expand(std::string_view pattern) {
  return TopicPattern::parse(pattern)->expand(7, "bench-pub-7");
}

TEST(TopicPattern, KnowsTheClientsNumberAndId) {
  EXPECT_EQ(expand("a/%i/b"), "a/7/b");
  EXPECT_EQ(expand("%c"), "bench-pub-7");
  EXPECT_EQ(expand("machine%i/100%%"), "machine7/100%");
  EXPECT_EQ(expand("plain"), "plain");
}

TEST(TopicPattern, RefusesOtherVariables) {
  for (const char* wrong : {"a/%x", "%", "a%%%", "%I"}) {
    const auto parsed = TopicPattern::parse(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_NE(parsed.error().what.find("%i"), std::string::npos);
  }
}

TEST(TopicPattern, HasAFilterForAllItsTopics) {
  const std::pair<const char*, const char*> cases[] = {{"bench/load/%i", "bench/load/+"},
                                                       {"m%i/x", "+/x"},
                                                       {"a/%c/%i", "a/+/+"},
                                                       {"a//100%%", "a//100%"},
                                                       {"/%i", "/+"}};
  for (const auto& [pattern, filter] : cases) {
    EXPECT_EQ(TopicPattern::parse(pattern)->filter(), filter);
    EXPECT_TRUE(core::topic_matches(filter, expand(pattern)));
  }
}

}  // namespace
}  // namespace headgate::tools::bench
