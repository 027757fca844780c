// Any bytes as the stored state of an aggregate, and as what comes after.
#pragma once

#include <string_view>

namespace headgate::fuzz {

// The first two bytes choose the aggregate and its parameter, two more how many bytes that follow are read as its state;
// the rest are values that are added. Aborts if a state that was refused leaves anything behind, if one that was
// read does not survive being stored, if memory exceeds its bound, or if merging what was split gives another state.
void run_aggregates(std::string_view input);

}  // namespace headgate::fuzz
