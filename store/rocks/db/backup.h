// Copying an open database.
#pragma once

#include <string>

#include "core/result.h"
#include "store/report/backup.h"
#include "store/rocks/db/database.h"

namespace headgate::store {

// Does back_up_store() for a database that is open. Others may write to it meanwhile; what they had written
// before is in the copy. On any thread but the loop's.
[[nodiscard]] core::Result<BackupReport> back_up(RocksDb& db, const std::string& dir);

}  // namespace headgate::store
