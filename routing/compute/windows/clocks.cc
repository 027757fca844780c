#include "routing/compute/windows/clocks.h"

#include <algorithm>

namespace headgate::routing {

Clock& Clocks::with_id(uint64_t id) {
  Clock* clock = table_.with_id(id);
  return clock ? *clock : hub_;
}

Clock& Clocks::make(std::string key, uint64_t id, int64_t now_ms) {
  auto clock = std::make_unique<Clock>();
  clock->id = id;
  clock->key = std::move(key);
  clock->heard_ms = now_ms;
  Clock* made = table_.add(std::move(clock));
  table_.change(*made);
  return *made;
}

std::vector<Waiting> Clocks::give_up(Clock& clock) {
  std::vector<Waiting> waiting;
  for (; !clock.waiting.empty(); clock.waiting.pop()) waiting.push_back(clock.waiting.top());
  table_.remove(clock);
  return waiting;
}

int64_t Clocks::reached(const Clock& clock, int64_t now_ms) const {
  const bool idle = now_ms - clock.heard_ms >= idle_ms_;
  return idle ? std::max(clock.reached_ms, now_ms - tolerance_ms_) : clock.reached_ms;
}

void Clocks::hear(Clock& clock, int64_t time_ms, int64_t now_ms) {
  clock.reached_ms = std::max(clock.reached_ms, time_ms - tolerance_ms_);
  clock.heard_ms = now_ms;
  table_.touch(clock);
  queue(clock);
}

void Clocks::wait(Clock& clock, Waiting waiting) {
  clock.waiting.push(waiting);
  queue(clock);
}

// Entries that come to nothing stay until their time; where they are many, those that count are queued anew.
void Clocks::sweep() {
  due_ = {};
  queue_anew(hub_);
  table_.for_each([&](Clock& clock) { queue_anew(clock); });
}

int64_t Clocks::due_ms(const Clock& clock, int64_t at) const {
  if (at <= clock.reached_ms) return present_ms_;
  return std::max({present_ms_, clock.heard_ms + idle_ms_, at + tolerance_ms_});
}

// Hears may come by the million between two windows: an entry is made only if the one that is there comes too late.
void Clocks::queue(Clock& clock) {
  if (clock.waiting.empty()) return;
  const Waiting& first = clock.waiting.top();
  const int64_t due = due_ms(clock, first.at);
  if (std::tie(due, first) >= std::tie(clock.queued_ms, clock.queued)) return;
  clock.queued_ms = due;
  clock.queued = first;
  due_.emplace(due, first, clock.id);
  if (due_.size() > 4 * table_.size() + kStaleMax) sweep();
}

std::optional<Clocks::Due> Clocks::next() {
  while (!due_.empty()) {
    const auto [due, waiting, id] = due_.top();
    Clock& clock = with_id(id);
    const bool live = clock.id == id && clock.queued_ms == due && clock.queued == waiting;
    const bool right = live && clock.waiting.top() == waiting && due_ms(clock, waiting.at) == due;
    if (right) return Due{due, waiting, id};
    due_.pop();
    if (live) queue_anew(clock);
  }
  return std::nullopt;
}

void Clocks::take_off(const Due& due) {
  Clock& clock = with_id(due.clock);
  due_.pop();
  clock.waiting.pop();
  queue_anew(clock);
}

void Clocks::queue_anew(Clock& clock) {
  clock.queued_ms = kForever;
  queue(clock);
}

void Clocks::save(const Clock& clock, std::string& out) {
  pack_varint(out, clock.touched);
  pack_signed(out, clock.reached_ms);
  pack_signed(out, clock.heard_ms);
  pack_signed(out, clock.forgotten_until_ms);
  pack_varint(out, clock.forgotten_revs);
  pack_text(out, clock.key);
}

bool Clocks::load(uint64_t id, PackedReader& in) {
  auto clock = std::make_unique<Clock>();
  clock->id = id;
  clock->touched = in.varint();
  clock->reached_ms = in.signed_varint();
  clock->heard_ms = in.signed_varint();
  clock->forgotten_until_ms = in.signed_varint();
  clock->forgotten_revs = static_cast<uint32_t>(in.varint());
  clock->key = std::string(in.text());
  clock->stored = true;
  for (const int64_t time : {clock->reached_ms, clock->heard_ms, clock->forgotten_until_ms}) {
    if (time < kNever || time > kForever) in.refuse();
  }
  return in.ok() && in.rest().empty() && id != 0 && id < kIdMax && table_.add(std::move(clock)) != nullptr;
}

}  // namespace headgate::routing
