// A RocksDB write batch whose memory serves the next one. A buffer of more than 128 KiB comes from the system, goes back
// to it when it is freed, and each of its pages is cleared when it is first touched: for groups of a busy hub that was a
// microsecond a message. Not thread-safe.
#pragma once

#include <rocksdb/write_batch.h>

#include <cstddef>

namespace headgate::store {

class BatchBuffer {
 public:
  // A batch that needs more is large. So little costs nothing, and is kept.
  static constexpr size_t kSmallBytes = 64u << 10;
  // Large batches before their memory is kept: one alone, as at the start, leaves nothing.
  static constexpr size_t kLargeMin = 4;
  // Small ones in a row before it is given back.
  static constexpr size_t kSmallMax = 16;

  // An empty batch, good until the next call.
  rocksdb::WriteBatch& next() {
    batch_.Clear();
    return batch_;
  }

  // The batch has been written: decides whether its memory is kept.
  void written() {
    const bool is_large = batch_.GetDataSize() > kSmallBytes;
    small_ = is_large ? 0 : small_ + 1;
    if (is_large) ++large_;
    if (small_ >= kSmallMax) large_ = 0;
    if (large_ < kLargeMin && bytes_kept() > kSmallBytes) batch_ = rocksdb::WriteBatch();
  }

  [[nodiscard]] size_t bytes_kept() const { return batch_.Data().capacity(); }

 private:
  rocksdb::WriteBatch batch_;
  size_t large_ = 0;  // since the memory was given back
  size_t small_ = 0;  // in a row
};

}  // namespace headgate::store
