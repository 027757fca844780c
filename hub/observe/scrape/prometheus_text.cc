#include "hub/observe/scrape/prometheus_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <string_view>
#include <variant>
#include <vector>

namespace headgate::hub {
namespace {

constexpr double kUsPerSecond = 1e6;
constexpr size_t kNumberBytesMax = 32;
constexpr double kFixedMin = 1e-6;                // smaller ones with an exponent
constexpr double kWholeMax = 9007199254740992.0;  // 2^53: below it a double has every whole number

// About, of a text: what is too little grows.
constexpr size_t kHubBytes = size_t{64} << 10;
constexpr size_t kQueueBytes = 1'400;
constexpr size_t kRouteBytes = 600;

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
  }
  return {};
}

// The shortest text that is read as the same number; nearly all are whole, which is quicker to write.
void append_number(std::string& text, double value) {
  std::array<char, kNumberBytesMax> digits{};
  char* const last = digits.data() + digits.size();
  const bool whole = value >= 0 && value < kWholeMax && value == std::floor(value);
  const auto form =
      value >= kFixedMin && value < kWholeMax ? std::chars_format::fixed : std::chars_format::general;
  const auto end = whole ? std::to_chars(digits.data(), last, static_cast<uint64_t>(value)).ptr
                         : std::to_chars(digits.data(), last, value, form).ptr;
  text.append(digits.data(), end);
}

bool is_special(char c) { return c == '\n' || c == '\\' || c == '"'; }

void append_escaped(std::string& text, std::string_view value) {
  if (std::ranges::none_of(value, is_special)) {
    text += value;
    return;
  }
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (is_special(c)) text += '\\';
    text += c;
  }
}

// Writes the family of one row, if the scrape has something of it.
class Family {
 public:
  Family(std::string& text, const Metric& metric, const Scrape& scrape)
      : text_(text), metric_(metric), scrape_(scrape), names_(label_names(metric)) {
    std::visit([this](auto read) { write(read); }, metric.read);
  }

 private:
  void write(ReadNumber /*read*/) { write_readings(); }
  void write(ReadByLabel /*read*/) { write_readings(); }
  void write(ReadHistogram /*read*/) {
    for (const auto& [metric, times] : scrape_.times) {
      if (metric == &metric_) write_histogram(times);
    }
  }
  void write(ReadQueue read) {
    for (const QueueSample& queue : scrape_.queues) sample({queue.name}, static_cast<double>(read(queue)));
  }
  void write(ReadQueueByLabel read) {
    for (const QueueSample& queue : scrape_.queues) {
      for (const auto& [label, value] : read(queue)) sample({queue.name, label}, static_cast<double>(value));
    }
  }
  void write(ReadLane read) {
    for (const QueueSample& queue : scrape_.queues) {
      for (const LaneSample& lane : queue.lanes) sample({queue.name, std::to_string(lane.lane)}, read(lane));
    }
  }
  void write(ReadRoute read) {
    for (const RouteSample& route : scrape_.routes) sample({route.name}, static_cast<double>(read(route)));
  }
  void write(ReadLinkByLabel read) {
    for (const LinkSample& link : scrape_.links) {
      for (const auto& [label, value] : read(link)) sample({link.name, label}, static_cast<double>(value));
    }
  }

  void write_readings() {
    const auto reading = std::ranges::find(scrape_.readings, &metric_, &Reading::metric);
    if (reading == scrape_.readings.end()) return;
    for (const auto& [label, value] : reading->values) sample({label}, static_cast<double>(value));
  }

  void write_histogram(const core::Histogram& times) {
    double up_to_here = 0;
    for (size_t i = 0; i < core::Histogram::kBuckets; ++i) {
      up_to_here += static_cast<double>(times.in_bucket(i));
      begin("_bucket");
      text_ += "{le=\"";
      if (i < core::Histogram::kBoundsUs.size())
        append_number(text_, static_cast<double>(core::Histogram::kBoundsUs[i]) / kUsPerSecond);
      else
        text_ += "+Inf";
      text_ += "\"}";
      end(up_to_here);
    }
    begin("_sum");
    end(static_cast<double>(times.sum_us()) / kUsPerSecond);
    begin("_count");
    end(up_to_here);
  }

  void sample(std::initializer_list<std::string_view> values, double value) {
    begin({});
    char before = '{';
    const std::string_view* label = values.begin();
    for (const std::string_view name : names_) {
      text_ += before;
      text_.append(name).append("=\"");
      append_escaped(text_, *label++);
      text_ += '"';
      before = ',';
    }
    if (!names_.empty()) text_ += '}';
    end(value);
  }

  // The first sample brings the head of its family. Help has neither backslashes nor line ends.
  void begin(std::string_view suffix) {
    if (!begun_) {
      text_.append("# HELP ").append(metric_.name).append(" ").append(metric_.help).append("\n");
      text_.append("# TYPE ").append(metric_.name).append(" ").append(type_name(metric_.type)).append("\n");
    }
    begun_ = true;
    text_.append(metric_.name).append(suffix);
  }
  void end(double value) {
    text_ += ' ';
    append_number(text_, value);
    text_ += '\n';
  }

  std::string& text_;
  const Metric& metric_;
  const Scrape& scrape_;
  const std::vector<std::string_view> names_;
  bool begun_ = false;
};

}  // namespace

std::string prometheus_text(std::span<const Metric> table, const Scrape& scrape) {
  std::string text;
  // Growing step by step would touch three times the memory, which takes longer than all the rest.
  text.reserve(kHubBytes + scrape.queues.size() * kQueueBytes + scrape.routes.size() * kRouteBytes);
  for (const Metric& metric : table) Family(text, metric, scrape);
  return text;
}

}  // namespace headgate::hub
