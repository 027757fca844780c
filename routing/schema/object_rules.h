// Rules about the members of objects. Internal to this folder.
#pragma once

#include <string_view>
#include <valijson/constraints/concrete_constraints.hpp>

#include "routing/schema/work.h"

namespace headgate::routing {

// `object` is one in each.
bool members_hold(Work& work, const valijson::constraints::PropertiesConstraint& rules,
                  const JsonNode& object);
bool names_hold(Work& work, const valijson::Subschema& schema, const JsonNode& object);
bool dependencies_hold(Work& work, const valijson::constraints::DependenciesConstraint& rules,
                       const JsonNode& object);
bool needs_member(Work& work, const JsonNode& object, std::string_view name);

}  // namespace headgate::routing
