// A file of users: one `user:hash` a line. Mosquitto's are taken as they are.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::hub {

class PasswordFile {
 public:
  // Errors: not_found or io, else as parse().
  [[nodiscard]] static core::Result<PasswordFile> load(const std::string& path);

  // Empty lines and those that begin with `#` say nothing. Error: invalid; a line of `what` for each line
  // that is wrong: the whole file is refused, so that nobody is locked out, or let in, by half of it.
  [[nodiscard]] static core::Result<PasswordFile> parse(std::string_view text, std::string_view path);

  // Their hash; null if there is no such user.
  [[nodiscard]] const std::string* find(std::string_view user) const;
  // Hash that an unknown user is measured against, so that the answer takes as long as for one who does:
  // a hash of this file, chosen by `any`.
  [[nodiscard]] const std::string& decoy(size_t any) const;
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& users() const { return hashes_; }
  // True if it has not even a comment: it may be about to be written.
  [[nodiscard]] bool is_blank() const { return blank_; }

  friend bool operator==(const PasswordFile&, const PasswordFile&) = default;

 private:
  std::map<std::string, std::string, std::less<>> hashes_;
  bool blank_ = true;
};

// True if everybody on this machine can read the file.
[[nodiscard]] bool is_world_readable(const std::string& path);

}  // namespace headgate::hub
