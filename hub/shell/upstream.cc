#include "hub/shell/upstream.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

namespace headgate::hub {

UpstreamShell::UpstreamShell(boost::asio::io_context& io, core::Executor& executor, const core::Clock& clock,
                             core::Log& log, store::QueueStore& store, Consumers& consumers,
                             store::QueueId queue, const upstream::UpstreamOptions& options)
    : clock_(clock),
      consumers_(consumers),
      queue_(queue),
      link_(io, executor, clock, options.link),
      encoder_(executor, options.batch.zstd_level,
               [this](uint64_t job, core::Result<upstream::EncodedJob> made) {
                 on_encoded(job, std::move(made));
               }),
      forwarder_(store, queue, link_, encoder_, log, options, std::random_device{}()),
      timer_(io) {
  link_.set_events(this);
}

UpstreamShell::~UpstreamShell() { consumers_.remove(queue_, *this); }

core::Status UpstreamShell::start() {
  if (auto added = consumers_.add(queue_, kAllLanes, *this); !added) return added;
  forwarder_.start(clock_.now());
  arm();
  return {};
}

void UpstreamShell::on_ready(store::QueueId, bool) {
  forwarder_.on_available(clock_.now());
  arm();
}

void UpstreamShell::close(int64_t patience_ms) {
  forwarder_.close(clock_.now(), patience_ms);
  arm();
}

void UpstreamShell::on_link_up(const upstream::LinkUp& up, core::Now now) {
  forwarder_.on_link_up(up, now);
  arm();
}

void UpstreamShell::on_link_down(const upstream::LinkDown& down, core::Now now) {
  forwarder_.on_link_down(down, now);
  arm();
}

void UpstreamShell::on_acked(upstream::Token token, uint8_t reason_code, core::Now now) {
  forwarder_.on_acked(token, reason_code, now);
  arm();
}

void UpstreamShell::on_encoded(uint64_t job, core::Result<upstream::EncodedJob> made) {
  forwarder_.on_encoded(job, std::move(made), clock_.now());
  arm();
}

void UpstreamShell::arm() {
  const int64_t due_ms = forwarder_.next_deadline();
  if (due_ms == armed_for_ms_) return;
  armed_for_ms_ = due_ms;
  timer_.cancel();
  if (due_ms == upstream::Forwarder::kNever) return;
  timer_.expires_after(std::chrono::milliseconds(std::max<int64_t>(0, due_ms - clock_.now().mono_ms)));
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    armed_for_ms_ = upstream::Forwarder::kNever;
    forwarder_.on_tick(clock_.now());
    arm();
  });
}

}  // namespace headgate::hub
