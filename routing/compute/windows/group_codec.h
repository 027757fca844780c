// Stored form of groups and panes. Its version stands before each entry.
#pragma once

#include <string>

#include "routing/compute/aggregates/packed.h"
#include "routing/compute/windows/group.h"

namespace headgate::routing {

// The group and its last pane; `panes` of the same query are empty.
void save_group(const Group& group, std::string& out);
[[nodiscard]] bool load_group(Group& group, const Sums& none, PackedReader& in);

void save_pane(const Pane& pane, std::string& out);
[[nodiscard]] bool load_pane(Pane& pane, const Sums& none, PackedReader& in);

}  // namespace headgate::routing
