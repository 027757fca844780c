// The hashes of passwords that a file of users may hold, and whether a password fits one. The only file of
// the hub that knows argon2.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::hub {

// Three kinds:
//   $argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<hash>   what `headgate passwd` writes
//   $7$<iterations>$<salt>$<hash>                               mosquitto_passwd: PBKDF2 with HMAC-SHA512
//   $6$<salt>$<hash>                                            mosquitto_passwd before 2.0: SHA512
// Error: invalid; `what` completes "the password of 'bob' …".
[[nodiscard]] core::Status check_password_hash(std::string_view hash);

// Takes 10 to 100 ms, and as much memory as the hash says: not for the loop thread. Any thread. Takes the
// same time whether it fits or not. REQUIRES: check_password_hash(hash).
[[nodiscard]] bool password_fits(const std::string& hash, std::string_view password);

// Hash that an unknown user is measured against, where no other hash is at hand.
[[nodiscard]] const std::string& nobodys_hash();

}  // namespace headgate::hub
