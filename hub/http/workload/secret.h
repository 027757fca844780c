// The gateway's secret, from which the workload API derives keys for encryption: a file of random bytes, for its owner alone.
#pragma once

#include <string>

#include "core/result.h"

namespace headgate::hub {

// Makes the file if there is none; one that is there is never written. Errors: invalid (others may read it, or it has another size), io.
[[nodiscard]] core::Result<std::string> read_or_make_secret(const std::string& path);

}  // namespace headgate::hub
