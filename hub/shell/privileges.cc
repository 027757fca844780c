#include "hub/shell/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace headgate::hub {
namespace {

core::Unexpected cannot(const std::string& user, const std::string& what) {
  return core::fail(core::Errc::io, "cannot run as user '" + user + "': " + what);
}

core::Status become(const std::string& user, const passwd& entry) {
  // In this order: afterwards there is no right to change groups.
  if (::initgroups(user.c_str(), entry.pw_gid) != 0 || ::setgid(entry.pw_gid) != 0 ||
      ::setuid(entry.pw_uid) != 0)
    return cannot(user, std::strerror(errno));
  const bool regained = ::setuid(0) == 0 || ::seteuid(0) == 0;
  if (regained || ::getuid() != entry.pw_uid || ::geteuid() != entry.pw_uid || ::getgid() != entry.pw_gid)
    return cannot(user, "the system lets root's rights be regained; start the hub as that user instead");
  return {};
}

}  // namespace

bool runs_as_root() { return ::geteuid() == 0; }

core::Status drop_privileges(const std::string& user) {
  if (!user.empty()) {
    const passwd* const entry = ::getpwnam(user.c_str());
    if (entry == nullptr) {
      return core::fail(core::Errc::invalid, "user: '" + user +
                                                 "' is not a user of this machine; make it with "
                                                 "adduser --system --group " +
                                                 user + ", or name another");
    }
    if (entry->pw_uid != ::geteuid()) {
      if (!runs_as_root())
        return cannot(user, "only root may become another user; start as root, or leave user out");
      if (auto became = become(user, *entry); !became) return became;
    }
  }
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return {};
}

}  // namespace headgate::hub
