// What a hub reads of a file of identities, for tests of the tool that writes it.
#pragma once

#include <string>

namespace headgate::testing {

// Ids of those that the hub would let in, in order, a space between; or its complaint.
[[nodiscard]] std::string registered_identities(const std::string& path);

}  // namespace headgate::testing
