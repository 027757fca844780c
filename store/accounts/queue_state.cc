#include "store/accounts/queue_state.h"

#include <algorithm>
#include <utility>

#include "store/format/varint.h"

namespace headgate::store {
namespace {

constexpr uint8_t kVersion = 2;
constexpr uint8_t kVersionWithFolds = 3;  // one of its gaps has kGoesOn; written only then
constexpr uint8_t kVersionWithoutExpiry =
    1;  // its lanes have no time of the next expiry: they are looked through

constexpr uint8_t kGoesOn = 0x80;  // bit of a gap's reason: where the content went stands behind it

bool is_blank(const Lane& lane) { return lane.progress.last() == 0; }

void encode_lane(uint8_t number, const Lane& lane, const LaneStats& stats, std::string& out) {
  put_u8(out, number);
  put_varint(out, lane.progress.checkpoint());
  put_varint(out, lane.progress.last() - lane.progress.checkpoint());
  put_varint(out, stats.waiting);
  put_varint(out, stats.waiting_bytes);
  put_varint(out, lane.sweep_from);
  put_varint(out, lane.sweep_to);
  const auto& ranges = lane.progress.above().ranges();
  put_varint(out, ranges.size());
  Seq base = lane.progress.checkpoint();
  for (const auto& [from, to] : ranges) {
    put_varint(out, from - base);
    put_varint(out, to - from);
    base = to;
  }
  const int64_t due_ms = std::min(lane.expiries.due_ms(), lane.pending_due_ms);
  put_varint(out, due_ms == ExpiryMap::kNever ? 0 : static_cast<uint64_t>(std::max<int64_t>(due_ms, 1)));
}

void decode_lane(Decoder& in, uint8_t version, QueueState& state) {
  const uint8_t number = std::min<uint8_t>(in.u8(), kLaneCount - 1);
  Lane& lane = state.lane(number);
  const Seq head = in.varint();
  const Seq last = head + in.varint();
  LaneStats& stats = state.stats.lanes[number];
  stats.waiting = in.varint();
  stats.waiting_bytes = in.varint();
  lane.sweep_from = in.varint();
  lane.sweep_to = in.varint();
  SeqRanges above;
  Seq base = head;
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const Seq from = base + in.varint();
    base = from + in.varint();
    if (base > from) above.add(from, base);
  }
  lane.progress = LaneProgress::restore(head, last, std::move(above));
  lane.durable_last = last;
  const auto due_ms = static_cast<int64_t>(version == kVersionWithoutExpiry ? 1 : in.varint());
  if (due_ms > 0 && head < last) lane.expiries.add({head, last, due_ms});
}

void encode_gaps(const std::vector<Gap>& gaps, std::string& out) {
  put_varint(out, gaps.size());
  for (const Gap& gap : gaps) {
    put_varint(out, gap.from);
    put_varint(out, gap.to - gap.from);
    put_varint(out, gap.count);
    put_u8(out, static_cast<uint8_t>(static_cast<uint8_t>(gap.why) | (gap.goes_on() ? kGoesOn : 0)));
    if (!gap.goes_on()) continue;
    put_varint(out, gap.into_from);
    put_varint(out, gap.into_to - gap.into_from);
  }
}

GapList decode_gaps(Decoder& in) {
  std::vector<Gap> gaps;
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    Gap gap;
    gap.from = in.varint();
    gap.to = gap.from + in.varint();
    gap.count = in.varint();
    const uint8_t reason = in.u8();
    const auto why = static_cast<uint8_t>(reason & ~kGoesOn);
    gap.why = static_cast<Outcome>(std::min(why, static_cast<uint8_t>(Outcome::dead)));
    if ((reason & kGoesOn) != 0) {
      gap.into_from = in.varint();
      gap.into_to = gap.into_from + in.varint();
    }
    gaps.push_back(gap);
  }
  return GapList(std::move(gaps));
}

}  // namespace

Lane& QueueState::lane(uint8_t number) {
  if (!lanes[number]) lanes[number] = std::make_unique<Lane>();
  return *lanes[number];
}

bool QueueState::sweeping() const {
  return std::ranges::any_of(lanes, [](const auto& lane) { return lane && lane->sweeping(); });
}

void count_outcome(QueueStats& stats, Outcome outcome, uint64_t entries) {
  switch (outcome) {
    case Outcome::delivered:
      stats.delivered += entries;
      return;
    case Outcome::expired:
      stats.expired += entries;
      return;
    case Outcome::dropped:
      stats.dropped += entries;
      return;
    case Outcome::dead:
      stats.dead += entries;
      return;
  }
}

std::string encode_queue_state(const QueueState& state) {
  std::string out;
  put_u8(out, std::ranges::any_of(state.gaps.list(), &Gap::goes_on) ? kVersionWithFolds : kVersion);
  put_u8(out, state.removed ? 1 : 0);
  for (const uint64_t n :
       {state.stats.in, state.stats.delivered, state.stats.expired, state.stats.dropped, state.stats.dead}) {
    put_varint(out, n);
  }
  const auto used = [](const auto& lane) { return lane && !is_blank(*lane); };
  put_varint(out, static_cast<uint64_t>(std::ranges::count_if(state.lanes, used)));
  for (uint8_t i = 0; i < kLaneCount; ++i) {
    if (used(state.lanes[i])) encode_lane(i, *state.lanes[i], state.stats.lanes[i], out);
  }
  encode_gaps(state.gaps.list(), out);
  return out;
}

core::Status decode_queue_state(core::Bytes bytes, QueueState& state) {
  Decoder in(bytes);
  const uint8_t version = in.u8();
  state.removed = in.u8() != 0;
  for (uint64_t* n : {&state.stats.in, &state.stats.delivered, &state.stats.expired, &state.stats.dropped,
                      &state.stats.dead}) {
    *n = in.varint();
  }
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) decode_lane(in, version, state);
  state.gaps = decode_gaps(in);
  const bool known = version >= kVersionWithoutExpiry && version <= kVersionWithFolds;
  if (!known || !in.at_end()) {
    return core::fail(core::Errc::corrupt, "the state of a queue cannot be decoded");
  }
  return {};
}

}  // namespace headgate::store
