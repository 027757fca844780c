#include "store/rocks/mend/log_witness.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "store/format/varint.h"

namespace headgate::store {
namespace {

// Picks the note out of a batch.
class NoteReader : public rocksdb::WriteBatch::Handler {
 public:
  rocksdb::Status PutCF(uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status DeleteCF(uint32_t, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status MarkNoop(bool) override { return {}; }
  void LogData(const rocksdb::Slice& note) override {
    Decoder in({note.data(), note.size()});
    const SeqRange seqs{in.varint(), in.varint()};
    if (in.at_end()) found = seqs;
  }

  std::optional<SeqRange> found;
};

// A batch begins with the sequence of its first row, little-endian like every number RocksDB stores.
uint64_t sequence_of(const rocksdb::WriteBatch& batch) {
  uint64_t sequence = 0;
  for (size_t i = sizeof sequence; i-- > 0;) sequence = sequence << 8 | static_cast<uint8_t>(batch.Data()[i]);
  return sequence;
}

}  // namespace

std::string encode_group_seqs(Seq first, Seq last) {
  std::string note;
  put_varint(note, first);
  put_varint(note, last);
  return note;
}

rocksdb::WalFilter::WalProcessingOption LogWitness::LogRecordFound(unsigned long long, const std::string&,
                                                                   const rocksdb::WriteBatch& batch,
                                                                   rocksdb::WriteBatch*, bool* is_changed) {
  *is_changed = false;
  const uint64_t sequence = sequence_of(batch);
  if (next_sequence_ != 0 && sequence > next_sequence_) {
    if (saw_all_synced()) return WalProcessingOption::kStopReplay;
    hole_ = true;
  }
  next_sequence_ = std::max(next_sequence_, sequence + batch.Count());
  NoteReader note;
  if (!batch.Iterate(&note).ok() || !note.found) return WalProcessingOption::kContinueProcessing;
  if (hole_ && note.found->from > last_ + 1) holes_.push_back({last_ + 1, note.found->from - 1});
  hole_ = false;
  last_ = std::max(last_, note.found->to);
  return WalProcessingOption::kContinueProcessing;
}

std::vector<SeqRange> LogWitness::missing(uint64_t log_sequence) const {
  std::vector<SeqRange> missing = holes_;
  const SyncedUpTo synced = synced_.value_or(SyncedUpTo{});
  const bool cut_short = log_sequence < synced.log_sequence;
  if ((hole_ || cut_short) && synced.seq > last_) missing.push_back({last_ + 1, synced.seq});
  return missing;
}

}  // namespace headgate::store
