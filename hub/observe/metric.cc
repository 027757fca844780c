#include "hub/observe/metric.h"

#include <algorithm>

namespace headgate::hub {

uint64_t Reading::sum() const {
  uint64_t sum = 0;
  for (const auto& [label, value] : values) sum += value;
  return sum;
}

std::vector<std::string_view> label_names(const Metric& metric) {
  std::vector<std::string_view> names;
  if (std::holds_alternative<ReadQueue>(metric.read) || std::holds_alternative<ReadQueueByLabel>(metric.read))
    names = {"queue"};
  if (std::holds_alternative<ReadLane>(metric.read)) names = {"queue", "lane"};
  if (std::holds_alternative<ReadRoute>(metric.read)) names = {"route"};
  if (std::holds_alternative<ReadLinkByLabel>(metric.read)) names = {"link"};
  if (!metric.label.empty()) names.push_back(metric.label);
  return names;
}

bool is_trouble(const Metric& metric) {
  if (metric.type != MetricType::counter) return false;
  for (const std::string_view place : {"clients/refused/", "clients/closed/", "dropped/", "lost/", "denied/",
                                       "publishes/refused", "publishes/not_retained", "publishes/dropped"}) {
    if (metric.status.starts_with(place)) return true;
  }
  return false;
}

std::string with_label(std::string_view pattern, std::string_view label) {
  std::string text(pattern);
  if (const size_t star = text.find('*'); star != std::string::npos) text.replace(star, 1, label);
  return text;
}

std::string label_of(std::string_view reason) {
  std::string label(reason);
  std::ranges::replace(label, ' ', '_');
  return label;
}

}  // namespace headgate::hub
