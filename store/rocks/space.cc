// What the store does about the disk's room (docs/adr/0021): asks for it, refuses messages while it is low,
// keeps a reserve and gives it back, and lets RocksDB merge files only where the new ones have room.
//
// The disk is asked, and the reserve given back, on the writer's thread, which never waits for merging; the
// reserve is made on the housekeeper's.
#include <utility>

#include "store/accounts/overflow.h"
#include "store/rocks/store.h"

namespace headgate::store {
namespace {

constexpr int64_t kSetAsideAgainMs = 60'000;

}  // namespace

DiskState RocksStore::disk() const {
  const DiskSpace& space = watch_.space();
  return {space.free_bytes, space.total_bytes, watch_.min_free_bytes(), space.reserved_bytes, watch_.low()};
}

core::Status RocksStore::check_disk_room(const core::Message& message, std::span<const Target> targets) {
  if (!watch_.low() || !stores_message(message, targets)) return {};
  refused_ = true;
  return core::fail(core::Errc::full, watch_.refusal());
}

void RocksStore::count_taken(uint64_t bytes) {
  watch_.on_taken(bytes);
  if (watch_.look_due()) look_at_disk();
}

void RocksStore::look_at_disk(bool give_reserve_back) {
  give_reserve_back_ |= give_reserve_back;
  if (!watch_.enabled() || std::exchange(looking_, true)) return;
  writer_.post([this, give_back = std::exchange(give_reserve_back_, false), volume = volume_,
                alive = std::weak_ptr(alive_), &executor = executor_] {
    if (give_back) volume->give_back();
    executor.post([this, alive, space = volume->space()] {
      if (!alive.lock()) return;
      looking_ = false;
      on_space(space);
      if (give_reserve_back_) look_at_disk();
    });
  });
}

// What it cannot tell leaves things as they were.
void RocksStore::on_space(const core::Result<DiskSpace>& space) {
  if (!space) return;
  const bool was_low = watch_.low();
  const uint64_t reserved = watch_.space().reserved_bytes;
  watch_.on_space(*space, open_.bytes + (in_flight_ ? in_flight_->bytes : 0));
  if (was_low && !watch_.low()) on_room_made();
  report_disk(reserved);
  follow_disk();
}

void RocksStore::report_disk(uint64_t reserved_before) {
  const DiskState now = disk();
  if (reserved_before > 0 && now.reserve_bytes == 0)
    log_.warn("disk_reserve_given_back", {{"dir", options_.dir}, {"free_bytes", now.free_bytes}});
  if (reserved_before == 0 && now.reserve_bytes > 0)
    log_.info("disk_reserve_set_aside", {{"dir", options_.dir}, {"bytes", now.reserve_bytes}});
  if (std::exchange(low_reported_, now.low) == now.low) return;
  log_.write(now.low ? core::LogLevel::warn : core::LogLevel::info, now.low ? "disk_low" : "disk_room",
             {{"dir", options_.dir},
              {"free_bytes", now.free_bytes},
              {"min_free_bytes", now.min_free_bytes},
              {"effect", now.low ? "no message is stored until there is room; all else goes on"
                                 : "messages are stored again"}});
}

// While the database is being opened again, that sees to the reserve.
void RocksStore::follow_disk() {
  if (failed_) return;
  if (compacts_ == watch_.tight()) {
    compacts_ = !watch_.tight();
    housekeeper_.post([db = db_, compacts = compacts_] { db->set_compacts(compacts); });
  }
  if (setting_aside_) return;
  if (watch_.gives_reserve_back())
    look_at_disk(true);
  else if (watch_.sets_reserve_aside() && ticked_at_ms_ >= set_aside_after_ms_)
    set_reserve_aside();
}

// What compacting takes up is neither for messages nor, if that is all there is, for the reserve.
void RocksStore::make_room_to_compact() {
  const uint64_t bytes = watch_.compacting_bytes(waiting_bytes_);
  if (bytes > watch_.free()) look_at_disk(true);
  watch_.on_compacting(bytes);
}

void RocksStore::set_reserve_aside() {
  setting_aside_ = true;
  housekeeper_.post([this, volume = volume_, bytes = watch_.reserve_bytes(), alive = std::weak_ptr(alive_),
                     &executor = executor_] {
    executor.post([this, alive, made = volume->set_aside(bytes)] {
      if (alive.lock()) on_reserve(made);
    });
  });
}

void RocksStore::on_reserve(const core::Status& made) {
  setting_aside_ = false;
  if (!made) {
    set_aside_after_ms_ = ticked_at_ms_ + kSetAsideAgainMs;
    log_.warn("disk_reserve_failed", {{"error", made.error().what}});
  }
  look_at_disk();
}

}  // namespace headgate::store
