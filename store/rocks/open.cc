#include "store/rocks/open.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <random>
#include <utility>

#include "core/system_clock.h"
#include "store/disk/quarantine.h"
#include "store/format/attributes_codec.h"
#include "store/format/ulid.h"
#include "store/format/varint.h"
#include "store/rocks/mend/heal.h"
#include "store/rocks/mend/torn_end.h"

namespace headgate::store {
namespace {

using core::Errc;

constexpr uint64_t kUnitBytesMin = 1u << 20;
constexpr uint64_t kUnitBytesMax = DiskUse{}.unit_bytes;
constexpr uint64_t kUnitsInMinFree = 4;

}  // namespace

std::string new_epoch() {
  std::random_device device;
  std::array<uint8_t, 10> random;
  for (uint8_t& byte : random) byte = static_cast<uint8_t>(device());
  return make_ulid(core::SystemClock().now().wall_ms, random);
}

namespace {

// A copy gets an epoch of its own: its original goes on using the seqs of the one that it was made in.
bool needs_new_epoch(const Meta& meta) { return meta.copied_ms != 0; }

core::Status write_meta(RocksDb& db, const Meta& meta, bool fresh) {
  Group group;
  if (fresh) {
    group.meta.push_back({std::string(kMetaFormat), u32_bytes(kFormatVersion)});
    group.meta.push_back({std::string(kMetaHub), meta.identity.hub});
    group.meta.push_back(next_queue_row(meta.next_queue));
  }
  group.meta.push_back({std::string(kMetaEpoch), meta.identity.epoch});
  if (meta.copied_ms != 0) group.meta.push_back({std::string(kMetaCopied), std::nullopt});
  group.meta.push_back({std::string(kMetaNextSeq), u64_bytes(meta.next_seq + kSeqLease)});
  group.meta.push_back({std::string(kMetaClean), "0"});
  return db.write(group, true);
}

// Reads the meta rows of a store, or writes those of a new one, and marks it as in use.
core::Status take_over(Opened& opened, const StoreOptions& options) {
  auto found = opened.db->read_meta();
  opened.made = !found && found.error().code == Errc::not_found;
  if (!found && !opened.made) return core::fail(found.error());
  if (opened.made)
    opened.meta.identity = {options.hub_id, new_epoch()};
  else
    opened.meta = *std::move(found);
  if (opened.meta.identity.hub != options.hub_id && !options.hub_id_is_a_guess) {
    return fail_store(Errc::invalid, options.dir,
                      "belongs to hub '" + opened.meta.identity.hub + "', not to '" + options.hub_id +
                          "'; set the hub's id to that, or name another directory");
  }
  if (needs_new_epoch(opened.meta))
    opened.epoch_before = std::exchange(opened.meta.identity.epoch, new_epoch());
  return write_meta(*opened.db, opened.meta, opened.made);
}

// A store of format 1 gets attributes for its queues, once, by their names (docs/adr/0028).
core::Status upgrade(Opened& opened, const std::vector<std::unique_ptr<QueueState>>& queues) {
  if (opened.meta.format != kFormatWithoutAttributes) return {};
  Group group;
  for (const auto& queue : queues)
    group.queue_attributes.emplace_back(queue->stats.id, encode_attributes(queue->stats.attributes));
  group.meta.push_back({std::string(kMetaFormat), u32_bytes(kFormatVersion)});
  opened.meta.format = kFormatVersion;
  opened.upgraded = true;
  return opened.db->write(group, true);
}

// Error corrupt: it is damaged; the error says how, and `missing` what the log lacks.
core::Result<Opened> open_sound(const StoreOptions& options, RocksDb::Mode mode,
                                std::vector<SeqRange>& missing) {
  auto replayed = open_past_torn_end(options, mode);
  if (!replayed) return core::fail(replayed.error());
  missing = std::move(replayed->missing);
  if (!missing.empty()) return fail_missing(options, missing);
  Opened opened;
  std::error_code ignored;
  opened.db = std::move(replayed->db);
  opened.unmarked_end = replayed->unmarked_end;
  if (auto taken = take_over(opened, options); !taken) return core::fail(taken.error());
  auto queues = opened.db->read_queues();
  if (!queues) return core::fail(queues.error());
  if (auto upgraded = upgrade(opened, *queues); !upgraded) return core::fail(upgraded.error());
  opened.table = QueueTable(*std::move(queues));
  // Whoever has dealt with it has moved the files away.
  if (!std::filesystem::exists(quarantine_folder(options.dir, opened.meta.identity.epoch), ignored))
    opened.meta.damage.clear();
  Quarantine(options.dir).release_logs();
  return opened;
}

core::Result<Opened> open_or_heal(const StoreOptions& options, RocksDb::Mode mode,
                                  const std::string& suspect) {
  const std::string unfinished = Quarantine(options.dir).unfinished();
  std::string cause = unfinished.empty() ? suspect : unfinished;
  std::vector<SeqRange> missing;
  if (cause.empty()) {
    auto opened = open_sound(options, mode, missing);
    if (opened || opened.error().code != Errc::corrupt) return opened;
    cause = opened.error().what;
  }
  auto healed = heal(options, cause, std::move(missing));
  if (!healed) return core::fail(healed.error());
  std::vector<SeqRange> none;
  auto opened = open_sound(options, RocksDb::Mode::read_write, none);
  if (opened) opened->damage = *std::move(healed);
  return opened;
}

// Opens or heals, in the way that the disk's room demands.
core::Result<Opened> open_within_room(StoreOptions options, RocksDb::Mode mode, const std::string& suspect) {
  SpaceWatch watch(options.space);
  const bool measures = watch.enabled() && options.volume;
  const core::Result<DiskSpace> space =
      measures ? options.volume->space() : core::Result<DiskSpace>(core::fail(Errc::unavailable, ""));
  if (space) watch.on_space(*space, 0);
  options.disk_use.compacts = !watch.tight();
  if (space && watch.min_free_bytes() != 0) {
    options.disk_use.unit_bytes =
        std::clamp(watch.min_free_bytes() / kUnitsInMinFree, kUnitBytesMin, kUnitBytesMax);
  }
  auto opened = open_or_heal(options, mode, suspect);
  if (!opened) return opened;
  if (space) opened->space = *space;
  opened->compacts = options.disk_use.compacts;
  return opened;
}

}  // namespace

KeyValue copied_row(uint64_t unix_ms) { return {std::string(kMetaCopied), u64_bytes(unix_ms)}; }

KeyValue next_queue_row(QueueId next) { return {std::string(kMetaNextQueue), u32_bytes(next)}; }

core::Result<Opened> open_database(const StoreOptions& options, RocksDb::Mode mode,
                                   const std::string& suspect) {
  auto opened = open_within_room(options, mode, suspect);
  if (opened || opened.error().code != Errc::full) return opened;
  if (!options.volume || !options.volume->give_back()) return opened;
  return open_within_room(options, mode, suspect);
}

core::Result<Opened> open_again(const StoreOptions& options, const std::string& suspect,
                                const std::string& epoch) {
  auto opened = open_database(options, RocksDb::Mode::read_write, suspect);
  if (!opened) return opened;
  const std::string& found = opened->meta.identity.epoch;
  if (found == epoch || opened->meta.epoch_before == epoch) return opened;  // the latter: it was mended
  return fail_store(
      Errc::invalid, options.dir,
      "is another one now (epoch " + found + ", it was " + epoch + "); put it back or restart the hub");
}

}  // namespace headgate::store
