#include "upstream/drain/stages/drain_state.h"

#include <utility>

namespace headgate::upstream {

DrainState::DrainState(store::QueueStore& queues, store::QueueId id, Link& line, core::Log& events,
                       UpstreamOptions settings, uint64_t seed)
    : store(queues),
      queue(id),
      link(line),
      log(events),
      options(std::move(settings)),
      topic(expand_hub(options.mode == Mode::batch ? options.topic : options.passthrough_topic,
                       queues.identity().hub)),
      random(seed),
      pause(options.backoff),
      picker(options.lane_mode),
      gaps(queues, id),
      audience(options),
      ledger(queues, options),
      end_to_end(options, queues.identity().epoch, events) {
  for (uint8_t lane = 0; lane < store::kLaneCount; ++lane) {
    lanes.emplace_back(store, queue, lane, options);
    if (end_to_end.enabled()) lanes.back().pass_over(end_to_end.held());
  }
}

void DrainState::on_link_up(const LinkUp& up, core::Now now) {
  connection = {up, now.mono_ms};
  flight.narrow_window();  // a broker that comes back meets all its hubs at once: start slowly
  size_limit.on_link_up(now.mono_ms);
  pause.end();
  for (LaneFeed& lane : lanes) lane.on_link_up(up.order);
  gaps.look_at(now.mono_ms);
  audience.on_link_up(now);
  end_to_end.on_link_up(up.session_present, now);
  ++counts.connects;
}

void DrainState::on_link_down() {
  audience.on_link_down(flight.has_probe());
  flight.give_up_all();
  rewind_all();
}

void DrainState::rewind(LaneFeed& lane) {
  rewind_alone(lane);
  give_plans_back();
  if (ledger.to_follow() != nullptr) rewind_all();
}

void DrainState::rewind_all() {
  for (LaneFeed& lane : lanes) rewind_alone(lane);
  give_plans_back();
}

void DrainState::rewind_alone(LaneFeed& lane) {
  flight.give_up_unpublished(lane.number());
  lane.rewind(flight.has_published_of(lane.number()));
}

void DrainState::give_plans_back() {
  ledger.give_back(
      [this](uint64_t number) { return flight.holds(number) || end_to_end.held().holds(number); });
}

void DrainState::tell(BatchStep::What what, const Batch& batch, uint8_t code, core::Now now) const {
  if (watcher == nullptr || batch.seqs.empty()) return;
  watcher->on_batch(
      {what, batch.lane, code, batch.seqs.front(), batch.seqs.back(), batch.seqs.size(), batch.number}, now);
}

void DrainState::note_error(std::string what, core::Now now) {
  counts.last_error = std::move(what);
  counts.last_error_ms = now.wall_ms;
}

}  // namespace headgate::upstream
