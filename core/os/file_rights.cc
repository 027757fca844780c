#include "core/os/file_rights.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace headgate::core {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::string user_name(uid_t id) {
  const File list(std::fopen("/etc/passwd", "re"));
  while (const passwd* const entry = list ? ::fgetpwent(list.get()) : nullptr) {
    if (entry->pw_uid == id) return entry->pw_name;
  }
  return std::to_string(id);
}

std::string group_name(gid_t id) {
  const File list(std::fopen("/etc/group", "re"));
  while (const group* const entry = list ? ::fgetgrent(list.get()) : nullptr) {
    if (entry->gr_gid == id) return entry->gr_name;
  }
  return std::to_string(id);
}

std::string rights_missing(const std::string& path) {
  const std::string who = "user '" + user_name(::geteuid()) + "', as which the hub runs, must be able to ";
  struct stat file = {};
  if (::stat(path.c_str(), &file) != 0) return who + "enter every directory of the path";
  std::array<char, 8> mode{};
  std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(file.st_mode & 07777));
  return who + "read it; it is " + user_name(file.st_uid) + ":" + group_name(file.st_gid) + " with mode " +
         mode.data() + ": chgrp " + group_name(::getegid()) + " " + path + " && chmod g+r " + path;
}

}  // namespace

std::string why_unreadable(const std::string& path, int error) {
  std::string why = std::strerror(error);
  if (error == EACCES) why += "; " + rights_missing(path);
  return why;
}

}  // namespace headgate::core
