// A queue on the disk that is thinned while the hub is killed or the power is cut, again and again: whatever of the folds
// that takes, the queue tells the same of all that was acknowledged, and each entry is in one place.
// HEADGATE_HOURS=24 runs a whole day; a build runs some hours.
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "hub/engine/thinning/thinner.h"
#include "store/open.h"
#include "tests/hub/thinning/lane_of_readings.h"
#include "tests/hub/thinning/queue_content.h"
#include "tests/store/rocks/faulty_env.h"
#include "tests/store/rocks/small_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/manual_executor.h"
#include "tests/support/number_from.h"
#include "tests/support/recording_log.h"
#include "tests/support/store_accounts.h"
#include "tests/support/temp_dir.h"

namespace headgate::hub {
namespace {

using testing::message_of;
using testing::QueueContent;

constexpr int64_t kStepS = 30;
constexpr size_t kTopics = 2;
constexpr int64_t kStepsBetweenFaults = 37;

class ThinnedOnDisk : public ::testing::Test, private store::StoreEvents {
 protected:
  ThinnedOnDisk() {
    disk_->keep_names(dir_.path());
    open();
  }
  ~ThinnedOnDisk() override {
    thinner_.reset();
    store_.reset();
  }

  // The readings of half a minute, all acknowledged.
  void step(int64_t step) {
    store::Seq seq = 0;
    for (int64_t second = step * kStepS; second < (step + 1) * kStepS; ++second) {
      for (size_t topic = 0; topic < kTopics; ++topic) {
        const auto reading = message_of("t/" + std::to_string(topic),
                                        body_of(second + static_cast<int64_t>(topic)), clock_.now().wall_ms);
        reading->qos = 1;
        const store::Target target{queue_};
        seq = store_->append(reading, {&target, 1}).value();
        all_.add(*reading, 0);
      }
      clock_.advance_ms(1000);
    }
    executor_.run_until([&] { return durable_ >= seq; });
    thinner_->look();
  }
  static std::string body_of(int64_t second) {
    const double value = std::round(2000 + 500 * std::sin(static_cast<double>(second * 7))) / 100;
    return "{\"v\":" + nlohmann::json(value).dump() + "}";
  }

  enum class Fault : uint8_t {
    kill,       // what was written stays
    power_cut,  // what was not synced is lost, but for the half of each file's end
  };
  void stop_by(Fault fault) {
    disk_->fail_from(0);
    thinner_.reset();
    store_.reset();
    executor_.drop_ready();
    disk_->cut_power([fault](uint64_t unsynced) { return fault == Fault::kill ? unsynced : unsynced / 2; });
    disk_->fail_from(testing::FaultyFileSystem::kForEver);
    open();
  }

  void open() {
    durable_ = 0;
    auto opened = store::open_queue_store(options_, executor_, log_);
    ASSERT_TRUE(opened) << opened.error().what;
    store_ = *std::move(opened);
    store_->set_events(this);
    queue_ = *store_->open_queue("$upstream", store::link_attributes());
    store_->set_policy(queue_, {.bytes_max = 128 * 1024, .on_full = core::OnFull::thin});
    thinner_ = std::make_unique<Thinner>(*store_, queue_, begun_up_to_, executor_, clock_, log_);
  }

  testing::ManualClock clock_;
  testing::ManualExecutor executor_;
  testing::RecordingLog log_;
  store::QueueId queue_ = 0;
  QueueContent all_;
  std::unique_ptr<store::DurableStore> store_;
  const Thinner::BegunUpTo begun_up_to_ = [](store::QueueId, uint8_t) { return store::Seq{0}; };
  std::unique_ptr<Thinner> thinner_;

 private:
  void on_durable(store::Seq up_to) override { durable_ = up_to; }
  void on_available(store::QueueId) override {
    if (thinner_) thinner_->look();
  }
  void on_failed(const core::Error&) override {
    if (thinner_) thinner_->on_failed();
  }

  testing::TempDir dir_;
  std::shared_ptr<testing::FaultyFileSystem> disk_ = std::make_shared<testing::FaultyFileSystem>();
  std::unique_ptr<rocksdb::Env> env_ = testing::make_faulty_env(disk_);
  store::StoreOptions options_ = testing::small_store_in(dir_ / "store", env_.get());
  store::Seq durable_ = 0;
};

TEST_F(ThinnedOnDisk, TellsTheSameOfAllReadingsOverKillsAndPowerCuts) {
  const int64_t steps = static_cast<int64_t>(testing::number_from("HEADGATE_HOURS", 6)) * 3600 / kStepS;
  size_t faults = 0;
  uint64_t in_folds = 0;
  for (int64_t now = 0; now < steps; ++now) {
    step(now);
    if (now % kStepsBetweenFaults != kStepsBetweenFaults - 1) {
      executor_.run_ready();
      in_folds = std::max(in_folds, thinner_->status().folded);
      continue;
    }
    for (int64_t turn = 0; turn < now % 11; ++turn) executor_.run_one();  // folds are on their way
    stop_by(++faults % 2 == 0 ? Fault::kill : Fault::power_cut);
  }
  executor_.run_ready();
  const store::QueueStats& stats = store_->stats(queue_);
  EXPECT_GT(faults, 5u);
  EXPECT_GT(in_folds, 100u);
  EXPECT_LE(stats.waiting_bytes(), 128u * 1024);
  EXPECT_TRUE(QueueContent::of(*store_, queue_, clock_.now()).equal_but_seqs(all_));
  testing::expect_accounts_balance(*store_);
  std::cout << faults << " kills and cuts; " << stats.in << " in, of which " << stats.dropped << " folded, "
            << stats.waiting() << " wait, " << stats.waiting_bytes() / 1024 << " KiB\n";
  const auto gaps = store_->gaps(queue_);
  uint64_t told = 0;
  for (const store::Gap& gap : gaps) {
    EXPECT_TRUE(gap.goes_on());
    told += gap.count;
  }
  EXPECT_EQ(told, stats.dropped);
}

}  // namespace
}  // namespace headgate::hub
