#include "tools/bench/report.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <ostream>

namespace headgate::tools::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<const char*, double> kPercentiles[] = {
    {"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"max", 100}};

double per_second(uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

double cpu_us_per_message(const Report& report) {
  const uint64_t messages = report.sent + report.received;
  return messages > 0 ? report.cpu_s * 1e6 / static_cast<double>(messages) : 0;
}

double rounded(double value, int digits) {
  const double scale = std::pow(10, digits);
  return static_cast<double>(std::llround(value * scale)) / scale;
}

Json percentiles_us(const Histogram& times_ns) {
  Json json;
  for (const auto& [name, percent] : kPercentiles)
    json[name] = rounded(static_cast<double>(times_ns.percentile(percent)) / 1000, 3);
  return json;
}

std::string format(const char* pattern, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), pattern, value);
  return text.data();
}

std::string grouped(uint64_t value) {
  std::string text = std::to_string(value);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string rate_text(uint64_t count, double seconds) {
  return grouped(static_cast<uint64_t>(per_second(count, seconds))) + "/s";
}

std::string milliseconds(uint64_t ns) {
  const double ms = static_cast<double>(ns) / 1e6;
  return format(ms < 1000 ? "%.3g ms" : "%.0f ms", ms);
}

std::string percentiles_text(const Histogram& times_ns) {
  std::string text;
  for (const auto& [name, percent] : kPercentiles)
    text += (text.empty() ? "" : "  ") + std::string(name) + " " + milliseconds(times_ns.percentile(percent));
  return text;
}

std::string load_text(const Options& options) {
  std::string text;
  if (options.publishers > 0) text += ", " + grouped(options.publishers) + " publishing";
  if (options.mode != Mode::conns && options.subscribers > 0)
    text += ", " + grouped(options.subscribers) + " subscribing";
  if (options.publishers > 0) text += ", " + std::to_string(options.payload_bytes) + " B";
  if (options.mode != Mode::conns) text += ", QoS " + std::to_string(options.qos);
  if (options.rate > 0) text += ", " + grouped(options.rate) + "/s wanted";
  return text;
}

}  // namespace

std::string to_json(const Options& options, const Report& report) {
  Json json{{"verb", options.verb},
            {"broker", address_of(options)},
            {"mqtt_version", options.version == Version::v5 ? "5" : "3.1.1"},
            {"clients", report.clients},
            {"connected", report.connected},
            {"resumed", report.resumed},
            {"sent", report.sent},
            {"acked", report.acked},
            {"received", report.received},
            {"received_bytes", report.received_bytes},
            {"missing", report.missing},
            {"out_of_order", report.out_of_order},
            {"connect_s", rounded(report.connect_s, 6)},
            {"seconds", rounded(report.seconds, 6)},
            {"sent_per_s", rounded(per_second(report.sent, report.seconds), 1)},
            {"received_per_s", rounded(per_second(report.received, report.seconds), 1)},
            {"own_cpu_us", rounded(cpu_us_per_message(report), 4)}};
  if (report.connect_ns.count() > 0) json["connect_us"] = percentiles_us(report.connect_ns);
  if (report.latency_ns.count() > 0) json["latency_us"] = percentiles_us(report.latency_ns);
  json["errors"] = Json::object();
  for (const auto& [what, count] : report.errors) json["errors"][what] = count;
  json["interrupted"] = report.interrupted;
  json["complete"] = report.complete;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void print_report(std::ostream& out, const Options& options, const Report& report) {
  const auto line = [&out](std::string_view name, const std::string& value) {
    out << name << std::string(12 - name.size(), ' ') << value << '\n';
  };
  line(options.verb, address_of(options) + load_text(options));
  line("connected", grouped(report.connected) + " of " + grouped(report.clients) + " in " +
                        format("%.2f s", report.connect_s) +
                        (report.resumed > 0 ? ", " + grouped(report.resumed) + " to their session" : ""));
  if (report.connect_ns.count() > 0) line("CONNACK", percentiles_text(report.connect_ns));
  if (options.publishers > 0)
    line("published", grouped(report.sent) + " in " + format("%.2f s", report.seconds) + ", " +
                          rate_text(report.sent, report.seconds));
  if (options.publishers > 0 && options.qos > 0) line("answered", grouped(report.acked));
  if (options.mode == Mode::flow && options.subscribers > 0)
    line("received",
         grouped(report.received) + ", " + rate_text(report.received, report.seconds) +
             (report.missing > 0 ? ", " + grouped(report.missing) + " missing" : "") +
             (report.out_of_order > 0 ? ", " + grouped(report.out_of_order) + " out of order" : ""));
  if (report.latency_ns.count() > 0) line("latency", percentiles_text(report.latency_ns));
  if (report.sent + report.received > 0)
    line("own CPU", format("%.2f us a message", cpu_us_per_message(report)));
  for (const auto& [what, count] : report.errors) line("error", grouped(count) + " x " + what);
  if (report.interrupted) line("interrupted", "before its end");
}

}  // namespace headgate::tools::bench
