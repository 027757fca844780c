// A row of the table of metrics (hub/metrics.h), and what was read by it: `$SYS` and the numbers of
// `headgate status` are made of readings alone.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace headgate::hub {

struct Sources;  // hub/metrics.h

enum class MetricType : uint8_t {
  counter,  // grows from the start of the hub on
  gauge,    // how much there is now
};
enum class MetricUnit : uint8_t { none, bytes, seconds };  // Prometheus' base units

enum class SysForm : uint8_t {
  number,   // seconds as `123 seconds`
  maximum,  // the largest number seen whenever it was read
  load,     // per minute: three topics below this one, see SysTopics
  state,    // the label whose value is 1
  version,  // the same, as `headgate version LABEL`
};

// A topic below `$SYS/`. A `*` in it stands for the label; without one, values are added up.
struct SysPlace {
  std::string_view topic;
  SysForm form = SysForm::number;
};

using LabelledValues = std::vector<std::pair<std::string, uint64_t>>;

struct Metric {
  std::string_view name;  // headgate_…, ends in its unit, and in _total if it is a counter
  MetricType type = MetricType::gauge;
  MetricUnit unit = MetricUnit::none;
  std::string_view help;          // one sentence
  std::string_view label = {};    // its name; empty: there is one value, without a label
  std::array<SysPlace, 3> sys{};  // in front those that it has
  std::string_view status = {};   // path in the answer to GET /v1/status, `*` as in SysPlace; empty: none
  std::variant<uint64_t (*)(const Sources&), LabelledValues (*)(const Sources&)> read;
};

struct Reading {
  const Metric* metric = nullptr;
  LabelledValues values;  // one, labelled "", where the metric has no label

  [[nodiscard]] uint64_t sum() const;
};
using Readings = std::vector<Reading>;

[[nodiscard]] inline bool is_in_sys(const Metric& metric) { return !metric.sys.front().topic.empty(); }
[[nodiscard]] inline bool is_in_status(const Metric& metric) { return !metric.status.empty(); }

// Counts what went wrong.
[[nodiscard]] bool is_trouble(const Metric& metric);

// `pattern` with the label in the place of its `*`.
[[nodiscard]] std::string with_label(std::string_view pattern, std::string_view label);

// A reason's text as a label: "protocol error" is "protocol_error".
[[nodiscard]] std::string label_of(std::string_view reason);

}  // namespace headgate::hub
