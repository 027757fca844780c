#include "tests/bench/loadgen/report.h"

#include <algorithm>
#include <cstdio>

namespace headgate::bench {
namespace {

uint32_t percentile(std::vector<uint32_t>& values, double fraction) {
  const auto at = static_cast<size_t>(fraction * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

void append_field(std::string& json, std::string_view name, uint64_t value) {
  json.append(",\"").append(name).append("\":").append(std::to_string(value));
}

void append_field(std::string& json, std::string_view name, double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6f", value);
  json.append(",\"").append(name).append("\":").append(text);
}

double per_second(uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

void append_latencies(std::string& json, std::vector<uint32_t>& values) {
  append_field(json, "p50_us", uint64_t{percentile(values, 0.50)});
  append_field(json, "p90_us", uint64_t{percentile(values, 0.90)});
  append_field(json, "p99_us", uint64_t{percentile(values, 0.99)});
  append_field(json, "max_us", uint64_t{percentile(values, 1.0)});
}

}  // namespace

std::string to_json(std::string_view mode, Report report) {
  std::string json = "{\"mode\":\"" + std::string(mode) + "\"";
  append_field(json, "connected", report.connected);
  append_field(json, "sent", report.sent);
  append_field(json, "acked", report.acked);
  append_field(json, "received", report.received);
  append_field(json, "out_of_order", report.out_of_order);
  append_field(json, "seconds", report.seconds);
  append_field(json, "sent_per_s", per_second(report.sent, report.seconds));
  append_field(json, "received_per_s", per_second(report.received, report.seconds));
  if (!report.latencies_us.empty()) append_latencies(json, report.latencies_us);
  return json.append(report.complete ? ",\"complete\":true}" : ",\"complete\":false}");
}

}  // namespace headgate::bench
