// Rows of lookup tables for a replay: as they are now, since nobody keeps what they held then.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "routing/lookup/table_source.h"
#include "tools/headgate/commands/commands.h"

namespace headgate::tools {

// Gives tables that a hub declares the rows that they have there: asked for in pages of a hub that runs, or read in the
// directory of one that is stopped. A table whose rows are not known has none, and its fault says why. Error: of the hub.
[[nodiscard]] core::Result<std::vector<routing::TableSource>> tables_in_force(
    const Context& context, std::vector<routing::TableSource> declared);

// Gives tables of a file that are kept from topics the rows that tables of the hub have which are kept from the same. The
// fault of one of which there is none says so.
void take_rows_of_topics(std::vector<routing::TableSource>& own,
                         const std::vector<routing::TableSource>& in_force);

// Lets no message change the tables.
void hold_still(std::vector<routing::TableSource>& tables);

}  // namespace headgate::tools
