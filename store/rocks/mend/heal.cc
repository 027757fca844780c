#include "store/rocks/mend/heal.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "core/system_clock.h"
#include "store/disk/quarantine.h"
#include "store/format/varint.h"
#include "store/rocks/mend/recount.h"
#include "store/rocks/mend/salvage.h"
#include "store/rocks/open.h"

namespace headgate::store {
namespace {

class Healing {
 public:
  Healing(const StoreOptions& options, const std::string& cause, std::vector<SeqRange> missing)
      : options_(options), synced_(read_sync_mark(options.dir)), quarantine_(options.dir) {
    report_.found_ms = core::SystemClock().now().wall_ms;
    report_.cause = cause;
    report_.log = std::move(missing);
    report_.epoch = new_epoch();
    report_.directory = quarantine_folder(options.dir, report_.epoch);
  }

  core::Result<DamageReport> run() {
    again_ = !quarantine_.unfinished().empty();
    if (auto begun = quarantine_.begin(report_.cause); !begun) return core::fail(begun.error());
    if (auto opened = open(); !opened) return core::fail(give_up(opened.error()));
    if (again_ && only_the_report_is_missing())
      report_ = parse_damage(meta_.damage);
    else if (auto mended = mend(); !mended)
      return core::fail(give_up(mended.error()));
    db_.reset();
    forget_sync_mark(options_.dir);
    if (auto kept = quarantine_.finish(report_.epoch, damage_json(report_)); !kept)
      return core::fail(kept.error());
    return std::move(report_);
  }

 private:
  core::Status open() {
    auto db = RocksDb::open(options_, RocksDb::Mode::salvage, witness_);
    if (!db) return core::fail(db.error());
    db_ = *std::move(db);
    auto meta = db_->read_meta();
    if (!meta) return core::fail(meta.error());
    meta_ = *std::move(meta);
    report_.epoch_before = meta_.identity.epoch;
    if (report_.log.empty()) report_.log = witness_->missing(db_->db().GetLatestSequenceNumber());
    return {};
  }

  // The last thing that mending writes has been written.
  [[nodiscard]] bool only_the_report_is_missing() const {
    std::error_code ignored;
    const std::string directory = quarantine_folder(options_.dir, meta_.identity.epoch);
    return !meta_.damage.empty() && !std::filesystem::exists(directory, ignored);
  }

  core::Status mend() {
    auto salvaged =
        salvage_files(*db_, options_, [this](const std::string& file) { quarantine_.keep(file); });
    if (!salvaged) return core::fail(salvaged.error());
    // Damage that a first attempt has seen and mended already is not known: the worst of it is assumed.
    report_.values_lost = again_ || salvaged->lost_values || !report_.log.empty();
    report_.values_uncertain = salvaged->values_uncertain;
    auto counted = recount(*db_, again_ || salvaged->lost_queues);
    if (!counted) return core::fail(counted.error());
    report_.lanes = std::move(counted->lost);
    begin_log_ranges_after(counted->last_seq);
    // A log is kept if it is what was damaged, or if nothing else was found to be.
    if (report_.log.empty() && !salvaged->files.empty()) quarantine_.release_logs();
    report_.files = quarantine_.files();
    return write_meta(*counted);
  }

  // Where the log was lost from its beginning, what the files hold says where that was.
  void begin_log_ranges_after(Seq known) {
    for (SeqRange& range : report_.log) {
      if (range.from == 1) range.from = std::min(known + 1, range.to);
    }
  }

  // In one write, so that what is counted as lost is also told.
  core::Status write_meta(Recounted& counted) {
    rocksdb::WriteBatch& batch = counted.states;
    const Seq next = std::max({meta_.next_seq, counted.last_seq + 1, synced_ ? synced_->seq + 1 : 0});
    const KeyValue queue = next_queue_row(std::max(meta_.next_queue, counted.next_queue));
    batch.Put(db_->meta(), std::string(kMetaNextSeq), u64_bytes(next));
    batch.Put(db_->meta(), queue.key, *queue.value);
    batch.Put(db_->meta(), std::string(kMetaEpoch), report_.epoch);
    batch.Put(db_->meta(), std::string(kMetaEpochBefore), report_.epoch_before);
    batch.Put(db_->meta(), std::string(kMetaDamage), damage_json(report_));
    return db_->write_rows(batch, true);
  }

  core::Error give_up(core::Error error) {
    db_.reset();
    if (error.code != core::Errc::corrupt) return error;
    error.what = "store " + options_.dir + ": is damaged and cannot be mended: " + error.what +
                 "; restore it from a backup, or move it away to start with an empty one";
    return error;
  }

  const StoreOptions& options_;
  const std::optional<SyncedUpTo> synced_;
  Quarantine quarantine_;
  bool again_ = false;  // an earlier attempt was cut short
  std::shared_ptr<LogWitness> witness_ = std::make_shared<LogWitness>(synced_);
  std::unique_ptr<RocksDb> db_;
  Meta meta_;
  DamageReport report_;
};

}  // namespace

core::Result<DamageReport> heal(const StoreOptions& options, const std::string& cause,
                                std::vector<SeqRange> missing) {
  return Healing(options, cause, std::move(missing)).run();
}

void log_damage(core::Log& log, const DamageReport& report) {
  log.error("store_damaged", {{"cause", report.cause},
                              {"lost", report.lost()},
                              {"epoch", report.epoch},
                              {"epoch_before", report.epoch_before},
                              {"report", report.directory + "/report.json"}});
}

}  // namespace headgate::store
