// Runs the forwarder on the loop: its link, its queue, the thread that encodes for it, and the one timer it asks
// for.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/clock.h"
#include "core/executor.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/engine/consumers.h"
#include "hub/shell/encoder_thread.h"
#include "store/queue_store.h"
#include "upstream/drain/forwarder.h"
#include "upstream/link/link.h"
#include "upstream/link/mosquitto_link.h"
#include "upstream/options.h"

namespace headgate::hub {

// Stands between link and queue on one side and the forwarder on the other, so that the timer follows every
// input of the forwarder.
class UpstreamShell : private upstream::LinkEvents, private Consumer {
 public:
  // Everything is borrowed and must outlive the shell. `queue` is the one to forward.
  UpstreamShell(boost::asio::io_context& io, core::Executor& executor, const core::Clock& clock,
                core::Log& log, store::QueueStore& store, Consumers& consumers, store::QueueId queue,
                const upstream::UpstreamOptions& options);
  ~UpstreamShell() override;
  UpstreamShell(const UpstreamShell&) = delete;
  UpstreamShell& operator=(const UpstreamShell&) = delete;

  // Becomes the consumer of the queue, and connects. Error: unavailable, if the queue has another consumer.
  [[nodiscard]] core::Status start();
  void doubt(const core::DoubtfulStretches* doubtful) { forwarder_.doubt(doubtful); }
  void close(int64_t patience_ms);
  [[nodiscard]] bool closed() const { return forwarder_.closed(); }
  [[nodiscard]] upstream::ForwarderStatus status() const { return forwarder_.status(clock_.now()); }

 private:
  void on_ready(store::QueueId queue, bool more) override;
  void on_link_up(const upstream::LinkUp& up, core::Now now) override;
  void on_link_down(const upstream::LinkDown& down, core::Now now) override;
  void on_acked(upstream::Token token, uint8_t reason_code, core::Now now) override;
  void on_encoded(uint64_t job, core::Result<upstream::EncodedJob> made);
  void arm();

  const core::Clock& clock_;
  Consumers& consumers_;
  store::QueueId queue_;
  upstream::MosquittoLink link_;
  EncoderThread encoder_;
  upstream::Forwarder forwarder_;
  boost::asio::steady_timer timer_;
  int64_t armed_for_ms_ = upstream::Forwarder::kNever;
};

}  // namespace headgate::hub
