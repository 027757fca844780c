#include "hub/access/password_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "core/os/file_rights.h"
#include "core/topic.h"
#include "hub/access/password_hash.h"

namespace headgate::hub {
namespace {

constexpr size_t kProblemsMax = 10;

std::string_view take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Names the fault of a line; empty: there is none.
std::string problem_of(std::string_view user, std::string_view hash) {
  if (user.empty() || !core::is_valid_utf8(user)) return "is no line of the form user:hash";
  if (const auto ok = check_password_hash(hash); !ok) {
    return "the password of '" + std::string(user) + "' " + ok.error().what +
           "; set it with `headgate passwd` or mosquitto_passwd";
  }
  return "";
}

}  // namespace

core::Result<PasswordFile> PasswordFile::load(const std::string& path) {
  // To open a pipe would be to wait for its writer, and the loop with it.
  std::error_code missing;
  if (std::filesystem::exists(path, missing) && !std::filesystem::is_regular_file(path, missing))
    return core::fail(core::Errc::io, path + ": is not a regular file; make it with `headgate passwd`");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) {
    const int error = errno;
    return core::fail(error == ENOENT ? core::Errc::not_found : core::Errc::io,
                      path + ": cannot be read: " + core::why_unreadable(path, error) +
                          (error == ENOENT ? "; make it with `headgate passwd`" : ""));
  }
  return parse(text.str(), path);
}

core::Result<PasswordFile> PasswordFile::parse(std::string_view text, std::string_view path) {
  PasswordFile file;
  std::string problems;
  size_t found = 0;
  const auto complain = [&](size_t line, const std::string& what) {
    if (++found > kProblemsMax) return;
    problems.append(problems.empty() ? "" : "\n").append(path).append(":").append(std::to_string(line));
    problems.append(": ").append(what);
  };
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // some editors begin UTF-8 with it
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    file.blank_ = file.blank_ && line.empty();
    if (line.empty() || line.starts_with('#')) continue;
    const size_t colon = line.rfind(':');  // no hash has one; a user name may
    const std::string_view user = line.substr(0, colon == std::string_view::npos ? 0 : colon);
    const std::string_view hash = line.substr(user.size() + (user.empty() ? 0 : 1));
    if (const std::string problem = problem_of(user, hash); !problem.empty()) {
      complain(number, problem);
    } else if (!file.hashes_.try_emplace(std::string(user), hash).second) {
      complain(number, "has user '" + std::string(user) + "' a second time; keep one of them");
    }
  }
  if (found > kProblemsMax) problems += "\nand " + std::to_string(found - kProblemsMax) + " more";
  if (found > 0) return core::fail(core::Errc::invalid, problems);
  return file;
}

const std::string* PasswordFile::find(std::string_view user) const {
  const auto found = hashes_.find(user);
  return found == hashes_.end() ? nullptr : &found->second;
}

const std::string& PasswordFile::decoy(size_t any) const {
  if (hashes_.empty()) return nobodys_hash();
  return std::next(hashes_.begin(), static_cast<std::ptrdiff_t>(any % hashes_.size()))->second;
}

bool is_world_readable(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && (info.st_mode & S_IROTH) != 0;
}

}  // namespace headgate::hub
