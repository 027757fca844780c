// How long a test of random steps goes on, and from which seed, as whoever runs it may say.
#pragma once

#include <cstdlib>
#include <string>

namespace headgate::testing {

// The number in an environment variable, or `otherwise` without it.
inline unsigned number_from(const char* variable, unsigned otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? static_cast<unsigned>(std::stoul(text)) : otherwise;
}

}  // namespace headgate::testing
