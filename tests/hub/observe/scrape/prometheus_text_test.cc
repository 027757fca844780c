// The text that Prometheus reads, of rows that a test makes up.
#include "hub/observe/scrape/prometheus_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

namespace headgate::hub {
namespace {

using ::testing::HasSubstr;

constexpr std::array kRowsOfATest = std::to_array<Metric>({
    {.name = "headgate_a_total",
     .type = MetricType::counter,
     .help = "Counts.",
     .read = [](const Sources&) { return uint64_t{0}; }},
    {.name = "headgate_b",
     .help = "By reason.",
     .label = "reason",
     .read = [](const Sources&) { return LabelledValues(); }},
    {.name = "headgate_c_seconds",
     .type = MetricType::histogram,
     .unit = MetricUnit::seconds,
     .help = "Takes.",
     .read = [](const Sources&) { return core::Histogram(); }},
    {.name = "headgate_d",
     .help = "Waits.",
     .read = [](const LaneSample& lane) { return lane.oldest_age_s; }},
    {.name = "headgate_e_total",
     .type = MetricType::counter,
     .help = "Ended.",
     .label = "reason",
     .read =
         [](const QueueSample& queue) {
           return LabelledValues{{"dead", queue.dead}, {"dropped", queue.dropped}};
         }},
    {.name = "headgate_f_total",
     .type = MetricType::counter,
     .help = "Matched.",
     .read = [](const RouteSample& route) { return route.counts.matched; }},
    {.name = "headgate_g",
     .help = "Is.",
     .label = "state",
     .read = [](const LinkSample& link) { return link.states; }},
});

std::string as_text(const Scrape& scrape) { return prometheus_text(kRowsOfATest, scrape); }

TEST(PrometheusText, ANumberHasItsHelpItsTypeAndNoLabel) {
  const std::string text = as_text({.readings = {{&kRowsOfATest[0], {{"", 17}}}}});
  EXPECT_EQ(text,
            "# HELP headgate_a_total Counts.\n"
            "# TYPE headgate_a_total counter\n"
            "headgate_a_total 17\n");
}

TEST(PrometheusText, ALargeNumberIsWrittenInFull) {
  EXPECT_THAT(as_text({.readings = {{&kRowsOfATest[0], {{"", 987'654'321'098'765}}}}}),
              HasSubstr("headgate_a_total 987654321098765\n"));
}

TEST(PrometheusText, QuotesBackslashesAndLineEndsOfALabelAreEscaped) {
  EXPECT_THAT(as_text({.readings = {{&kRowsOfATest[1], {{"a\"b\\c\nd", 1}}}}}),
              HasSubstr("headgate_b{reason=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST(PrometheusText, RowsOfWhichThereIsNothingAreLeftOut) { EXPECT_EQ(as_text({}), ""); }

TEST(PrometheusText, AHistogramAddsItsBucketsUp) {
  core::Histogram times;
  for (const int64_t us : {50, 80, 900, 60'000'000}) times.add(us);
  const std::string text = as_text({.times = {{&kRowsOfATest[2], times}}});
  EXPECT_THAT(text, HasSubstr("# TYPE headgate_c_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("headgate_c_seconds_count 4\n"));
  EXPECT_THAT(text, HasSubstr("headgate_c_seconds_sum 60.00103\n"));
  EXPECT_THAT(text, HasSubstr("headgate_c_seconds_bucket{le=\"0.0001\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("headgate_c_seconds_bucket{le=\"0.001\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("headgate_c_seconds_bucket{le=\"10\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("headgate_c_seconds_bucket{le=\"+Inf\"} 4\n"));
}

TEST(PrometheusText, QueuesLanesRoutesAndLinksAreLabelledByTheirNames) {
  Scrape scrape;
  scrape.queues.push_back(
      {.name = "$upstream", .dropped = 3, .dead = 2, .lanes = {{4, {}, 1.5}, {10, {}, 0}}});
  scrape.routes.push_back({"up", {.matched = 9}});
  scrape.links.push_back({"lte", {{"connected", 1}, {"idle", 0}}});
  const std::string text = as_text(scrape);
  EXPECT_THAT(text, HasSubstr("headgate_d{queue=\"$upstream\",lane=\"4\"} 1.5\n"));
  EXPECT_THAT(text, HasSubstr("headgate_d{queue=\"$upstream\",lane=\"10\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("headgate_e_total{queue=\"$upstream\",reason=\"dropped\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("headgate_f_total{route=\"up\"} 9\n"));
  EXPECT_THAT(text, HasSubstr("headgate_g{link=\"lte\",state=\"connected\"} 1\n"));
}

}  // namespace
}  // namespace headgate::hub
