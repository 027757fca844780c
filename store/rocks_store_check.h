// The check of an open database. Only store/rocks_*.cc include this.
#pragma once

#include "store/rocks_db.h"
#include "store/store_check.h"

namespace headgate::store {

// Nothing may be written meanwhile.
[[nodiscard]] StoreReport check_rows(const RocksDb& db);

}  // namespace headgate::store
