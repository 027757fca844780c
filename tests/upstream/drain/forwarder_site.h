// A forwarder with the store, the link and the encoder that it works on, all of them doubles.
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
#include "upstream/drain/forwarder.h"

namespace headgate::testing {

inline upstream::UpstreamOptions small_batches() {
  upstream::UpstreamOptions options;
  options.batch = {.messages_max = 4,
                   .bytes_max = 100000,
                   .compressed_bytes_max = 50000,
                   .linger_ms = 1000,
                   .zstd_level = 1};
  options.chain.enabled = false;  // tests/upstream/chain has it
  options.no_subscriber =
      upstream::NoSubscriber::deliver;  // asks nobody first, see forwarder_audience_test.cc
  return options;
}

// A forwarder with a store and a link, all in one thread and one moment.
template <typename LinkType>
class Site : public store::StoreEvents {
 public:
  template <typename... LinkArguments>
  explicit Site(upstream::UpstreamOptions options, LinkArguments... arguments)
      : link(clock, arguments...), forwarder(store, queue, link, encoder, log, options, 42) {
    store.set_events(this);
    encoder.answer = [this](uint64_t job, core::Result<upstream::EncodedJob> made) {
      forwarder.on_encoded(job, std::move(made), clock.now());
    };
  }

  void on_durable(store::Seq up_to) override {
    forwarder.on_durable(up_to, clock.now());
    encode();
  }
  void on_available(store::QueueId) override {
    forwarder.on_available(clock.now());
    encode();
  }
  void on_failed(const core::Error&) override {}

  store::Seq append(uint8_t lane = 5, std::string body = "{\"v\":1}", int64_t lives_ms = 0) {
    auto message = std::make_shared<core::Message>();
    message->topic = "plant/1";
    message->body = std::move(body);
    message->arrived_ms = clock.now().wall_ms;
    message->arrived_hub_ms = clock.now().hub_ms;
    const int64_t expires_ms = lives_ms == 0 ? 0 : clock.now().hub_ms + lives_ms;
    const store::Target target{queue, lane, expires_ms, ""};
    const auto seq = store.append(message, std::span(&target, 1));
    executor.run_ready();
    return *seq;
  }
  void append_many(size_t count, uint8_t lane = 5) {
    for (size_t i = 0; i < count; ++i) append(lane);
  }

  void start() {
    forwarder.start(clock.now());
    settle();
  }
  void settle() {
    while (executor.run_ready() > 0 || encode() || deliver_one()) {
    }
  }
  // The next event of the link, and what is to be encoded because of it.
  bool deliver_one() {
    const bool any = link.deliver_one();
    encode();
    return any;
  }
  // Without it the test says when a batch is encoded.
  bool encodes_at_once = true;
  bool encode() { return encodes_at_once && encoder.finish_all(); }
  // Lets time pass, from deadline to deadline.
  void pass_ms(int64_t ms) {
    const int64_t end_ms = clock.now().mono_ms + ms;
    for (;;) {
      const int64_t next_ms = std::max(forwarder.next_deadline(), clock.now().mono_ms);
      clock.advance_ms(std::min(next_ms, end_ms) - clock.now().mono_ms);
      store.tick(clock.now());
      forwarder.on_tick(clock.now());
      settle();
      if (next_ms >= end_ms) return;
    }
  }

  [[nodiscard]] const store::QueueStats& stats() const { return store.stats(queue); }
  [[nodiscard]] upstream::ForwarderStatus status() const { return forwarder.status(clock.now()); }
  [[nodiscard]] std::vector<uint64_t> arrived() const {
    std::vector<uint64_t> seqs;
    for (const ReceivedBatch& batch : link.received) {
      for (const uint64_t seq : batch.seqs()) seqs.push_back(seq);
    }
    return seqs;
  }

  ManualClock clock;
  ManualExecutor executor;
  MemQueueStore store{executor};
  store::QueueId queue = *store.open_queue("$upstream", store::link_attributes());
  RecordingLog log;
  ManualEncoder encoder;
  LinkType link;
  upstream::Forwarder forwarder;
};

// Each lane's seqs in the order in which they arrived first.
inline std::map<int, std::vector<uint64_t>> first_arrivals(const std::vector<ReceivedBatch>& batches) {
  std::map<int, std::vector<uint64_t>> by_lane;
  std::set<uint64_t> seen;
  for (const ReceivedBatch& batch : batches) {
    for (const uint64_t seq : batch.seqs()) {
      if (seen.insert(seq).second) by_lane[batch.lane()].push_back(seq);
    }
  }
  return by_lane;
}

}  // namespace headgate::testing
