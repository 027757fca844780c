// Options of a store that keeps little in memory, so that what a test does reaches the disk.
#pragma once

#include <string>

#include "store/open.h"

namespace headgate::testing {

// `env` is borrowed; null: the machine's own. The machine's disk is not asked for room.
inline store::StoreOptions small_store_in(const std::string& dir, rocksdb::Env* env) {
  store::StoreOptions options;
  options.dir = dir;
  options.hub_id = "hub-1";
  options.cache_bytes = 1u << 20;
  options.tail_bytes = 0;
  options.space = {};
  options.env = env;
  return options;
}

}  // namespace headgate::testing
