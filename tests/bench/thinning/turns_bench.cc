// What thinning costs the loop, as a line of JSON: how long its turns take over a store on the disk.
//
//   thinning_bench DIR TOPICS [MINUTES=60]
//
// DIR is made, and removed at the end. So many topics have a reading a second each; then the queue's limit falls to what
// waits, and the turns that fold it are timed, those that read and those that commit a Change apart.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "hub/engine/thinning/thinner.h"
#include "store/open.h"
#include "tests/support/manual_clock.h"
#include "tests/support/manual_executor.h"
#include "tests/support/recording_log.h"
#include "tests/support/recording_store_events.h"

namespace headgate::hub {
namespace {

constexpr size_t kAppendsInAGroup = 1000;

// The loop's own: what other threads do on its core meanwhile is none of its turn.
double thread_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Turns {
  std::vector<double> ms;

  double quantile(double part) {
    if (ms.empty()) return 0;
    std::ranges::sort(ms);
    return ms[std::min(ms.size() - 1, static_cast<size_t>(part * static_cast<double>(ms.size())))];
  }
};

class Bench {
 public:
  Bench(const std::string& dir, size_t topics, int64_t minutes) : topics_(topics), minutes_(minutes) {
    std::filesystem::remove_all(dir);
    store::StoreOptions options;
    options.dir = dir;
    options.hub_id = "bench";
    options.cache_bytes = 16u << 20;
    options.tail_bytes = 0;
    options.space = {};
    auto opened = store::open_queue_store(options, executor_, log_);
    store_ = *std::move(opened);
    store_->set_events(&events_);
    queue_ = store_->open_queue("$upstream", store::link_attributes()).value();
    thinner_ = std::make_unique<Thinner>(*store_, queue_, begun_, executor_, clock_, log_);
  }

  void run() {
    fill();
    const uint64_t waited = store_->stats(queue_).waiting();
    store_->set_policy(queue_, {.bytes_max = store_->stats(queue_).waiting_bytes() * 20 / 19,
                                .on_full = core::OnFull::thin});
    while (thinner_->look(), thinner_->status().active && !thinner_->status().short_of_room) take_turn();
    report(waited);
  }

 private:
  void fill() {
    store::Seq last = 0;
    size_t in_group = 0;
    for (int64_t second = 0; second < minutes_ * 60; ++second) {
      for (size_t topic = 0; topic < topics_; ++topic) {
        auto message = std::make_shared<core::Message>();
        message->topic = "plant/" + std::to_string(topic) + "/t";
        message->body = "{\"temperature\":" + std::to_string(2000 + second * 7 % 501) + ".5}";
        message->source = source_;
        message->arrived_ms = message->arrived_hub_ms = clock_.now().wall_ms;
        const store::Target target{queue_};
        last = store_->append(std::move(message), {&target, 1}).value();
        if (++in_group % kAppendsInAGroup == 0)
          executor_.run_until([&] { return events_.durable_up_to() >= last; });
      }
      clock_.advance_ms(1000);
    }
    executor_.run_until([&] { return events_.durable_up_to() >= last; });
  }

  // Waits where there is nothing to do: the thread that writes is at it.
  void take_turn() {
    const ThinningStatus before = thinner_->status();
    const double begun_ms = thread_ms();
    if (!executor_.run_one()) return;
    const double took_ms = thread_ms() - begun_ms;
    const ThinningStatus& after = thinner_->status();
    (after.folded == before.folded ? others_ : commits_).ms.push_back(took_ms);
    ends_max_ = std::max(ends_max_, after.folded - before.folded);
    rows_max_ = std::max(rows_max_, after.rows - before.rows);
  }

  void report(uint64_t waited) {
    const ThinningStatus& status = thinner_->status();
    std::printf(
        "{\"topics\":%zu,\"waited\":%llu,\"folded\":%llu,\"rows\":%llu,\"changes\":%zu,\"ends_max\":%llu,"
        "\"rows_max\":%llu,\"commit_ms\":{\"p50\":%.2f,\"p99\":%.2f,\"max\":%.2f},"
        "\"other_ms\":{\"p50\":%.2f,\"p99\":%.2f,\"max\":%.2f}}\n",
        topics_, static_cast<unsigned long long>(waited), static_cast<unsigned long long>(status.folded),
        static_cast<unsigned long long>(status.rows), commits_.ms.size(),
        static_cast<unsigned long long>(ends_max_), static_cast<unsigned long long>(rows_max_),
        commits_.quantile(0.5), commits_.quantile(0.99), commits_.quantile(1), others_.quantile(0.5),
        others_.quantile(0.99), others_.quantile(1));
  }

  const size_t topics_;
  const int64_t minutes_;
  testing::ManualClock clock_;
  testing::ManualExecutor executor_;
  testing::RecordingLog log_;
  testing::RecordingStoreEvents events_;
  const std::shared_ptr<const core::Source> source_ = std::make_shared<core::Source>();
  const Thinner::BegunUpTo begun_ = [](store::QueueId, uint8_t) { return store::Seq{0}; };
  std::unique_ptr<store::DurableStore> store_;
  store::QueueId queue_ = 0;
  std::unique_ptr<Thinner> thinner_;
  Turns commits_;
  Turns others_;
  uint64_t ends_max_ = 0;
  uint64_t rows_max_ = 0;
};

}  // namespace
}  // namespace headgate::hub

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: thinning_bench DIR TOPICS [MINUTES=60]\n");
    return 2;
  }
  const size_t topics = std::strtoul(argv[2], nullptr, 10);
  const int64_t minutes = argc > 3 ? std::strtol(argv[3], nullptr, 10) : 60;
  {
    headgate::hub::Bench bench(argv[1], topics, minutes);
    bench.run();
  }
  std::filesystem::remove_all(argv[1]);
}
