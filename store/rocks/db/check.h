// The check of an open database.
#pragma once

#include "store/report/check.h"
#include "store/rocks/db/database.h"

namespace headgate::store {

// Nothing may be written meanwhile.
[[nodiscard]] StoreReport check_rows(RocksDb& db);

}  // namespace headgate::store
