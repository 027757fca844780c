#include "store/rocks/upkeep/disk_room.h"

#include <algorithm>
#include <utility>

namespace headgate::store {
namespace {

constexpr int64_t kSetAsideAgainMs = 60'000;
constexpr int64_t kIdleLookMs = 8'000;
constexpr uint64_t kPlentyFactor = 8;

}  // namespace

DiskState DiskRoom::state() const {
  const DiskSpace& space = watch_.space();
  return {space.free_bytes,     space.total_bytes, watch_.min_free_bytes(),
          space.reserved_bytes, watch_.stopped(),  watch_.resume_free_bytes(watch_.stopped())};
}

core::Status DiskRoom::check_room(RoomFor use) {
  if (!state().refuses(use)) return {};
  announcer_.refused();
  return core::fail(core::Errc::full, watch_.refusal(use));
}

void DiskRoom::count_taken(uint64_t bytes) {
  taken_ = true;
  watch_.on_taken(bytes);
  if (watch_.look_due()) look();
}

void DiskRoom::tick(core::Now now) {
  ticked_at_ms_ = now.mono_ms;
  const bool idle = !taken_ && has_plenty();
  if (!idle || now.mono_ms - looked_at_ms_ >= kIdleLookMs) look();
}

// Leaves some until the next look, whatever others write.
bool DiskRoom::has_plenty() const {
  const DiskState now = state();
  return now.stopped == RoomFor::none && !watch_.tight() &&
         now.free_bytes > kPlentyFactor * now.min_free_bytes;
}

void DiskRoom::look(bool give_reserve_back) {
  give_reserve_back_ |= give_reserve_back;
  if (!watch_.enabled() || std::exchange(looking_, true)) return;
  taken_ = false;
  looked_at_ms_ = ticked_at_ms_;
  const auto ask = [give_back = std::exchange(give_reserve_back_, false), volume = store_.options.volume] {
    if (give_back) volume->give_back();
    return volume->space();
  };
  const auto then = [this](const core::Result<DiskSpace>& space) {
    looking_ = false;
    on_space(space);
    if (give_reserve_back_) look();
  };
  store_.background.run_for_any(Background::Thread::writer, ask, then);
}

void DiskRoom::on_space(const core::Result<DiskSpace>& space) {
  if (!space) return;
  const RoomFor stopped = watch_.stopped();
  const uint64_t reserved = watch_.space().reserved_bytes;
  watch_.on_space(*space, committer_.unwritten_bytes());
  if (watch_.stopped() < stopped) announcer_.room_made();
  report(reserved);
  follow();
}

void DiskRoom::report(uint64_t reserved_before) {
  const DiskState now = state();
  const std::string& dir = store_.options.dir;
  if (reserved_before > 0 && now.reserve_bytes == 0)
    store_.log.warn("disk_reserve_given_back", {{"dir", dir}, {"free_bytes", now.free_bytes}});
  if (reserved_before == 0 && now.reserve_bytes > 0)
    store_.log.info("disk_reserve_set_aside", {{"dir", dir}, {"bytes", now.reserve_bytes}});
  if (std::exchange(stopped_reported_, now.stopped) == now.stopped) return;
  const bool low = now.stopped != RoomFor::none;
  store_.log.write(low ? core::LogLevel::warn : core::LogLevel::info, low ? "disk_low" : "disk_room",
                   {{"dir", dir},
                    {"free_bytes", now.free_bytes},
                    {"min_free_bytes", now.min_free_bytes},
                    {"stopped", name_of(now.stopped)},
                    {"effect", low ? "what stopped is not stored until there is room; all else goes on"
                                   : "messages are stored again"}});
}

// While the database is being opened again, that sees to the reserve.
void DiskRoom::follow() {
  if (!store_.life.is_open()) return;
  if (compacts_ == watch_.tight() && !telling_) let_compact(!watch_.tight());
  if (setting_aside_) return;
  if (watch_.gives_reserve_back())
    look(true);
  else if (watch_.sets_reserve_aside() && ticked_at_ms_ >= set_aside_after_ms_)
    set_reserve_aside();
}

// Compactions that have become due meanwhile all begin at once: without room for them it is tried again when the disk
// has answered the next time.
void DiskRoom::let_compact(bool compacts) {
  telling_ = true;
  const auto tell = [db = store_.db, compacts, room = watch_.spare_bytes()] {
    if (compacts && db->level0_bytes() > room) return false;
    db->set_compacts(compacts);
    return true;
  };
  const auto then = [this, compacts](bool told) {
    telling_ = false;
    if (told) compacts_ = compacts;
  };
  store_.background.run(Background::Thread::housekeeper, tell, then);
}

ToCompact DiskRoom::to_compact(uint64_t waiting_bytes) const {
  return {waiting_bytes, store_.db ? store_.db->memtable_bytes() : 0};
}

void DiskRoom::on_compacting(uint64_t waiting_bytes) {
  const uint64_t bytes = watch_.compacting_bytes(to_compact(waiting_bytes));
  if (bytes > watch_.free()) look(true);
  watch_.on_compacting(bytes);
}

void DiskRoom::on_compacted() {
  const RoomFor stopped = watch_.stopped();
  watch_.on_compacting(0);
  if (watch_.stopped() < stopped) announcer_.room_made();
  look();
}

uint64_t DiskRoom::bytes_to_spare() const { return std::min(watch_.free(), watch_.min_free_bytes()) / 2; }

void DiskRoom::set_reserve_aside() {
  setting_aside_ = true;
  const auto make = [volume = store_.options.volume, bytes = watch_.reserve_bytes()] {
    return volume->set_aside(bytes);
  };
  store_.background.run_for_any(Background::Thread::housekeeper, make,
                                [this](const core::Status& made) { on_reserve(made); });
}

void DiskRoom::on_reserve(const core::Status& made) {
  setting_aside_ = false;
  if (!made) {
    set_aside_after_ms_ = ticked_at_ms_ + kSetAsideAgainMs;
    store_.log.warn("disk_reserve_failed", {{"error", made.error().what}});
  }
  look();
}

void DiskRoom::restart(bool compacts) {
  compacts_ = compacts;
  telling_ = false;
  watch_.on_compacting(0);
}

}  // namespace headgate::store
