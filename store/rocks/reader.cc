// A stopped hub's store, opened without changing it.
#include <optional>
#include <utility>

#include "store/accounts/queue_table.h"
#include "store/open.h"
#include "store/rocks/db/database.h"
#include "store/rocks/db/read_path.h"
#include "store/rocks/mend/torn_end.h"

namespace headgate::store {
namespace {

class RocksQueueReader final : public QueueReader {
 public:
  RocksQueueReader(std::unique_ptr<RocksDb> db, Meta meta, QueueTable table)
      : db_(std::move(db)), meta_(std::move(meta)), table_(std::move(table)), path_(*db_, 0) {}

  const Identity& identity() const override { return meta_.identity; }
  std::vector<QueueId> queues() const override { return table_.ids(); }
  std::optional<QueueId> find_queue(std::string_view name) const override { return table_.find(name); }
  const QueueStats& stats(QueueId queue) const override { return table_.find(queue)->stats; }
  int64_t oldest_ms(QueueId queue, uint8_t lane) override {
    return path_.oldest_ms(*table_.find(queue), lane);
  }
  core::Result<std::vector<Entry>> read(QueueId queue, uint8_t lane, Seq after, ReadLimit limit,
                                        core::Now now) override {
    QueueState* state = table_.find(queue);
    if (state == nullptr || lane >= kLaneCount)
      return core::fail(core::Errc::not_found, "there is no queue " + std::to_string(queue));
    std::optional<core::Error> met;  // reported if nothing after it can be read either
    for (;;) {
      auto found = path_.read(*state, lane, after, limit, now);
      if (!found) return core::fail(found.error());
      if (!found->entries.empty()) return std::move(found->entries);
      if (!found->expired.empty()) after = found->expired.back();
      if (found->bad) {
        after = found->bad->seq;
        met = found->bad->error;
      } else if (!found->more) {
        if (met) return core::fail(*met);
        return std::vector<Entry>();
      }
    }
  }
  std::vector<Gap> gaps(QueueId queue) const override { return table_.find(queue)->gaps.list(); }
  std::string damage() const override { return meta_.damage; }
  core::Result<std::string> get(std::string_view key) const override { return path_.get(key); }
  core::Status for_each(std::string_view prefix, const Visit& visit) const override {
    return path_.for_each(prefix, visit);
  }

 private:
  std::unique_ptr<RocksDb> db_;
  Meta meta_;
  QueueTable table_;
  mutable RocksReadPath path_;
};

core::Result<std::unique_ptr<QueueReader>> reader_of(core::Result<std::unique_ptr<RocksDb>> db) {
  if (!db) return core::fail(db.error());
  auto meta = (*db)->read_meta();
  if (!meta) return core::fail(meta.error());
  auto queues = (*db)->read_queues();
  if (!queues) return core::fail(queues.error());
  return std::unique_ptr<QueueReader>(
      new RocksQueueReader(*std::move(db), *std::move(meta), QueueTable(*std::move(queues))));
}

// The hub deletes files while they are opened.
constexpr int kViewsTried = 5;

}  // namespace

core::Result<std::unique_ptr<QueueReader>> open_queue_reader(const std::string& dir) {
  StoreOptions options;
  options.dir = dir;
  return reader_of(open_to_read(options));
}

core::Result<std::unique_ptr<QueueReader>> open_live_reader(const std::string& dir,
                                                            const std::string& scratch_dir) {
  StoreOptions options;
  options.dir = dir;
  options.scratch_dir = scratch_dir;
  for (int tried = 1;; ++tried) {
    auto reader = reader_of(RocksDb::open(options, RocksDb::Mode::view));
    const bool again = !reader && reader.error().code != core::Errc::not_found && tried < kViewsTried;
    if (!again) return reader;
  }
}

}  // namespace headgate::store
