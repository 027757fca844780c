// Why a file cannot be read, in words that say who must be able to and how that is done.
#pragma once

#include <string>

namespace headgate::core {

// `error` is the errno of the attempt. Missing rights are explained: who this process is, whose the file is, what
// to type. Looks at the file's rights and at the machine's own list of users, never at a network's.
[[nodiscard]] std::string why_unreadable(const std::string& path, int error);

}  // namespace headgate::core
