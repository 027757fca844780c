// The text of GET /metrics: the Prometheus format, version 0.0.4.
#pragma once

#include <span>
#include <string>

#include "hub/observe/metric.h"
#include "hub/observe/scrape/samples.h"

namespace headgate::hub {

inline constexpr const char* kPrometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

// Writes a family for each row of `table` that the scrape has something of, in their order; pure, for any thread.
[[nodiscard]] std::string prometheus_text(std::span<const Metric> table, const Scrape& scrape);

}  // namespace headgate::hub
