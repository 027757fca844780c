// Mending a store whose files are damaged (docs/adr/0022).
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "store/open.h"
#include "store/report/damage.h"

namespace headgate::store {

// Puts the damaged files into quarantine, keeps every row that can be read, counts what is lost, and gives
// the store a new epoch. Reads all of it: minutes for a large one. Cut short, it is to be called again
// (Quarantine::unfinished). The database must be closed, and is closed afterwards.
// Errors: corrupt (it cannot be mended), io, full, unavailable, invalid: as open_queue_store().
// `missing`: what the log was found to lack when it was read before; for the report.
[[nodiscard]] core::Result<DamageReport> heal(const StoreOptions& options, const std::string& cause,
                                              std::vector<SeqRange> missing);

// Says what was lost, and where what could not be read lies.
void log_damage(core::Log& log, const DamageReport& report);

}  // namespace headgate::store
