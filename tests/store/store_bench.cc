// What the store costs at depth. For each N: append N messages of BODY bytes in groups of GROUP, each group
// synced; open again with all of it queued; read and finish everything; let it rest; measure the directory.
//
//   store_bench DIR [--body=200] [--group=500] [--mode=sync|memory] [N…]     (default 1000 100000 1000000)
//
// DIR is made, and removed after each N. Prints one line per N; costs are wall time on this machine.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "store/rocks_queue_store.h"
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

double cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
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
  size_t body_bytes = 200;
  size_t group = 500;
  Durability durability;
  std::vector<size_t> counts;
};

class Bench {
 public:
  explicit Bench(const Settings& settings) : settings_(settings) {
    options_.dir = settings.dir;
    options_.hub_id = "bench";
    options_.durability = settings.durability;
  }

  void run(size_t count) {
    std::filesystem::remove_all(settings_.dir);
    open();
    const QueueId queue = store_->open_queue("q").value();
    const double written_before = written_mib(), cpu_before = cpu_s();
    auto start = Clock::now();
    append(queue, count);
    const double append_s = seconds_since(start), append_cpu = cpu_s() - cpu_before;
    const double full_mib = dir_mib(settings_.dir), full_rss = rss_mib();
    store_.reset();
    start = Clock::now();
    open();
    const double open_s = seconds_since(start);
    start = Clock::now();
    const double cpu_drain = cpu_s();
    const size_t drained = drain(queue);
    const double drain_s = seconds_since(start), drain_cpu = cpu_s() - cpu_drain;
    const double drain_rss = rss_mib();
    rest();
    store_->close();
    store_.reset();
    const double amplification =
        (written_mib() - written_before) * (1 << 20) / static_cast<double>(count * settings_.body_bytes);
    std::printf("%9zu %9.0f %7.2f %9.0f %7.2f %8.1f %8.1f %8.1f %8.1f %8.2f %6.2f%s\n", count,
                static_cast<double>(count) / append_s, 1e6 * append_cpu / static_cast<double>(count),
                static_cast<double>(count) / drain_s, 1e6 * drain_cpu / static_cast<double>(count),
                open_s * 1e3, full_rss, drain_rss, full_mib, dir_mib(settings_.dir), amplification,
                drained == count ? "" : "  LOST");
    std::fflush(stdout);
    std::filesystem::remove_all(settings_.dir);
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

  // Two groups are under way at any time, as with publishers that wait for their PUBACK.
  void append(QueueId queue, size_t count) {
    core::Message message;
    message.topic = "plant/7/press/3/telemetry";
    message.arrived_ms = 1'700'000'000'000;
    const std::vector<Target> targets{{queue, kDefaultLane, 0, ""}};
    Seq last = 0, before = 0;
    for (size_t i = 0; i < count; ++i) {
      message.body = reading();
      last = store_->append(std::make_shared<core::Message>(message), targets).value();
      if ((i + 1) % settings_.group != 0) continue;
      executor_.run_until([&] { return events_.durable_up_to() >= before; });
      before = last;
    }
    executor_.run_until([&] { return events_.durable_up_to() >= last; });
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

  size_t drain(QueueId queue) {
    size_t count = 0;
    for (Seq after = 0;;) {
      const auto entries = store_->read(queue, kDefaultLane, after, {}, now_).value();
      if (entries.empty()) break;
      for (const Entry& entry : entries) store_->finish(queue, kDefaultLane, entry.seq, Outcome::delivered);
      after = entries.back().seq;
      count += entries.size();
      executor_.run_ready();
    }
    settle();
    return count;
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

  const Settings& settings_;
  StoreOptions options_;
  testing::ManualExecutor executor_;
  testing::RecordingLog log_;
  testing::RecordingStoreEvents events_;
  std::unique_ptr<QueueStore> store_;
  std::mt19937 noise_{1};
  core::Now now_{1'000, 1'700'000'000'000};
};

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg.starts_with("--body="))
      settings.body_bytes = std::stoul(arg.substr(7));
    else if (arg.starts_with("--group="))
      settings.group = std::stoul(arg.substr(8));
    else if (arg == "--mode=memory")
      settings.durability.mode = Durability::Mode::memory;
    else if (arg == "--mode=sync")
      settings.durability.mode = Durability::Mode::sync;
    else if (settings.dir.empty())
      settings.dir = arg;
    else
      settings.counts.push_back(std::stoul(arg));
  }
  if (settings.counts.empty()) settings.counts = {1'000, 100'000, 1'000'000};
  return settings;
}

}  // namespace
}  // namespace headgate::store

int main(int argc, char** argv) {
  const headgate::store::Settings settings = headgate::store::parse(argc, argv);
  if (settings.dir.empty()) {
    std::fprintf(stderr, "usage: store_bench DIR [--body=200] [--group=500] [--mode=sync|memory] [N...]\n");
    return 2;
  }
  headgate::store::Bench bench(settings);
  std::printf(
      "        N  append/s  us cpu   drain/s  us cpu  open ms RSS full RSS drn disk MiB drained  wr/pay\n");
  for (const size_t count : settings.counts) bench.run(count);
}
