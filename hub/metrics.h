// The table of metrics: one row for everything that the hub counts and shows. `$SYS` and the numbers of
// `headgate status` are read from it. A new metric is a number that some part counts, and a row here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hub/observe/log_gate.h"
#include "hub/observe/metric.h"
#include "hub/observe/scrape/samples.h"
#include "store/queue_store.h"
#include "store/report/stats.h"
#include "upstream/links/report.h"

namespace headgate::broker {
class Admission;
}

namespace headgate::hub {

class Engine;
struct WorkloadCounts;

struct QueueTotals {
  uint64_t queues = 0;
  uint64_t waiting = 0;
  uint64_t waiting_bytes = 0;
  uint64_t dead = 0;          // of the queues that there are
  uint64_t dead_letters = 0;  // that wait to be replayed or purged
};
[[nodiscard]] QueueTotals queue_totals(const store::QueueReader& store);

// The parts that rows read, borrowed for one turn of the loop, so that all values are of one moment.
struct Sources {
  const Engine& engine;
  const broker::Admission* admission = nullptr;  // null: nobody watches the door
  const WorkloadCounts* workload = nullptr;      // null: no module has a socket
  QueueTotals queues = {};
  uint64_t queued_bytes_max = 0;    // 0 = no limit
  uint64_t buffered_bytes_max = 0;  // of one session
  store::StoreMemory memory = {};
  store::DiskState disk = {};
  LogStats log = {};
  store::QueueReader* store = nullptr;                    // null: queues are not looked at one by one
  const core::Histogram* sync_times = nullptr;            // null: the store counts none
  core::Now now = {};                                     // of `store`
  std::optional<upstream::UpstreamReport> upstream = {};  // nullopt: the config has no link upstream
  std::string version = {};
  std::string durability = {};  // as the config writes it
  int64_t uptime_s = 0;
  bool clock_right = true;
  uint64_t (*heap_bytes)() = [] { return uint64_t{0}; };  // not cheap, so only called when it is asked for
};

[[nodiscard]] std::span<const Metric> metrics();

// Reads the wanted rows. Loop thread; no I/O.
[[nodiscard]] Readings read_metrics(const Sources& sources, bool (*wanted)(const Metric&));

// Copies everything for GET /metrics. Loop thread; no I/O.
[[nodiscard]] Scrape scrape(const Sources& sources);

// The links together as operators see them: the best state of any.
enum class LinkState : uint8_t { off, connecting, connected, waiting, idle };
[[nodiscard]] constexpr std::string_view name_of(LinkState state) {
  switch (state) {
    case LinkState::off:
      return "off";
    case LinkState::connecting:
      return "connecting";
    case LinkState::connected:
      return "connected";
    case LinkState::waiting:
      return "waiting";
    case LinkState::idle:
      return "idle";
  }
  return {};
}
[[nodiscard]] LinkState link_state(const std::optional<upstream::UpstreamReport>& upstream);

}  // namespace headgate::hub
