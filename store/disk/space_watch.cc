#include "store/disk/space_watch.h"

#include <algorithm>
#include <cstdio>

namespace headgate::store {
namespace {

// Parts of a file system that the limits take up at most.
constexpr uint64_t kMinFreePart = 8;
constexpr uint64_t kReservePart = 16;

// Parts of the minimum: below the first the reserve is given back, and the disk is asked each time that as
// much as the second was taken in, or this many bytes.
constexpr uint64_t kVitalPart = 8;
constexpr uint64_t kLookPart = 16;
constexpr uint64_t kLookBytes = 1u << 20;

// Share of the minimum that is kept for flushing memtables before a compaction, however little is in them when that
// is decided.
constexpr uint64_t kFlushedPart = 4;

// A reserve may be so much larger than it has to be: blocks are whole ones.
constexpr uint64_t kReserveSlackBytes = 1u << 20;

uint64_t less(uint64_t a, uint64_t b) { return a > b ? a - b : 0; }

std::string in_mib(uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / (1u << 20));
  return text;
}

}  // namespace

void SpaceWatch::on_space(const DiskSpace& space, uint64_t unwritten_bytes) {
  space_ = space;
  known_ = true;
  taken_bytes_ = unwritten_bytes;
  judge();
}

void SpaceWatch::on_taken(uint64_t bytes) {
  if (!known_) return;
  taken_bytes_ += bytes;
  judge();
}

void SpaceWatch::judge() {
  const uint64_t min = min_free_bytes();
  RoomFor stopped = RoomFor::none;
  for (const RoomFor use : {RoomFor::sessions, RoomFor::publishers, RoomFor::consumers}) {
    if (usable() < (use <= stopped_ ? resume_bytes(use) : stop_bytes(use))) stopped = use;
  }
  stopped_ = stopped;
  tight_ = usable() < (tight_ ? 2 * min + min / 2 : 2 * min);
}

bool SpaceWatch::look_due() const {
  return enabled() && taken_bytes_ != 0 &&
         (stopped_ != RoomFor::none || taken_bytes_ >= std::max(min_free_bytes() / kLookPart, kLookBytes));
}

bool SpaceWatch::gives_reserve_back() const {
  if (space_.reserved_bytes == 0) return false;
  return limits_.reserve_bytes == 0 || space_.free_bytes < min_free_bytes() / kVitalPart;
}

bool SpaceWatch::sets_reserve_aside() const {
  const bool right = missing_bytes() == 0 && space_.reserved_bytes <= reserve_bytes() + kReserveSlackBytes;
  if (!known_ || low() || right) return false;
  return usable() >= std::max(resume_bytes(RoomFor::publishers), reserve_bytes());
}

uint64_t SpaceWatch::stop_bytes(RoomFor use) const {
  const uint64_t min = min_free_bytes();
  return use == RoomFor::sessions ? min + min / 2 : use == RoomFor::consumers ? min / 2 : min;
}

uint64_t SpaceWatch::min_free_bytes() const {
  return std::min(limits_.min_free_bytes, known_ ? space_.total_bytes / kMinFreePart : UINT64_MAX);
}

uint64_t SpaceWatch::reserve_bytes() const {
  return std::min(limits_.reserve_bytes, known_ ? space_.total_bytes / kReservePart : UINT64_MAX);
}

uint64_t SpaceWatch::free() const { return less(space_.free_bytes, 2 * taken_bytes_); }

uint64_t SpaceWatch::missing_bytes() const { return less(reserve_bytes(), space_.reserved_bytes); }

uint64_t SpaceWatch::usable() const { return less(free(), missing_bytes() + compacting_bytes_); }

uint64_t SpaceWatch::compacting_bytes(const ToCompact& what) const {
  const uint64_t compacted = std::min(what.alive_bytes, min_free_bytes() + min_free_bytes() / 2);
  return compacted + std::max(what.memtable_bytes, min_free_bytes() / kFlushedPart);
}

uint64_t SpaceWatch::spare_bytes() const { return less(usable(), min_free_bytes()); }

RoomToCompact SpaceWatch::room_to_compact(const ToCompact& what) const {
  const uint64_t room = low() ? free() + space_.reserved_bytes : spare_bytes();
  if (enabled() && compacting_bytes(what) > room) return RoomToCompact::none;
  return tight_ ? RoomToCompact::enough : RoomToCompact::ample;
}

void SpaceWatch::on_compacting(uint64_t bytes) {
  compacting_bytes_ = bytes;
  if (known_) judge();
}

std::string SpaceWatch::refusal(RoomFor use) const {
  const std::string what = use == RoomFor::sessions ? "nothing for sessions alone" : "no message";
  return "the disk is nearly full, and the hub stores " + what + " for now: " + in_mib(free()) +
         " are free; it goes on by itself from " + in_mib(resume_free_bytes(use)) + " on";
}

}  // namespace headgate::store
