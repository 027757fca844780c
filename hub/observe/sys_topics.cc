#include "hub/observe/sys_topics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <utility>

namespace headgate::hub {
namespace {

uint64_t dropped(const SysSnapshot& snapshot) {
  return std::accumulate(snapshot.drops.begin(), snapshot.drops.end(), uint64_t{0});
}

struct Count {
  std::string_view name;
  uint64_t (*of)(const SysSnapshot& snapshot);
};

constexpr std::array<Count, 35> kCounts = {{
    {"broker/clients/connected", [](const SysSnapshot& s) { return s.clients_connected; }},
    {"broker/clients/active", [](const SysSnapshot& s) { return s.clients_connected; }},  // its old name
    {"broker/clients/disconnected",
     [](const SysSnapshot& s) { return s.clients_total - s.clients_connected; }},
    {"broker/clients/inactive", [](const SysSnapshot& s) { return s.clients_total - s.clients_connected; }},
    {"broker/clients/total", [](const SysSnapshot& s) { return s.clients_total; }},
    {"broker/clients/maximum", [](const SysSnapshot& s) { return s.clients_max; }},
    {"broker/clients/expired", [](const SysSnapshot& s) { return s.sessions_expired; }},
    {"broker/messages/received", [](const SysSnapshot& s) { return s.traffic.packets_in; }},
    {"broker/messages/sent", [](const SysSnapshot& s) { return s.traffic.packets_out; }},
    {"broker/messages/stored", [](const SysSnapshot& s) { return s.waiting + s.retained; }},  // its old name
    {"broker/store/messages/count", [](const SysSnapshot& s) { return s.waiting + s.retained; }},
    {"broker/store/messages/bytes", [](const SysSnapshot& s) { return s.waiting_bytes; }},
    {"broker/publish/messages/received", [](const SysSnapshot& s) { return s.traffic.publishes_in; }},
    {"broker/publish/messages/sent", [](const SysSnapshot& s) { return s.traffic.publishes_out; }},
    {"broker/publish/messages/dropped", dropped},
    {"broker/publish/bytes/received", [](const SysSnapshot& s) { return s.traffic.publish_bytes_in; }},
    {"broker/publish/bytes/sent", [](const SysSnapshot& s) { return s.traffic.publish_bytes_out; }},
    {"broker/bytes/received", [](const SysSnapshot& s) { return s.traffic.bytes_in; }},
    {"broker/bytes/sent", [](const SysSnapshot& s) { return s.traffic.bytes_out; }},
    {"broker/retained messages/count", [](const SysSnapshot& s) { return s.retained; }},
    {"broker/subscriptions/count", [](const SysSnapshot& s) { return s.subscriptions; }},
    {"broker/shared_subscriptions/count", [](const SysSnapshot& s) { return s.shared_subscriptions; }},
    {"broker/heap/current", [](const SysSnapshot& s) { return s.heap_bytes; }},
    {"headgate/queues/count", [](const SysSnapshot& s) { return s.queues; }},
    {"headgate/queues/waiting", [](const SysSnapshot& s) { return s.waiting; }},
    {"headgate/queues/waiting_bytes", [](const SysSnapshot& s) { return s.waiting_bytes; }},
    {"headgate/queues/dead", [](const SysSnapshot& s) { return s.dead; }},
    {"headgate/store/memory/bytes", [](const SysSnapshot& s) { return s.memory.bytes(); }},
    {"headgate/store/memory/bytes_max", [](const SysSnapshot& s) { return s.memory.bytes_max(); }},
    {"headgate/store/memory/cache", [](const SysSnapshot& s) { return s.memory.cache.bytes; }},
    {"headgate/store/memory/memtables", [](const SysSnapshot& s) { return s.memory.memtables.bytes; }},
    {"headgate/store/memory/tail", [](const SysSnapshot& s) { return s.memory.tail.bytes; }},
    {"headgate/store/memory/index", [](const SysSnapshot& s) { return s.memory.index.bytes; }},
    {"headgate/store/memory/in_flight", [](const SysSnapshot& s) { return s.memory.in_flight.bytes; }},
    {"headgate/publish/denied", [](const SysSnapshot& s) { return s.publishes_denied; }},
}};

constexpr std::array<Count, 9> kLoads = {{
    {"messages/received", [](const SysSnapshot& s) { return s.traffic.packets_in; }},
    {"messages/sent", [](const SysSnapshot& s) { return s.traffic.packets_out; }},
    {"publish/received", [](const SysSnapshot& s) { return s.traffic.publishes_in; }},
    {"publish/sent", [](const SysSnapshot& s) { return s.traffic.publishes_out; }},
    {"publish/dropped", dropped},
    {"bytes/received", [](const SysSnapshot& s) { return s.traffic.bytes_in; }},
    {"bytes/sent", [](const SysSnapshot& s) { return s.traffic.bytes_out; }},
    {"sockets", [](const SysSnapshot& s) { return s.sockets; }},
    {"connections", [](const SysSnapshot& s) { return s.traffic.connects_in; }},
}};

struct Span {
  std::string_view name;
  double seconds;
};
constexpr std::array<Span, 3> kSpans = {{{"1min", 60}, {"5min", 300}, {"15min", 900}}};

std::string two_digits(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

}  // namespace

std::string counter_name(std::string_view reason) {
  std::string name(reason);
  std::ranges::replace(name, ' ', '_');
  return name;
}

void SysTopics::set(std::string name, std::string value) {
  name.insert(0, "$SYS/");
  const auto [known, is_new] = values_.try_emplace(std::move(name));
  if (!is_new && known->second == value) return;
  known->second = std::move(value);
  changed_.push_back({known->first, known->second});
}

std::vector<SysTopic> SysTopics::update(const SysSnapshot& snapshot, core::Now now) {
  set("broker/version", "headgate version " + snapshot.version);
  set("broker/uptime", std::to_string(snapshot.uptime_s) + " seconds");
  for (const Count& count : kCounts) set(std::string(count.name), std::to_string(count.of(snapshot)));
  heap_bytes_max_ = std::max(heap_bytes_max_, snapshot.heap_bytes);
  set("broker/heap/maximum", std::to_string(heap_bytes_max_));
  set_loads(snapshot, now);
  set("headgate/publish/refused", std::to_string(snapshot.publishes_refused));
  set("headgate/durability", snapshot.durability);
  set("headgate/store/state", snapshot.store_state);
  set("headgate/link/state", snapshot.link_state);
  for (size_t i = 0; i < snapshot.drops.size(); ++i)
    set("headgate/dropped/" + counter_name(broker::kDropReasonNames[i]), std::to_string(snapshot.drops[i]));
  for (const auto& [reason, count] : snapshot.closed)
    set("headgate/closed/" + counter_name(reason), std::to_string(count));
  for (const auto& [reason, count] : snapshot.refused)
    set("headgate/refused/" + counter_name(reason), std::to_string(count));
  return std::exchange(changed_, {});
}

void SysTopics::set_loads(const SysSnapshot& snapshot, core::Now now) {
  loads_.resize(kLoads.size());
  // The first update stands for all the time since the start.
  const double passed_s = updated_ms_ < 0 ? static_cast<double>(snapshot.uptime_s)
                                          : static_cast<double>(now.mono_ms - updated_ms_) / 1000;
  updated_ms_ = now.mono_ms;
  for (size_t i = 0; i < kLoads.size(); ++i) {
    Load& load = loads_[i];
    const uint64_t counted = kLoads[i].of(snapshot);
    const double rate = passed_s > 0 ? static_cast<double>(counted - load.counted) * 60 / passed_s : 0;
    if (passed_s > 0) load.counted = counted;
    for (size_t span = 0; span < kSpans.size(); ++span) {
      double& average = load.averages[span];
      average = rate + std::exp(-passed_s / kSpans[span].seconds) * (average - rate);
      std::string name = "broker/load/" + std::string(kLoads[i].name) + "/" + std::string(kSpans[span].name);
      set(std::move(name), two_digits(average));
    }
  }
}

}  // namespace headgate::hub
