// Links upstream with names, and queues that go over them, with store, links and encoders that are doubles: all in one
// thread and one moment.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/manual_clock.h"
#include "tests/support/manual_encoder.h"
#include "tests/support/manual_executor.h"
#include "tests/support/mem_queue_store.h"
#include "tests/support/recording_log.h"
#include "tests/support/scripted_links.h"
#include "tests/upstream/drain/forwarder_site.h"
#include "upstream/drain/forwarder.h"
#include "upstream/links/exchange.h"

namespace headgate::testing {

template <typename LinkType>
class CrossingOf : public store::StoreEvents {
 public:
  using Named = std::vector<upstream::NamedLink>;

  explicit CrossingOf(const Named& named, upstream::UpstreamOptions options = options_of_links(),
                      const upstream::GateWorld& world = remembering())
      : options_(std::move(options)), exchange(options_, log) {
    store.set_events(this);
    for (const upstream::NamedLink& one : named) {
      auto& link = links[one.name];
      link = std::make_unique<LinkType>(clock);
      exchange.add(one, *link, 42, world);
    }
    for (const auto& carrier : exchange.carriers())
      carrier->after_event([this] { exchange.step(clock.now()); });
  }

  // Durable at once.
  static upstream::GateWorld remembering() {
    const auto record = std::make_shared<std::string>();
    return {.save = [record](const std::string& text) { *record = text; },
            .saved = [record] { return *record; }};
  }
  static upstream::UpstreamOptions options_of_links() {
    upstream::UpstreamOptions options = small_batches();
    options.link_waits = true;
    return options;
  }
  static upstream::NamedLink named(std::string name, upstream::LinkTerms terms = {}) {
    upstream::NamedLink link;
    link.name = std::move(name);
    link.terms = std::move(terms);
    return link;
  }

  // A queue that goes over these links, and its forwarder.
  store::QueueId add_queue(const std::string& name, const std::vector<std::string>& over = {}) {
    const store::QueueId queue = *store.open_queue(name, store::link_attributes());
    upstream::Port& port = exchange.add_port(over, [this, queue] { return waiting_lanes(queue); });
    Way& way = ways_[queue];
    way.port = &port;
    upstream::UpstreamOptions options = options_;
    options.stream = name.substr(1);
    way.forwarder =
        std::make_unique<upstream::Forwarder>(store, queue, port, way.encoder, log, std::move(options), 42);
    way.encoder.answer = [this, &way](uint64_t job, core::Result<upstream::EncodedJob> made) {
      way.forwarder->on_encoded(job, std::move(made), clock.now());
    };
    port.on_room([&way](core::Now now) { way.forwarder->on_available(now); });
    EXPECT_TRUE(way.forwarder->restore(""));
    way.forwarder->start(clock.now());
    settle();
    return queue;
  }

  // `lives_ms` 0: for ever.
  store::Seq append(store::QueueId queue, uint8_t lane = 5, std::string body = "{\"v\":1}",
                    int64_t lives_ms = 0) {
    auto message = std::make_shared<core::Message>();
    message->topic = "plant/1";
    message->body = std::move(body);
    message->arrived_ms = clock.now().wall_ms;
    message->arrived_hub_ms = clock.now().hub_ms;
    const store::Target target{queue, lane, lives_ms == 0 ? 0 : clock.now().hub_ms + lives_ms, ""};
    const auto seq = store.append(message, std::span(&target, 1));
    executor.run_ready();
    return *seq;
  }
  void append_many(store::QueueId queue, size_t count, uint8_t lane = 5) {
    for (size_t i = 0; i < count; ++i) append(queue, lane);
  }

