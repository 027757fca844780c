#include "hub/edge/ca/directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/os/file_rights.h"
#include "hub/edge/ca/authority.h"

namespace headgate::hub {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kKeyMode = 0600;
constexpr mode_t kCertificateMode = 0644;
constexpr mode_t kDirectoryMode = 0755;
constexpr int64_t kClockSetS = 1'735'689'600;  // 2025: a clock before it was never set

struct PemFile {
  std::string_view name;
  std::string text;
  mode_t mode;
};

std::string at(const std::string& dir, std::string_view name) { return (fs::path(dir) / name).string(); }

core::Unexpected ca_failed(const std::string& path, std::string_view what, int error) {
  return core::fail(core::Errc::io, path + ": " + std::string(what) + ": " + std::strerror(error));
}

// Root works for somebody else: the owner of the directory above.
void give_to_owner_above(int fd, const std::string& dir) {
  struct stat above {};
  const fs::path parent = fs::absolute(dir).lexically_normal().parent_path();
  if (geteuid() == 0 && stat(parent.c_str(), &above) == 0) (void)!fchown(fd, above.st_uid, above.st_gid);
}

core::Result<std::string> read_pem(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return core::fail(core::Errc::io, path + ": cannot be read: " + core::why_unreadable(path, errno));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

core::Status make_directory(const std::string& dir) {
  if (mkdir(dir.c_str(), kDirectoryMode) != 0 && errno != EEXIST)
    return ca_failed(dir, "cannot be made", errno);
  const int fd = open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ca_failed(dir, "cannot be opened", errno);
  give_to_owner_above(fd, dir);
  close(fd);
  return {};
}

// A file of that name is whole, or as it was.
core::Status put_file(const std::string& dir, const PemFile& file) {
  const std::string path = at(dir, file.name);
  const std::string beside = path + ".new";
  (void)unlink(beside.c_str());
  const int fd = open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, file.mode);
  if (fd < 0) return ca_failed(path, "cannot be written", errno);
  give_to_owner_above(fd, dir);
  const bool written =
      fchmod(fd, file.mode) == 0 &&
      write(fd, file.text.data(), file.text.size()) == static_cast<ssize_t>(file.text.size()) &&
      fsync(fd) == 0;
  const int error = errno;
  close(fd);
  if (written && rename(beside.c_str(), path.c_str()) == 0) return {};
  (void)unlink(beside.c_str());
  return ca_failed(path, "cannot be written", written ? errno : error);
}

core::Status put_files(const std::string& dir, const std::vector<PemFile>& files) {
  for (const PemFile& file : files)
    if (core::Status done = put_file(dir, file); !done) return done;
  return {};
}

// A file of an authority that is there, even as a link that leads nowhere; empty: none is.
std::string file_that_is_there(const std::string& dir) {
  for (const std::string_view name : {kAuthorityFile, kAuthorityKeyFile, kServerFile, kServerKeyFile})
    if (std::error_code unseen; fs::exists(fs::symlink_status(at(dir, name), unseen))) return at(dir, name);
  return "";
}

// All of it is there, or nothing: a power cut leaves what the next attempt writes again.
core::Status put_new_directory(const std::string& dir, const std::vector<PemFile>& files) {
  const std::string unfinished = dir + ".unfinished";
  if (core::Status made = make_directory(unfinished); !made) return made;
  if (core::Status put = put_files(unfinished, files); !put) return put;
  if (rename(unfinished.c_str(), dir.c_str()) == 0) return {};
  return ca_failed(dir, "cannot be made", errno);
}

core::Status check_clock(int64_t now_s) {
  if (now_s >= kClockSetS) return {};
  return core::fail(
      core::Errc::invalid,
      "the clock of this machine is not set, and certificates are valid from now on: set it first");
}

}  // namespace

core::Status init_authority(const std::string& dir, const std::vector<std::string>& names, int64_t now_s) {
  if (core::Status set = check_clock(now_s); !set) return set;
  if (const std::string there = file_that_is_there(dir); !there.empty())
    return core::fail(core::Errc::invalid,
                      there +
                          ": is there already and is not overwritten; headgate ca renew makes the "
                          "server's certificate anew under the same authority");
  const auto authority = make_authority("Headgate of " + (names.empty() ? "" : names[0]), now_s);
  if (!authority) return core::fail(authority.error());
  const auto server = make_server_certificate(*authority, names, now_s);
  if (!server) return core::fail(server.error());
  const std::vector<PemFile> files = {{kAuthorityKeyFile, authority->key, kKeyMode},
                                      {kAuthorityFile, authority->certificate, kCertificateMode},
                                      {kServerKeyFile, server->key, kKeyMode},
                                      {kServerFile, server->certificate, kCertificateMode}};
  std::error_code unseen;
  return fs::exists(dir, unseen) ? put_files(dir, files) : put_new_directory(dir, files);
}

bool is_without_authority(const std::string& dir) { return file_that_is_there(dir).empty(); }

core::Status renew_server(const std::string& dir, std::vector<std::string> names, int64_t now_s) {
  if (core::Status set = check_clock(now_s); !set) return set;
  auto certificate = read_pem(at(dir, kAuthorityFile));
  if (!certificate)
    return core::fail(certificate.error().code,
                      certificate.error().what + "; headgate ca init makes an authority");
  auto key = read_pem(at(dir, kAuthorityKeyFile));
  if (!key) return core::fail(key.error());
  if (names.empty()) {
    const auto old = read_pem(at(dir, kServerFile));
    if (!old) return core::fail(old.error().code, old.error().what + "; say the names by --name");
    auto found = names_in_certificate(*old);
    if (!found) return core::fail(found.error().code, at(dir, kServerFile) + ": " + found.error().what);
    names = *std::move(found);
  }
  const auto server = make_server_certificate({*std::move(certificate), *std::move(key)}, names, now_s);
  if (!server) return core::fail(server.error().code, dir + ": " + server.error().what);
  return put_files(
      dir, {{kServerKeyFile, server->key, kKeyMode}, {kServerFile, server->certificate, kCertificateMode}});
}

}  // namespace headgate::hub
