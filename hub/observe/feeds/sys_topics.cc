#include "hub/observe/feeds/sys_topics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace headgate::hub {
namespace {

struct Span {
  std::string_view name;
  double seconds;
};
constexpr std::array<Span, 3> kSpans = {{{"1min", 60}, {"5min", 300}, {"15min", 900}}};

std::string two_digits(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

std::string in_unit(uint64_t value, MetricUnit unit) {
  return std::to_string(value) + (unit == MetricUnit::seconds ? " seconds" : "");
}

std::string state_of(const Reading& reading) {
  for (const auto& [state, value] : reading.values) {
    if (value == 1) return state;
  }
  return {};
}

}  // namespace

void SysTopics::set(std::string name, std::string value) {
  name.insert(0, "$SYS/");
  const auto [known, is_new] = values_.try_emplace(std::move(name));
  if (!is_new && known->second == value) return;
  known->second = std::move(value);
  changed_.push_back({known->first, known->second});
}

std::vector<SysTopic> SysTopics::update(const Readings& readings, core::Now now) {
  const double passed_s = static_cast<double>(now.mono_ms - updated_ms_) / 1000;
  updated_ms_ = now.mono_ms;
  for (const Reading& reading : readings) {
    for (const SysPlace& place : reading.metric->sys) {
      if (!place.topic.empty()) set(reading, place, passed_s);
    }
  }
  return std::exchange(changed_, {});
}

void SysTopics::set(const Reading& reading, const SysPlace& place, double passed_s) {
  switch (place.form) {
    case SysForm::number:
      return set_numbers(reading, place.topic);
    case SysForm::maximum:
      return set_maximum(reading, place.topic);
    case SysForm::load:
      return set_load(reading, place.topic, passed_s);
    case SysForm::state:
      return set(std::string(place.topic), state_of(reading));
    case SysForm::version:
      return set(std::string(place.topic), "headgate version " + state_of(reading));
  }
}

void SysTopics::set_numbers(const Reading& reading, std::string_view topic) {
  const MetricUnit unit = reading.metric->unit;
  if (!topic.ends_with('*')) return set(std::string(topic), in_unit(reading.sum(), unit));
  for (const auto& [label, value] : reading.values) set(with_label(topic, label), in_unit(value, unit));
}

void SysTopics::set_maximum(const Reading& reading, std::string_view topic) {
  uint64_t& maximum = maxima_[topic];
  maximum = std::max(maximum, reading.sum());
  set(std::string(topic), in_unit(maximum, reading.metric->unit));
}

void SysTopics::set_load(const Reading& reading, std::string_view topic, double passed_s) {
  Load& load = loads_[topic];
  const uint64_t counted = reading.sum();
  const double rate = passed_s > 0 ? static_cast<double>(counted - load.counted) * 60 / passed_s : 0;
  if (passed_s > 0) load.counted = counted;
  for (size_t span = 0; span < kSpans.size(); ++span) {
    double& average = load.averages[span];
    average = rate + std::exp(-passed_s / kSpans[span].seconds) * (average - rate);
    set(std::string(topic) + "/" + std::string(kSpans[span].name), two_digits(average));
  }
}

}  // namespace headgate::hub
