// Mistakes in what is to be brought down that show only when all of the configuration is read.
#pragma once

#include "hub/config/config.h"
#include "hub/config/problems.h"

namespace headgate::hub {

void check_downstream(const Config& config, Problems& problems);

}  // namespace headgate::hub
