// Readings of the table of metrics that a test makes up.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "hub/metrics.h"

namespace headgate::testing {

using Numbers = std::map<std::string, hub::LabelledValues, std::less<>>;  // by name of the metric

// Every wanted metric, with its values of `numbers`; else 0, or no value where there are labels.
inline hub::Readings canned_readings(const Numbers& numbers, bool (*wanted)(const hub::Metric&)) {
  hub::Readings readings;
  for (const hub::Metric& metric : hub::metrics()) {
    if (!wanted(metric)) continue;
    const auto known = numbers.find(metric.name);
    const auto none = metric.label.empty() ? hub::LabelledValues{{"", 0}} : hub::LabelledValues{};
    readings.push_back({&metric, known == numbers.end() ? none : known->second});
  }
  return readings;
}

}  // namespace headgate::testing
