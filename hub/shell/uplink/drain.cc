#include "hub/shell/uplink/drain.h"

#include <random>
#include <utility>

#include "upstream/payload/passthrough.h"

namespace headgate::hub {
namespace {

// Lanes that have something to go. Losses go with the last of them.
upstream::WantedLanes waiting_lanes(const store::QueueStore& store, store::QueueId queue) {
  if (store.is_paused(queue)) return 0;
  unsigned lanes = store.gaps(queue).empty() ? 0 : 1U << (store::kLaneCount - 1);
  const store::QueueStats& stats = store.stats(queue);
  for (uint8_t lane = 0; lane < store::kLaneCount; ++lane)
    if (stats.lanes[lane].waiting > 0) lanes |= 1U << lane;
  return static_cast<upstream::WantedLanes>(lanes);
}

upstream::UpstreamOptions options_for(upstream::UpstreamOptions options, std::string_view queue_name) {
  options.link_waits = true;
  options.link.in_flight_max = UINT16_MAX;  // each link has its own window
  options.stream = stream_of(queue_name);
  return upstream::fit_to_mode(std::move(options));
}

std::unique_ptr<upstream::Encoder> encoder_for(core::Executor& executor,
                                               const upstream::UpstreamOptions& options,
                                               EncoderThread::Answer answer) {
  if (options.mode == upstream::Mode::passthrough)
    return std::make_unique<upstream::PassthroughEncoder>(executor, std::move(answer));
  return std::make_unique<EncoderThread>(executor, options.batch.zstd_level, std::move(answer));
}

}  // namespace

// Seqs are of the hub, numbers of batches are of a stream: each queue has one.
std::string_view stream_of(std::string_view queue_name) { return queue_name.substr(1); }

std::vector<std::string> links_of_queue(std::string_view queue_name) {
  std::vector<std::string> links;
  size_t end = queue_name.find(':');
  while (end != std::string_view::npos) {
    queue_name.remove_prefix(end + 1);
    end = queue_name.find(',');
    links.emplace_back(queue_name.substr(0, end));
  }
  return links;
}

UpstreamDrain::UpstreamDrain(const DrainParts& parts, store::QueueId queue,
                             const upstream::UpstreamOptions& options, std::function<void()> after_input)
    : parts_(parts),
      queue_(queue),
      after_input_(std::move(after_input)),
      port_(parts.exchange.add_port(links_of_queue(parts.store.stats(queue).name),
                                    [&store = parts.store, queue] { return waiting_lanes(store, queue); })),
      encoder_(encoder_for(parts.executor, options,
                           [this](uint64_t job, core::Result<upstream::EncodedJob> made) {
                             on_encoded(job, std::move(made));
                           })),
      forwarder_(parts.store, queue, port_, *encoder_, parts.log,
                 options_for(options, parts.store.stats(queue).name), std::random_device{}()) {
  forwarder_.watch(this);
  port_.on_room([this](core::Now now) { forwarder_.on_available(now); });
}

UpstreamDrain::~UpstreamDrain() {
  parts_.consumers.remove(queue_, *this);
  parts_.exchange.remove(port_);
}

core::Status UpstreamDrain::start(const core::DoubtfulStretches* doubtful, std::string chain_key) {
  if (auto restored = forwarder_.restore(std::move(chain_key)); !restored) return restored;
  if (auto added = parts_.consumers.add(queue_, kAllLanes, *this); !added) return added;
  forwarder_.doubt(doubtful);
  forwarder_.start(parts_.clock.now());
  return {};
}

void UpstreamDrain::on_ready(store::QueueId, bool) {
  forwarder_.on_durable(parts_.consumers.durable(), parts_.clock.now());
  after_input_();
}

void UpstreamDrain::on_batch(const upstream::BatchStep& step, core::Now now) {
  parts_.recorder.on_batch(queue_, step, now.wall_ms);
}

void UpstreamDrain::await_plans() {
  const store::Seq awaited = forwarder_.awaited_seq();
  if (awaited != 0 && awaited != awaited_) parts_.consumers.wake_when_durable(queue_, *this, awaited);
  awaited_ = awaited;
}

void UpstreamDrain::on_encoded(uint64_t job, core::Result<upstream::EncodedJob> made) {
  forwarder_.on_encoded(job, std::move(made), parts_.clock.now());
  after_input_();
}

std::string UpstreamDrain::stream() const { return std::string(stream_of(parts_.store.stats(queue_).name)); }

upstream::QueueReport UpstreamDrain::report() const {
  const upstream::Carrier* const carrier = port_.carrier();
  upstream::QueueReport report{
      parts_.store.stats(queue_).name, "", {}, forwarder_.status(parts_.clock.now())};
  if (carrier != nullptr) report.link = carrier->named().name;
  for (const upstream::Carrier* const one : port_.carriers()) report.links.push_back(one->named().name);
  return report;
}

}  // namespace headgate::hub
