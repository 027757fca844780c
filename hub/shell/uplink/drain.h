// Runs the forwarder of one queue that goes upstream, with the thread that encodes for it. The link that it works on is
// the queue's port of the exchange.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/executor.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/engine/consumers.h"
#include "hub/observe/recorder/recorder.h"
#include "hub/shell/uplink/encoder_thread.h"
#include "store/queue_store.h"
#include "upstream/drain/forwarder.h"
#include "upstream/links/exchange.h"
#include "upstream/links/report.h"
#include "upstream/options.h"

namespace headgate::hub {

// Parts that every drain works with; borrowed.
struct DrainParts {
  core::Executor& executor;
  const core::Clock& clock;
  core::Log& log;
  store::QueueStore& store;
  Consumers& consumers;
  upstream::Exchange& exchange;
  Recorder& recorder;
};

class UpstreamDrain : private Consumer, private upstream::BatchWatcher {
 public:
  // `after_input` is called after everything that the forwarder is told, for the exchange and the timer to follow.
  UpstreamDrain(const DrainParts& parts, store::QueueId queue, const upstream::UpstreamOptions& options,
                std::function<void()> after_input);
  ~UpstreamDrain() override;
  UpstreamDrain(const UpstreamDrain&) = delete;
  UpstreamDrain& operator=(const UpstreamDrain&) = delete;

  // Before start(): see Forwarder::offer().
  void offer(upstream::DictionaryPtr dictionary) { forwarder_.offer(std::move(dictionary)); }
  // Becomes the consumer of the queue. `chain_key`: see Forwarder::restore(). Errors: unavailable, if the queue has
  // another; corrupt, of what the store keeps of the chain.
  [[nodiscard]] core::Status start(const core::DoubtfulStretches* doubtful, std::string chain_key);
  void tick() { forwarder_.on_tick(parts_.clock.now()); }
  void close(int64_t patience_ms) { forwarder_.close(parts_.clock.now(), patience_ms); }
  [[nodiscard]] bool closed() const { return forwarder_.closed(); }
  [[nodiscard]] int64_t next_deadline() const { return forwarder_.next_deadline(); }
  // The consumer of this queue's stream has said what it has.
  void on_notice(core::Bytes notice) { forwarder_.on_notice(notice, parts_.clock.now()); }
  [[nodiscard]] std::string stream() const;
  // Asks to be woken when plans are written that batches wait for. To be called after every input.
  void await_plans();
  [[nodiscard]] store::QueueId queue() const { return queue_; }
  [[nodiscard]] store::Seq begun_up_to(uint8_t lane) const { return forwarder_.begun_up_to(lane); }
  [[nodiscard]] upstream::QueueReport report() const;

 private:
  void on_ready(store::QueueId queue, bool more) override;
  void on_batch(const upstream::BatchStep& step, core::Now now) override;
  void on_encoded(uint64_t job, core::Result<upstream::EncodedJob> made);

  const DrainParts parts_;
  const store::QueueId queue_;
  const std::function<void()> after_input_;
  upstream::Port& port_;
  const std::unique_ptr<upstream::Encoder> encoder_;
  upstream::Forwarder forwarder_;
  store::Seq awaited_ = 0;  // asked for last
};

// Stream that the batches of a queue are of.
[[nodiscard]] std::string_view stream_of(std::string_view queue_name);

// Links that the routes of a queue name, by its name: "$upstream:fiber,lte".
[[nodiscard]] std::vector<std::string> links_of_queue(std::string_view queue_name);

}  // namespace headgate::hub
