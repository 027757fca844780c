// The declarations of lookup tables in a route file: `tables`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "routing/files/queue_rule.h"
#include "routing/lookup/table_source.h"

namespace headgate::routing {

// {name: {"file": path | "topic": filter, "key": …, "maxRows", "maxRowBytes", "maxBytes"}}. A path is relative to the
// folder of `file`, in which the declaration stands. Tables with a problem are left out; its path begins with `tables`.
[[nodiscard]] std::vector<TableSource> read_table_rules(const nlohmann::ordered_json& tables,
                                                        const std::string& file,
                                                        std::vector<QueueRuleProblem>& problems);

// Writes a declaration so that it reads back equal; the path of a file is whole.
void write_table_rule(const TableSource& source, nlohmann::ordered_json& table);

}  // namespace headgate::routing
