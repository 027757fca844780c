// Reading ahead (docs/adr/0025): a consumer that works through a backlog finds the next rows and blocks in
// memory, and the loop neither waits for the disk nor uncompresses. One stretch at a time is read, on the
// reader's thread.
#pragma once

#include <vector>

#include "store/accounts/lane.h"
#include "store/format/index_row.h"
#include "store/queue_store.h"
#include "store/rocks/upkeep/reclaimer.h"
#include "store/rocks/work/running.h"

namespace headgate::store {

class ReadAhead {
 public:
  ReadAhead(Running& store, const Reclaimer& reclaimer) : store_(store), reclaimer_(reclaimer) {}

  // A read has come to the lane's row with this last seq.
  void on_row(LaneId id, Lane& lane, Seq last);

  // Rows that are being read may be old ones: they were written anew.
  void forget_what_is_read() { ++rows_rewritten_; }

  // Another database is open.
  void restart() { reading_ = false; }

 private:
  void on_read(LaneId id, Seq from, std::vector<IndexRowPtr> rows);

  Running& store_;
  const Reclaimer& reclaimer_;
  bool reading_ = false;
  uint64_t rows_rewritten_ = 0;  // times
};

}  // namespace headgate::store
