// The hub's side of a chain: a store that outlives the forwarders and links that come and go over it, and all that
// ever reached the broker.
#pragma once

#include <zstd.h>

#include <memory>
#include <nlohmann/json.hpp>
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

inline constexpr std::string_view kHeadTopic = "headgate/hub-1/batches/head/upstream";

// The text of the chain's mark behind a payload; empty if it has none.
inline std::string mark_of(std::string_view payload) {
  constexpr size_t kFrameHead = 8;
  const size_t frame = ZSTD_findFrameCompressedSize(payload.data(), payload.size());
  if (ZSTD_isError(frame) || payload.size() < frame + kFrameHead) return "";
  return std::string(payload.substr(frame + kFrameHead));
}

inline nlohmann::json mark_json(std::string_view payload) {
  const std::string text = mark_of(payload);
  return text.empty() ? nlohmann::json::object() : nlohmann::json::parse(text);
}

inline upstream::UpstreamOptions small_chained_batches() {
  upstream::UpstreamOptions options;
  options.batch = {.messages_max = 4,
                   .bytes_max = 100000,
                   .compressed_bytes_max = 50000,
                   .linger_ms = 1000,
                   .zstd_level = 1};
  options.no_subscriber = upstream::NoSubscriber::deliver;
  options.backoff = {.base_ms = 10, .cap_ms = 100};
  return options;
}

// A store that can have no room for values while too much waits for the disk.
class CrowdedStore : public MemQueueStore {
 public:
  using MemQueueStore::MemQueueStore;
  [[nodiscard]] core::Result<store::Seq> commit(const store::Change& change) override {
    if (!takes_values && !change.values.empty()) return core::fail(core::Errc::io, "too much waits");
    return MemQueueStore::commit(change);
  }
  bool takes_values = true;
};

class HubSide : public store::StoreEvents {
 public:
  static constexpr int kTicksAtOnceMax = 1000;  // more, and it would burn the CPU

  explicit HubSide(upstream::UpstreamOptions wanted = small_chained_batches()) : options(std::move(wanted)) {
    store.set_events(this);
    store.remember_commits();
    boot();
  }

  void on_durable(store::Seq up_to) override {
    forwarder->on_durable(up_to, clock.now());
    encode();
  }
  void on_available(store::QueueId) override {
    forwarder->on_available(clock.now());
    encode();
  }
  void on_failed(const core::Error&) override {}

  // A new process over what the store has; the broker's side stays.
  void boot() {
    while (encoder.waiting() > 0) encoder.drop(0);
    link = std::make_unique<RevivableLink>(clock);
    link->session = session;
    link->answer = [this](const ReceivedBatch& batch) {
      received.push_back(batch);
      return answer(batch);
    };
    forwarder = std::make_unique<upstream::Forwarder>(store, queue, *link, encoder, log, options, 42);
    encoder.answer = [this](uint64_t job, core::Result<upstream::EncodedJob> made) {
      forwarder->on_encoded(job, std::move(made), clock.now());
    };
    EXPECT_TRUE(forwarder->restore(key));
    forwarder->start(clock.now());
  }
  // Of this link and those to come.
  void drain_in(upstream::DrainOrder order) { link->session.order = session.order = order; }
  // kill -9: what was not written is lost.
  void kill() {
    for (const auto& [topic, payload] : link->announced) announced[topic] = payload;
    executor.drop_ready();
    store.lose_uncommitted();
    boot();
  }

  void append(size_t count, uint8_t lane = 5, int64_t lives_ms = 0) {
    enqueue(count, lane, lives_ms);
    executor.run_ready();
    encode();
  }
  // Not written yet.
  void enqueue(size_t count, uint8_t lane = 5, int64_t lives_ms = 0) {
    for (size_t i = 0; i < count; ++i) {
      auto message = std::make_shared<core::Message>();
      message->topic = "plant/1";
      message->body = "{\"v\":" + std::to_string(++appended) + "}";
      message->arrived_ms = clock.now().wall_ms;
      message->arrived_hub_ms = clock.now().hub_ms;
      const store::Target target{queue, lane, lives_ms == 0 ? 0 : clock.now().hub_ms + lives_ms, ""};
      const auto seq = store.append(std::move(message), std::span(&target, 1));
      ASSERT_TRUE(seq);
      appended_seqs.push_back(*seq);
    }
  }

  bool encode() { return encoder.finish_all(); }
  bool deliver_one() {
    const bool any = link->deliver_one();
    encode();
    return any;
  }
  void settle() {
    while (executor.run_ready() > 0 || encode() || deliver_one()) {
    }
    for (const auto& [topic, payload] : link->announced) announced[topic] = payload;
  }
  void pass_ms(int64_t ms) {
    const int64_t end_ms = clock.now().mono_ms + ms;
    for (int idle = 0;;) {
      const int64_t next_ms = std::max(forwarder->next_deadline(), clock.now().mono_ms);
      idle = next_ms > clock.now().mono_ms ? 0 : idle + 1;
      ASSERT_LT(idle, kTicksAtOnceMax) << "the forwarder asks to be called, and does nothing";
      clock.advance_ms(std::min(next_ms, end_ms) - clock.now().mono_ms);
      store.tick(clock.now());
      forwarder->on_tick(clock.now());
      settle();
      if (next_ms >= end_ms) return;
    }
  }

  // The numbers that reached the broker, in order, repetitions included.
  [[nodiscard]] std::vector<uint64_t> numbers() const {
    std::vector<uint64_t> found;
    for (const ReceivedBatch& batch : received) {
      if (const auto mark = mark_json(batch.payload); mark.contains("n")) found.push_back(mark["n"]);
    }
    return found;
  }
  [[nodiscard]] nlohmann::json head() const {
    const auto found = announced.find(std::string(kHeadTopic));
    return found == announced.end() ? nlohmann::json() : nlohmann::json::parse(found->second);
  }
  [[nodiscard]] upstream::ForwarderStatus status() const { return forwarder->status(clock.now()); }
  [[nodiscard]] uint64_t waiting() const { return store.stats(queue).waiting(); }

  upstream::UpstreamOptions options;
  std::string key;
  upstream::LinkUp session;  // of each link
  std::function<uint8_t(const ReceivedBatch&)> answer = [](const ReceivedBatch&) { return 0; };
  ManualClock clock;
  ManualExecutor executor;
  CrowdedStore store{executor};
  store::QueueId queue = *store.open_queue("$upstream", store::link_attributes());
  RecordingLog log;
  ManualEncoder encoder;
  std::unique_ptr<RevivableLink> link;
  std::unique_ptr<upstream::Forwarder> forwarder;
  std::vector<ReceivedBatch> received;
  std::map<std::string, std::string> announced;
  uint64_t appended = 0;
  std::vector<store::Seq> appended_seqs;
};

}  // namespace headgate::testing
