// What the store costs at one depth, as a line of JSON. depth.py beside it runs this for several and
// compares.
//
//   store_bench DIR DEPTH [--queues=1] [--body=200] [--group=500] [--cycles=200]
//
// DIR is made, and removed at the end. It is filled with DEPTH messages over all queues, in groups that are
// each synced. Then, in each cycle: 1,000 messages are appended (timed), and 1,000 are read from the heads of
// the queues and finished (timed). The store remembers no message by itself here (tail_bytes 0): all are read
// from RocksDB. Then the store is opened five times (timed). At last everything is drained. An append
// costs CPU of all threads, a read that of the loop's.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "store/open.h"
#include "tests/support/manual_executor.h"
#include "tests/support/recording_log.h"
#include "tests/support/recording_store_events.h"

namespace headgate::store {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double rss_mib() {
  std::ifstream statm("/proc/self/statm");
  long total = 0, resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

// Bytes this process sent to the disk.
double written_mib() {
  std::ifstream io("/proc/self/io");
  std::string name;
  double value = 0;
  while (io >> name >> value) {
    if (name == "write_bytes:") return value / (1 << 20);
  }
  return 0;
}

double cpu_s(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Space taken on disk, as du counts it.
double dir_mib(const std::string& dir) {
  double blocks = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(dir)) {
    struct stat status {};
    if (::stat(file.path().c_str(), &status) == 0) blocks += static_cast<double>(status.st_blocks);
  }
  return blocks * 512 / (1 << 20);
}

struct Settings {
  std::string dir;
  size_t depth = 0;
  size_t queues = 1;
  size_t body_bytes = 200;
  size_t group = 500;
  size_t cycles = 200;
};

// CPU and wall time of what is done between start() and stop(), summed.
class Cost {
 public:
  // RUSAGE_SELF: of all threads; RUSAGE_THREAD: of the loop's.
  explicit Cost(int who = RUSAGE_SELF) : who_(who) {}
  void start() {
    cpu_before_ = cpu_s(who_);
    started_ = Clock::now();
  }
  void stop() {
    seconds += seconds_since(started_);
    cpu += cpu_s(who_) - cpu_before_;
  }
  double seconds = 0;
  double cpu = 0;

 private:
  int who_;
  Clock::time_point started_;
  double cpu_before_ = 0;
};

double micro(double seconds, size_t count) { return 1e6 * seconds / static_cast<double>(count); }

class Bench {
 public:
  explicit Bench(const Settings& settings) : settings_(settings) {
    options_.dir = settings.dir;
    options_.hub_id = "bench";
    options_.cache_bytes = 16u << 20;
    options_.tail_bytes = 0;
    options_.space = {};
  }

  // False if a message is missing.
  bool run() {
    std::filesystem::remove_all(settings_.dir);
    open();
    for (size_t i = 0; i < settings_.queues; ++i)
      (void)store_->open_queue("q" + std::to_string(i), {}).value();
    const double written_before = written_mib();
    Cost fill;
    fill.start();
    append(settings_.depth);
    fill.stop();
    rest();
    const double full_mib = dir_mib(settings_.dir), full_rss = rss_mib();
    Cost appends, opens;
    Cost reads(RUSAGE_THREAD);  // what others do meanwhile belongs to the appends
    for (size_t i = 0; i < settings_.cycles; ++i) cycle(appends, reads);
    for (size_t i = 0; i < kOpens; ++i) reopen(opens);
    const double deep_rss = rss_mib();
    const size_t drained = drain(settings_.depth);
    rest();
    store_->close();
    store_.reset();
    const double messages = static_cast<double>(settings_.depth + settings_.cycles * kSample);
    const double payload_mib = messages * static_cast<double>(settings_.body_bytes) / (1 << 20);
    std::printf(
        R"({"depth":%zu,"queues":%zu,"fill_per_s":%.0f,"append_us":%.3f,"read_us":%.3f,"open_ms":%.1f,)"
        R"("rss_full_mib":%.1f,"rss_mib":%.1f,"disk_mib":%.1f,"disk_drained_mib":%.1f,"written_per_payload":%.2f,)"
        R"("lost":%zu})"
        "\n",
        settings_.depth, settings_.queues, static_cast<double>(settings_.depth) / fill.seconds,
        micro(appends.cpu, settings_.cycles * kSample), micro(reads.cpu, settings_.cycles * kSample),
        1e3 * opens.seconds / kOpens, full_rss, deep_rss, full_mib, dir_mib(settings_.dir),
        (written_mib() - written_before) / payload_mib, settings_.depth - drained);
    std::filesystem::remove_all(settings_.dir);
    return drained == settings_.depth;
  }

