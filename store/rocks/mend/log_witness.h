// Finds what is missing from a log that is replayed past its damaged parts.
#pragma once

#include <rocksdb/wal_filter.h>

#include <optional>
#include <string>
#include <vector>

#include "store/disk/sync_mark.h"
#include "store/report/damage.h"

namespace headgate::store {

// Every group writes this into the log, and nowhere else: the seqs that it holds.
[[nodiscard]] std::string encode_group_seqs(Seq first, Seq last);

// Sees every record that is replayed while a database is opened. Ends the replay where records are missing
// and none that was synced is still to come: a power cut may take the unsynced end of one log and leave what
// was written to the next one, and RocksDB would replay that as if nothing were missing between.
class LogWitness final : public rocksdb::WalFilter {
 public:
  // Without `synced`, nothing is known to have been synced, and nothing is ended.
  explicit LogWitness(const std::optional<SyncedUpTo>& synced = {}) : synced_(synced) {}

  const char* Name() const override { return "HeadgateLogWitness"; }
  WalProcessingOption LogRecordFound(unsigned long long log, const std::string& file,
                                     const rocksdb::WriteBatch& batch, rocksdb::WriteBatch* changed,
                                     bool* is_changed) override;

  // All that is known to have been synced was there.
  [[nodiscard]] bool saw_all_synced() const { return synced_ && next_sequence_ > synced_->log_sequence; }
  // No record was shown.
  [[nodiscard]] bool saw_nothing() const { return next_sequence_ == 0; }

  // Seqs of records that are not there: between those that are, and up to what is known to have been synced.
  // `log_sequence`: of the database once it is open.
  [[nodiscard]] std::vector<SeqRange> missing(uint64_t log_sequence) const;

 private:
  std::optional<SyncedUpTo> synced_;
  uint64_t next_sequence_ = 0;  // of the record after the last one seen; 0: none seen
  Seq last_ = 0;                // of the groups seen
  bool hole_ = false;           // records are missing after it, and no group has come since
  std::vector<SeqRange> holes_;
};

}  // namespace headgate::store
