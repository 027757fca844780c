// Rules about the items of arrays. Internal to this folder.
#pragma once

#include <valijson/constraints/concrete_constraints.hpp>

#include "routing/schema/work.h"

namespace headgate::routing {

// `array` is one in each.
bool items_hold(Work& work, const valijson::Subschema& schema, const JsonNode& array);
bool tuple_holds(Work& work, const valijson::constraints::LinearItemsConstraint& rules,
                 const JsonNode& array);
bool contains_one(Work& work, const valijson::Subschema& schema, const JsonNode& array);
bool items_differ(Work& work, const JsonNode& array);

}  // namespace headgate::routing
