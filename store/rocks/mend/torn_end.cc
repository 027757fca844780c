#include "store/rocks/mend/torn_end.h"

#include <optional>
#include <string>
#include <utility>

#include "store/disk/sync_mark.h"

namespace headgate::store {
namespace {

using core::Errc;

// RocksDB's sequence of the last record that can be read up to the damage, or past it; nothing is changed.
std::optional<uint64_t> last_sequence(const StoreOptions& options, LogEnd end) {
  const auto db = RocksDb::open(options, RocksDb::Mode::read_only, nullptr, end);
  if (!db) return std::nullopt;
  return (*db)->db().GetLatestSequenceNumber();
}

// True if nothing that was promised lies at or behind the first record that cannot be read. `seen`: what was read
// before it.
bool is_torn_end(const StoreOptions& options, const std::optional<SyncedUpTo>& synced,
                 const LogWitness& seen) {
  if (seen.saw_all_synced()) return true;
  if (synced && !seen.saw_nothing()) return false;
  const auto before = last_sequence(options, LogEnd::at_damage);
  if (!before) return false;
  if (synced) return *before >= synced->log_sequence;  // all of it is in files
  return last_sequence(options, LogEnd::past_damage) == before;
}

}  // namespace

core::Result<Replayed> open_past_torn_end(const StoreOptions& options, RocksDb::Mode mode) {
  const auto synced = read_sync_mark(options.dir);
  auto witness = std::make_shared<LogWitness>(synced);
  auto db = RocksDb::open(options, mode, witness);
  Replayed replayed;
  if (!db && db.error().code == Errc::corrupt && is_torn_end(options, synced, *witness)) {
    replayed.unmarked_end = !synced;
    witness = std::make_shared<LogWitness>(synced);
    db = RocksDb::open(options, mode, witness, LogEnd::at_damage);
  }
  if (!db) return core::fail(db.error());
  replayed.db = *std::move(db);
  replayed.missing = witness->missing(replayed.db->db().GetLatestSequenceNumber());
  return replayed;
}

core::Result<std::unique_ptr<RocksDb>> open_to_read(const StoreOptions& options) {
  auto replayed = open_past_torn_end(options, RocksDb::Mode::read_only);
  if (!replayed) return core::fail(replayed.error());
  if (!replayed->missing.empty()) return fail_missing(options, replayed->missing);
  return std::move(replayed->db);
}

core::Unexpected fail_missing(const StoreOptions& options, const std::vector<SeqRange>& missing) {
  return fail_store(Errc::corrupt, options.dir,
                    "the log lacks what was synced, from seq " + std::to_string(missing.front().from) +
                        " to " + std::to_string(missing.back().to));
}

}  // namespace headgate::store
