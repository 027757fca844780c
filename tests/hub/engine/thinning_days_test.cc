// Weeks without a link, through the whole engine over the store double, at simulated time. A build runs a day of one signal;
// HEADGATE_DAYS=30 HEADGATE_SIGNALS=100 runs the month that the queue is made for. The limit of the queue is in
// proportion: 256 MiB for a hundred signals.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>

#include "tests/hub/engine/engine_fixture.h"
#include "tests/hub/thinning/queue_content.h"
#include "upstream/payload/batch_codec.h"

namespace headgate::hub {
namespace {

using testing::qos0;
using testing::QueueContent;
using testing::v5;

constexpr uint64_t kBytesMaxOfASignal = uint64_t{256} * 1024 * 1024 / 100;
constexpr double kDrainBytesMaxOfASignal = 60e6 / 100;
constexpr size_t kMessagesInABatch = 1000;
constexpr size_t kPacketBytes = 250;  // of each batch: PUBLISH with its properties, TCP and IP both ways

size_t number_from_environment(const char* name, size_t otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoul(text, nullptr, 10) : otherwise;
}

size_t resident_mib() {
  std::ifstream statm("/proc/self/statm");
  size_t pages = 0;
  size_t resident = 0;
  statm >> pages >> resident;
  return resident * 4096 / (1024 * 1024);
}

class ThinnedDays : public EngineTest {
 protected:
  ThinnedDays() {
    route("FROM 'plant/#' INTO $upstream", {}, 0,
          {.bytes_max = kBytesMaxOfASignal * signals_, .on_full = core::OnFull::thin});
    queue_ = *store_.find_queue("$upstream");
    sensor_.emplace(engine_->broker(), clock_);
    sensor_->connect(v5("sensor"));
  }

  // A reading of `signal` with two decimals: a slow swing, and some noise that repeats nowhere near.
  [[nodiscard]] static int64_t hundredths(size_t signal, int64_t second) {
    const double at = static_cast<double>(second);
    const uint64_t noise = (static_cast<uint64_t>(second) * 2654435761U + signal * 40503U) % 37U;
    return 2000 + std::lround(500 * std::sin(at / 4000 + static_cast<double>(signal))) +
           static_cast<int64_t>(noise);
  }
  static std::string body_of(int64_t hundredths) {
    std::string digits = std::to_string(hundredths);
    digits.insert(digits.size() - 2, ".");
    return "{\"temperature\":" + digits + "}";
  }

  void run_day(int64_t day) {
    for (int64_t second = day * 86'400; second < (day + 1) * 86'400; ++second) {
      for (size_t signal = 0; signal < signals_; ++signal) {
        const int64_t value = hundredths(signal, second);
        sensor_->publish(qos0("plant/" + std::to_string(signal) + "/t", body_of(value)));
        all_.add_number("plant/" + std::to_string(signal) + "/t", static_cast<double>(value) / 100,
                        clock_.now().wall_ms);
      }
      clock_.advance_ms(1000);
      commit();
      engine_->tick();
      if (second % 30 == 0) sensor_->ping();
    }
  }

  // Bytes of all that waits, as batches in columns.
  double drain_bytes() {
    upstream::BatchEncoder encoder(9);
    double bytes = 0;
    store::Seq after = 0;
    for (;;) {
      const auto entries =
          store_.read(queue_, store::kDefaultLane, after, {kMessagesInABatch, SIZE_MAX}, clock_.now());
      if (!entries || entries->empty()) return bytes;
      after = entries->back().seq;
      const auto made =
          encoder.encode({"hub-1", "01HF7YAT00ABCDEFGHJKMNPQRS", "upstream", store::kDefaultLane, 0, {}},
                         *entries, {upstream::BatchLayout::columns, upstream::BatchCompression::zstd});
      bytes += static_cast<double>(made->payload.size() + kPacketBytes);
    }
  }

  const size_t days_ = number_from_environment("HEADGATE_DAYS", 1);
  const size_t signals_ = number_from_environment("HEADGATE_SIGNALS", 1);
  store::QueueId queue_ = 0;
  std::optional<testing::ScriptedClient> sensor_;
  QueueContent all_;
};

TEST_F(ThinnedDays, FitWithTheirExtremesAndSums) {
  for (size_t day = 0; day < days_; ++day) {
    run_day(static_cast<int64_t>(day));
    const store::QueueStats& stats = store_.stats(queue_);
    ASSERT_LE(stats.waiting_bytes(), kBytesMaxOfASignal * signals_);
    std::cout << "day " << day + 1 << ": " << stats.waiting() << " wait, " << stats.waiting_bytes() / 1024
              << " KiB; " << engine_->thinners().status().folded << " folded into "
              << engine_->thinners().status().rows << " rows; process " << resident_mib() << " MiB\n";
  }
  const store::QueueStats& stats = store_.stats(queue_);
  EXPECT_EQ(stats.in, stats.waiting() + stats.dropped);
  EXPECT_EQ(stats.dropped, engine_->thinners().status().folded) << "something went for good";
  EXPECT_EQ(engine_->losses().total().dropped, 0u) << "what is folded counts as lost";
  const QueueContent content = QueueContent::of(store_, queue_, clock_.now(), "temperature");
  EXPECT_TRUE(content.equal_but_seqs(all_));
  const double bytes = drain_bytes();
  std::cout << "drain: " << bytes / 1e6 << " MB in columns; " << content.rows()
            << " rows, complete for the last "
            << (clock_.now().wall_ms - content.complete_since_ms()) / 60'000 << " minutes\n";
  EXPECT_LE(bytes, kDrainBytesMaxOfASignal * static_cast<double>(signals_));
}

}  // namespace
}  // namespace headgate::hub