  void settle() {
    do {
      exchange.step(clock.now());
    } while (executor.run_ready() > 0 || encode() || deliver_one());
  }
  // Lets time pass, from deadline to deadline, and a look each second.
  void pass_ms(int64_t ms) {
    const int64_t end_ms = clock.now().mono_ms + ms;
    settle();
    while (clock.now().mono_ms < end_ms) {
      int64_t next_ms = std::min(exchange.next_deadline(), clock.now().mono_ms + 1000);
      for (const auto& [queue, way] : ways_) next_ms = std::min(next_ms, way.forwarder->next_deadline());
      if constexpr (requires(LinkType link) { link.next_deadline(); })
        for (const auto& [name, link] : links) next_ms = std::min(next_ms, link->next_deadline());
      clock.advance_ms(std::clamp<int64_t>(next_ms - clock.now().mono_ms, 1, end_ms - clock.now().mono_ms));
      store.tick(clock.now());
      for (const auto& [queue, way] : ways_) way.forwarder->on_tick(clock.now());
      settle();
    }
  }

  [[nodiscard]] LinkType& link(const std::string& name) { return *links.at(name); }
  [[nodiscard]] const upstream::Carrier& carrier(const std::string& name) const {
    return **std::ranges::find_if(exchange.carriers(),
                                  [&](const auto& one) { return one->named().name == name; });
  }
  // Where a queue goes; empty: nowhere.
  [[nodiscard]] std::string way_of(store::QueueId queue) const {
    const upstream::Carrier* const carrier = ways_.at(queue).port->carrier();
    return carrier == nullptr ? "" : carrier->named().name;
  }
  [[nodiscard]] std::multiset<uint64_t> arrived_over(const std::string& name) const {
    std::multiset<uint64_t> seqs;
    for (const ReceivedBatch& batch : links.at(name)->received)
      for (const uint64_t seq : batch.seqs()) seqs.insert(seq);
    return seqs;
  }
  [[nodiscard]] uint64_t waiting(store::QueueId queue) const { return store.stats(queue).waiting(); }
  // Nothing waits in any queue, nor is any loss to be declared.
  [[nodiscard]] bool is_over() const {
    return std::ranges::all_of(
        ways_, [this](const auto& way) { return waiting(way.first) == 0 && store.gaps(way.first).empty(); });
  }
  [[nodiscard]] store::Seq begun_up_to(store::QueueId queue, uint8_t lane) const {
    return ways_.at(queue).forwarder->begun_up_to(lane);
  }

 private:
  struct Way {
    upstream::Port* port = nullptr;
    ManualEncoder encoder;
    std::unique_ptr<upstream::Forwarder> forwarder;
  };

  void on_durable(store::Seq up_to) override {
    for (auto& [queue, way] : ways_) way.forwarder->on_durable(up_to, clock.now());
    exchange.step(clock.now());
  }
  void on_available(store::QueueId queue) override {
    ways_.at(queue).forwarder->on_available(clock.now());
    exchange.step(clock.now());
  }
  void on_failed(const core::Error&) override {}

  bool encode() {
    bool any = false;
    for (auto& [queue, way] : ways_) any = way.encoder.finish_all() || any;
    return any;
  }
  bool deliver_one() {
    return std::ranges::any_of(links, [](const auto& link) { return link.second->deliver_one(); });
  }
  upstream::WantedLanes waiting_lanes(store::QueueId queue) {
    unsigned lanes = store.gaps(queue).empty() ? 0 : 1U << (store::kLaneCount - 1);
    for (uint8_t lane = 0; lane < store::kLaneCount; ++lane)
      if (store.stats(queue).lanes[lane].waiting > 0) lanes |= 1U << lane;
    return static_cast<upstream::WantedLanes>(lanes);
  }

  const upstream::UpstreamOptions options_;

 public:
  ManualClock clock;
  ManualExecutor executor;
  MemQueueStore store{executor};
  RecordingLog log;
  std::map<std::string, std::unique_ptr<LinkType>> links;
  upstream::Exchange exchange;

 private:
  std::map<store::QueueId, Way> ways_;
};

using Crossing = CrossingOf<RevivableLink>;

}  // namespace headgate::testing
