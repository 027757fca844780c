// Copying an open database.
#pragma once

#include <string>

#include "core/result.h"
#include "store/report/backup.h"
#include "store/rocks/db/database.h"

namespace headgate::store {

// As back_up_store(), of a database that is open. Others may write to it meanwhile; what they had written
// before is in the copy. On any thread but the loop's.
[[nodiscard]] core::Result<BackupReport> back_up(const RocksDb& db, const std::string& dir);

}  // namespace headgate::store
