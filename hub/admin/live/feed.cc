#include "hub/admin/live/feed.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace headgate::hub {

class LiveFeed::Following : public Subscription {
 public:
  Following(std::weak_ptr<LiveFeed> feed, uint64_t reader) : feed_(std::move(feed)), reader_(reader) {}
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;
  ~Following() override {
    if (const auto feed = feed_.lock()) feed->leave(reader_);
  }

 private:
  std::weak_ptr<LiveFeed> feed_;
  uint64_t reader_;
};

std::unique_ptr<Subscription> LiveFeed::open(LiveParts parts, Sight sight, LineSink sink) {
  const uint64_t id = ++last_reader_;
  readers_.emplace(id, Reader{parts, std::move(sight), std::move(sink)});
  if (!in_round_) begin_soon();
  return std::make_unique<Following>(weak_from_this(), id);
}

// A round for readers that have no line yet: as soon as the last has been over for long enough.
void LiveFeed::begin_soon() {
  if (is_due(kPeriodOfNewMs)) return begin_round();
  const int64_t left_ms = kPeriodOfNewMs - (hub_.now().mono_ms - *begun_mono_ms_);
  hub_.after(left_ms, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && !self->in_round_ && self->has_new_readers()) self->begin_round();
  });
}

bool LiveFeed::has_new_readers() const {
  return std::ranges::any_of(readers_, [](const auto& reader) { return reader.second.is_new; });
}

void LiveFeed::tick() {
  if (!readers_.empty() && !in_round_ && is_due(kPeriodMs)) begin_round();
}

bool LiveFeed::is_due(int64_t period_ms) const {
  return !begun_mono_ms_ || hub_.now().mono_ms - *begun_mono_ms_ >= period_ms;
}

void LiveFeed::leave(uint64_t reader) {
  readers_.erase(reader);
  if (readers_.empty() && !in_round_) snapshot_.reset();
}

void LiveFeed::begin_round() {
  in_round_ = true;
  begun_mono_ms_ = hub_.now().mono_ms;
  LiveParts parts;
  for (const auto& [id, reader] : readers_) parts |= reader.parts;
  if (!snapshot_) snapshot_.emplace(hub_);
  snapshot_->begin(parts);
  go_on_later();
}

void LiveFeed::go_on_later() {
  hub_.later([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->go_on();
  });
}

void LiveFeed::go_on() {
  if (readers_.empty()) {
    in_round_ = false;
    return snapshot_.reset();
  }
  if (!snapshot_->go_on()) return go_on_later();
  in_round_ = false;
  send_lines();
  if (has_new_readers()) begin_soon();
}

// Readers of the same parts with the same rights get the same line, made once. One that came in the middle of a round and asks
// for more than is taken gets another soon.
void LiveFeed::send_lines() {
  using Kind = std::tuple<uint64_t, bool, std::string>;
  std::map<Kind, std::string> lines;
  const bool by_user = snapshot_->differs_by_user();
  for (auto& [id, reader] : readers_) {
    if (!snapshot_->parts().has_all(reader.parts)) continue;
    const bool first = std::exchange(reader.is_new, false);
    const auto [at, is_new] =
        lines.try_emplace(Kind{reader.parts.bits(), first, by_user ? reader.sight.user : std::string()});
    if (is_new) at->second = snapshot_->line(reader.parts, first, reader.sight);
    reader.sink(at->second);
  }
}

AdminReply get_live(const AdminCall& call) {
  const auto asked = call.query.find("parts");
  const auto parts = asked == call.query.end() ? LiveParts::usual() : LiveParts::named(asked->second);
  if (!parts)
    return call.wrong("parts",
                      "some of status, queues, routes, upstream, forecast, clients and events, with commas "
                      "between them");
  return AdminStream{[feed = call.live, parts = *parts, sight = call.sight()](LineSink sink) {
    return feed->open(parts, sight, std::move(sink));
  }};
}

}  // namespace headgate::hub
