// Content of a queue by topic, whether it waits as readings or as rows: two are equal if they tell the same of the whole
// series.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "core/clock.h"
#include "hub/thinning/fold.h"
#include "store/queue_store.h"

namespace headgate::testing {

class QueueContent {
 public:
  explicit QueueContent(std::string member = "v") : member_(std::move(member)) {}

  struct Series {
    uint64_t count = 0;
    long double sum = 0;
    long double magnitude = 0;
    double min = INFINITY;
    double max = -INFINITY;
    int64_t first_ms = INT64_MAX;
    int64_t last_ms = INT64_MIN;
    double first = 0;
    double last = 0;
    store::Seq from = UINT64_MAX;
    store::Seq to = 0;
  };

  static QueueContent of(store::QueueStore& store, store::QueueId queue, core::Now now,
                         std::string member = "v") {
    QueueContent content(std::move(member));
    for (uint8_t lane = 0; lane < store::kLaneCount; ++lane) {
      store::Seq after = 0;
      for (;;) {
        const auto entries = store.read(queue, lane, after, {1000, SIZE_MAX}, now);
        if (!entries || entries->empty()) break;
        for (const store::Entry& entry : *entries) content.add(*entry.message, entry.seq);
        after = entries->back().seq;
      }
    }
    return content;
  }

  void add(const core::Message& message, store::Seq seq) {
    const nlohmann::json body = nlohmann::json::parse(message.body);
    const bool row = !message.source && message.props().content_type == hub::kFoldType;
    if (!row) {
      const double v = body[member_];
      newest_row_free_ms_ = std::min(newest_row_free_ms_, message.arrived_ms);
      return add(series_[message.topic],
                 {1, v, std::fabs(v), v, v, message.arrived_ms, message.arrived_ms, v, v, seq, seq});
    }
    ++rows_;
    const nlohmann::json& of = body["of"]["/" + member_];
    const double sum = of["sum"];
    add(series_[message.topic], {of["n"], sum, std::fabs(sum), of["min"], of["max"], message.arrived_ms,
                                 body["last"], of["first"], of["last"], body["from"], body["to"]});
  }

  // A reading whose seq nobody knows.
  void add_number(const std::string& topic, double v, int64_t at_ms) {
    add(series_[topic], {1, v, std::fabs(v), v, v, at_ms, at_ms, v, v, 0, 0});
  }

  [[nodiscard]] uint64_t readings(const std::string& topic) const {
    const auto found = series_.find(topic);
    return found == series_.end() ? 0 : found->second.count;
  }
  [[nodiscard]] uint64_t rows() const { return rows_; }
  // The oldest reading that waits as it came.
  [[nodiscard]] int64_t complete_since_ms() const { return newest_row_free_ms_; }

  [[nodiscard]] bool equal_but_seqs(const QueueContent& other) const {
    return std::ranges::equal(series_, other.series_, [](const auto& a, const auto& b) {
      return a.first == b.first && same(a.second, b.second);
    });
  }
  friend bool operator==(const QueueContent& a, const QueueContent& b) {
    return a.equal_but_seqs(b) &&
           std::ranges::equal(a.series_, b.series_, [](const auto& one, const auto& two) {
             return one.second.from == two.second.from && one.second.to == two.second.to;
           });
  }

 private:
  static bool same(const Series& a, const Series& b) {
    return a.count == b.count && a.min == b.min && a.max == b.max && a.first_ms == b.first_ms &&
           a.last_ms == b.last_ms && a.first == b.first && a.last == b.last &&
           std::fabs(static_cast<double>(a.sum - b.sum)) <=
               1e-12 * static_cast<double>(std::max(a.magnitude, b.magnitude));
  }
  static void add(Series& to, const Series& more) {
    to.count += more.count;
    to.sum += more.sum;
    to.magnitude += more.magnitude;
    to.min = std::min(to.min, more.min);
    to.max = std::max(to.max, more.max);
    if (more.first_ms < to.first_ms) to.first = more.first;
    if (more.last_ms > to.last_ms) to.last = more.last;
    to.first_ms = std::min(to.first_ms, more.first_ms);
    to.last_ms = std::max(to.last_ms, more.last_ms);
    to.from = std::min(to.from, more.from);
    to.to = std::max(to.to, more.to);
  }

  std::string member_;  // that the numbers are under
  std::map<std::string, Series> series_;
  uint64_t rows_ = 0;
  int64_t newest_row_free_ms_ = INT64_MAX;
};

}  // namespace headgate::testing
