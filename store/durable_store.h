// A store on a disk: its verbs besides those of every QueueStore.
#pragma once

#include <functional>
#include <string>

#include "core/histogram.h"
#include "core/result.h"
#include "store/queue_store.h"
#include "store/report/backup.h"
#include "store/report/stats.h"

namespace headgate::store {

class DurableStore : public QueueStore {
 public:
  using OnBackedUp = std::function<void(const core::Result<BackupReport>& report)>;

  // Copies the store while it goes on; see back_up_store() for `dir`. What was durable when this was called
  // is in the copy. Done on the housekeeper's thread, one after the other; `done` is called on the loop, but
  // not after close(), which gives up a copy that is being made. Errors: as there, and unavailable (the store
  // is being opened again).
  virtual void back_up(const std::string& dir, OnBackedUp done) = 0;

  // Sizes and counts as they are kept: nothing is read for them.
  [[nodiscard]] virtual StoreStats store_stats() const = 0;
  // The part of it that costs next to nothing.
  [[nodiscard]] virtual StoreMemory store_memory() const = 0;
  // Names of its threads that hang: the writer or the reader at one piece of work for ten seconds, the housekeeper for ten
  // minutes.
  [[nodiscard]] virtual std::vector<std::string> stalled() const = 0;
  // How long the disk took for each sync, the write with it included.
  [[nodiscard]] virtual const core::Histogram& sync_times() const = 0;
};

}  // namespace headgate::store
