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

#include "core/histogram.h"

namespace headgate::hub {

struct Sources;  // hub/metrics.h
struct QueueSample;
struct LaneSample;
struct RouteSample;
struct LinkSample;

enum class MetricType : uint8_t {
  counter,    // grows from the start of the hub on
  gauge,      // how much there is now
  histogram,  // durations since the start of the hub, by how long they were
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

// Reads a row: what the hub as a whole counts, or each of its queues, lanes, routes or links.
using ReadNumber = uint64_t (*)(const Sources&);
using ReadByLabel = LabelledValues (*)(const Sources&);
using ReadHistogram = core::Histogram (*)(const Sources&);
using ReadQueue = uint64_t (*)(const QueueSample&);
using ReadQueueByLabel = LabelledValues (*)(const QueueSample&);
using ReadLane = double (*)(const LaneSample&);
using ReadRoute = uint64_t (*)(const RouteSample&);
using ReadLinkByLabel = LabelledValues (*)(const LinkSample&);

struct Metric {
  std::string_view name;  // headgate_…, ends in its unit, and in _total if it is a counter
  MetricType type = MetricType::gauge;
  MetricUnit unit = MetricUnit::none;
  std::string_view help;          // one sentence
  std::string_view label = {};    // its name, behind that of the queue, route or link; empty: there is none
  std::array<SysPlace, 3> sys{};  // in front those that it has
  std::string_view status = {};   // path in the answer to GET /v1/status, `*` as in SysPlace; empty: none
  std::variant<ReadNumber, ReadByLabel, ReadHistogram, ReadQueue, ReadQueueByLabel, ReadLane, ReadRoute,
               ReadLinkByLabel>
      read;
};

struct Reading {
  const Metric* metric = nullptr;
  LabelledValues values;  // one, labelled "", where the metric has no label

  [[nodiscard]] uint64_t sum() const;
};
using Readings = std::vector<Reading>;

[[nodiscard]] inline bool is_in_sys(const Metric& metric) { return !metric.sys.front().topic.empty(); }
[[nodiscard]] inline bool is_in_status(const Metric& metric) { return !metric.status.empty(); }

// Says what each label of its values is called, in their order.
[[nodiscard]] std::vector<std::string_view> label_names(const Metric& metric);

// Counts what went wrong.
[[nodiscard]] bool is_trouble(const Metric& metric);

// `pattern` with the label in the place of its `*`.
[[nodiscard]] std::string with_label(std::string_view pattern, std::string_view label);

// A reason's text as a label: "protocol error" is "protocol_error".
[[nodiscard]] std::string label_of(std::string_view reason);

}  // namespace headgate::hub
