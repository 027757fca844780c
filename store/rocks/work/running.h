// Shared by the parts of a running store: the database that is open, and what the loop knows of it.
//
// Parts are objects with a job and a state of their own (docs/adr/0026). Each borrows this, and the parts that
// it gives work to; RocksStore owns them all. Everything here is the loop's but `db`, which the threads of
// `background` use too.
#pragma once

#include <memory>
#include <utility>

#include "core/executor.h"
#include "core/log.h"
#include "store/accounts/queue_table.h"
#include "store/end_watcher.h"
#include "store/open.h"
#include "store/rocks/db/database.h"
#include "store/rocks/db/read_path.h"
#include "store/rocks/open.h"
#include "store/rocks/work/background.h"
#include "store/rocks/work/life_cycle.h"

namespace headgate::store {

struct Running {
  // Takes database, meta rows and queues out of `opened`. `executor` and `lines` must outlive this.
  Running(const StoreOptions& given, Opened& opened, core::Executor& executor, core::Log& lines)
      : log(lines),
        options(given),
        background(executor),
        db(std::move(opened.db)),
        meta(std::move(opened.meta)),
        table(std::move(opened.table)),
        path(*db, options.tail_bytes) {}

  core::Log& log;
  const StoreOptions options;
  LifeCycle life;
  Background background;
  std::shared_ptr<RocksDb> db;  // null while it is opened again
  Meta meta;                    // `next_seq` as it was when the database was opened
  QueueTable table;
  RocksReadPath path;
  EndWatcher* watcher = nullptr;  // null: nobody wants to know
};

}  // namespace headgate::store