 private:
  void open() {
    events_ = {};
    auto opened = open_queue_store(options_, executor_, log_);
    if (!opened) {
      std::fprintf(stderr, "%s\n", opened.error().what.c_str());
      std::exit(1);
    }
    store_ = *std::move(opened);
    store_->set_events(&events_);
  }

  void cycle(Cost& appends, Cost& reads) {
    appends.start();
    append(kSample);
    appends.stop();
    reads.start();
    if (drain(kSample) != kSample) std::fprintf(stderr, "messages are missing\n");
    reads.stop();
  }

  void reopen(Cost& opens) {
    store_->close();
    store_.reset();
    opens.start();
    open();
    opens.stop();
  }

  // In turn to each queue. Two groups are under way at any time, as with publishers that wait for their
  // PUBACK.
  void append(size_t count) {
    core::Message message;
    message.topic = "plant/7/press/3/telemetry";
    message.arrived_ms = 1'700'000'000'000;
    Seq last = 0, before = 0;
    for (size_t i = 0; i < count; ++i) {
      message.body = reading();
      const std::vector<Target> targets{{queue_of(to_++), kDefaultLane, 0, ""}};
      last = store_->append(std::make_shared<core::Message>(message), targets).value();
      if ((i + 1) % settings_.group != 0) continue;
      executor_.run_until([&] { return events_.durable_up_to() >= before; });
      before = last;
    }
    executor_.run_until([&] { return events_.durable_up_to() >= last; });
  }

  QueueId queue_of(size_t number) const {
    return *store_->find_queue("q" + std::to_string(number % settings_.queues));
  }

  // A JSON reading of body_bytes with noise in its numbers, so that it compresses as telemetry does.
  std::string reading() {
    std::string body = R"({"machine":{"id":"press-3","temperature":)";
    while (body.size() + 2 < settings_.body_bytes) {
      body += std::to_string(noise_() % 100'000);
      body += R"(,"pressure":1.)";
    }
    body.resize(settings_.body_bytes - 2);
    return body + "}}";
  }

  // Reads and finishes `count` messages, queue by queue in turn; returns how many there were.
  size_t drain(size_t count) {
    size_t done = 0;
    for (size_t empty = 0; done < count && empty < settings_.queues;) {
      const QueueId queue = queue_of(from_++);
      const size_t most = std::min<size_t>(256, count - done);
      const auto entries = store_->read(queue, kDefaultLane, 0, {.messages = most}, now_).value();
      for (const Entry& entry : entries) store_->finish(queue, kDefaultLane, entry.seq, Outcome::delivered);
      done += entries.size();
      empty = entries.empty() ? empty + 1 : 0;
      executor_.run_ready();
    }
    settle();
    return done;
  }

  void settle() {
    const Seq seq = store_->put({}).value();
    executor_.run_until([&] { return events_.durable_up_to() >= seq; });
  }

  void rest() {
    for (int second = 0; second < 15; ++second) {
      now_.mono_ms += 1'000;
      store_->tick(now_);
      settle();
      ::usleep(20'000);
    }
  }

  static constexpr size_t kOpens = 5;
  static constexpr size_t kSample = 1'000;

  const Settings& settings_;
  StoreOptions options_;
  testing::ManualExecutor executor_;
  testing::RecordingLog log_;
  testing::RecordingStoreEvents events_;
  std::unique_ptr<QueueStore> store_;
  std::mt19937 noise_{1};
  core::Now now_{1'000, 1'700'000'000'000};
  size_t to_ = 0;    // the queue that gets the next message
  size_t from_ = 0;  // the queue that is read next
};

std::optional<Settings> parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg.starts_with("--queues="))
      settings.queues = std::stoul(arg.substr(9));
    else if (arg.starts_with("--body="))
      settings.body_bytes = std::stoul(arg.substr(7));
    else if (arg.starts_with("--group="))
      settings.group = std::stoul(arg.substr(8));
    else if (arg.starts_with("--cycles="))
      settings.cycles = std::stoul(arg.substr(9));
    else if (settings.dir.empty())
      settings.dir = arg;
    else
      settings.depth = std::stoul(arg);
  }
  if (settings.dir.empty() || settings.depth == 0) return std::nullopt;
  return settings;
}

}  // namespace
}  // namespace headgate::store

int main(int argc, char** argv) {
  const auto settings = headgate::store::parse(argc, argv);
  if (!settings) {
    std::fprintf(stderr,
                 "usage: store_bench DIR DEPTH [--queues=1] [--body=200] [--group=500] [--cycles=200]\n");
    return 2;
  }
  return headgate::store::Bench(*settings).run() ? 0 : 1;
}
