// Secrets that a configuration names and does not hold: where one is, and how it is read.
#pragma once

#include <cstddef>
#include <string>

#include "core/result.h"

namespace headgate::core {

// Holds one of the two, or neither: there is no secret.
struct SecretSource {
  std::string env;   // name of an environment variable
  std::string file;  // path

  [[nodiscard]] bool empty() const { return env.empty() && file.empty(); }

  friend bool operator==(const SecretSource&, const SecretSource&) = default;
};

inline constexpr size_t kSecretBytesMax = 65'536;

// The secret without line ends behind it; of an empty source an empty text. Blocks. Errors: not_found, io, invalid (it is empty
// or too long); the text names the variable or the file and says what to do, never the secret.
[[nodiscard]] Result<std::string> read_secret(const SecretSource& source);

}  // namespace headgate::core
