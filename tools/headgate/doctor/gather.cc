#include "tools/headgate/doctor/gather.h"

#include <fcntl.h>
#include <openssl/asn1.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/os/file_rights.h"

namespace headgate::tools {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kSyncsMax = 16;
constexpr std::chrono::milliseconds kSyncTimeMax{500};

// Closes a descriptor.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

// The median. The file has no name, so nothing of it is ever seen in the directory.
std::optional<int64_t> sync_us(const std::string& dir) {
  const Fd file(open(dir.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (file.get() < 0) return std::nullopt;
  const std::array<char, 4096> block{};
  std::vector<int64_t> took;
  const auto end = Clock::now() + kSyncTimeMax;
  while (took.size() < kSyncsMax && Clock::now() < end) {
    const auto before = Clock::now();
    if (write(file.get(), block.data(), block.size()) < 0 || fdatasync(file.get()) != 0) return std::nullopt;
    took.push_back(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - before).count());
  }
  std::ranges::sort(took);
  return took[took.size() / 2];
}

int64_t unix_ms(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<int64_t>(timegm(&parts)) * 1000 : 0;
}

// The process that has called listen(); 0: there is none.
pid_t process_behind(const std::string& socket_path) {
  sockaddr_un address{};
  if (socket_path.size() >= sizeof(address.sun_path)) return 0;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  const Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return 0;
  ucred peer{};
  socklen_t size = sizeof(peer);
  return getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

uint64_t limit_of(const std::string& limits_path) {
  constexpr std::string_view kName = "Max open files";
  std::ifstream limits(limits_path);
  for (std::string line; std::getline(limits, line);) {
    if (!line.starts_with(kName)) continue;
    std::istringstream words(line.substr(kName.size()));
    uint64_t soft = 0;
    words >> soft;
    return soft;
  }
  return 0;
}

// 0: another user's process, into which one may not look.
uint64_t open_files(const std::string& dir) {
  std::error_code error;
  uint64_t count = 0;
  for (std::filesystem::directory_iterator it(dir, error), end; !error && it != end; it.increment(error))
    ++count;
  return error ? 0 : count;
}

using Json = nlohmann::ordered_json;

bool is_secret_file(std::string_view key) {
  return key.ends_with("password_file") || key.ends_with("sas_key_file") || key.ends_with("tls.key_file") ||
         key.ends_with("chain_key_file") || key.ends_with("token_file");
}

// Goes through objects and lists to the files that they name.
void look_at_value(const std::string& key, const Json& value, Machine& machine) {
  if (value.is_object())
    for (const auto& [name, inner] : value.items()) look_at_value(key + "." + name, inner, machine);
  if (value.is_array())
    for (size_t i = 0; i < value.size(); ++i)
      look_at_value(key + "[" + std::to_string(i) + "]", value[i], machine);
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) return;
  const std::string& file = value.get_ref<const std::string&>();
  if (is_secret_file(key)) machine.paths.push_back(look_at_path(file, key));
  if (key.ends_with("identities_file") && std::filesystem::exists(file))
    machine.paths.push_back(look_at_path(file, key));  // without one nobody is registered yet
  if (key.ends_with("tls.cert_file") || key.ends_with("trust_bundle_file"))
    machine.certificates.push_back(look_at_certificate(file, key));
}

bool knows(const Machine& machine, const std::string& path) {
  return std::ranges::find(machine.paths, path, &PrivatePath::path) != machine.paths.end();
}

// Whoever has the gateway's own authority beside a certificate makes it anew by a command.
std::string renewal_of(const std::string& file) {
  const std::filesystem::path dir = std::filesystem::path(file).parent_path();
  const std::filesystem::path name = std::filesystem::path(file).filename();
  std::error_code unknown;
  if (!std::filesystem::exists(dir / "ca.key", unknown)) return "";
  if (name == "server.pem") return "headgate ca renew --dir " + dir.string() + ", then headgate reload";
  return name == "ca.pem"
             ? "make another in a new directory, headgate ca init --dir DIR, and give it to all devices"
             : "";
}

}  // namespace

std::optional<bool> clock_is_synced() {
  timex state{};
  const int answer = adjtimex(&state);
  if (answer < 0) return std::nullopt;
  return answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

PrivatePath look_at_path(const std::string& path, const std::string& what) {
  struct stat seen {};
  if (stat(path.c_str(), &seen) == 0) return {path, what, false, seen.st_mode};
  return {path, what, errno == ENOENT, 0};  // behind a directory that one may not enter nobody else is either
}

CertificateSeen look_at_certificate(const std::string& file, const std::string& where) {
  CertificateSeen seen{where, file, "", 0, renewal_of(file)};
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened(std::fopen(file.c_str(), "re"), std::fclose);
  if (!opened) {
    seen.trouble = "cannot be read: " + core::why_unreadable(file, errno);
    return seen;
  }
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      PEM_read_X509(opened.get(), nullptr, nullptr, nullptr), X509_free);
  if (certificate) seen.expires_ms = unix_ms(X509_get0_notAfter(certificate.get()));
  if (seen.expires_ms == 0) seen.trouble = "holds no certificate (PEM)";
  return seen;
}

void look_at_own_files(const std::string& data_dir, Machine& machine) {
  std::error_code unknown;
  const auto is_there = [&](const std::string& file) { return std::filesystem::exists(file, unknown); };
  if (const std::string file = data_dir + "/ca/ca.pem"; is_there(file))
    machine.certificates.push_back(look_at_certificate(file, "the gateway's own authority"));
  for (const auto& [name, what] : {std::pair{"/ca/ca.key", "the key of the gateway's own authority"},
                                   {"/identities.json", "the file of identities, with their keys"},
                                   {"/workload.key", "the secret of the workload API"}})
    if (is_there(data_dir + name) && !knows(machine, data_dir + name))
      machine.paths.push_back(look_at_path(data_dir + name, what));
}

std::optional<DiskSeen> look_at_disk(const std::string& dir) {
  struct statvfs space {};
  if (statvfs(dir.c_str(), &space) != 0) return std::nullopt;
  return DiskSeen{dir, uint64_t{space.f_bavail} * space.f_frsize, uint64_t{space.f_blocks} * space.f_frsize,
                  sync_us(dir)};
}

std::optional<DescriptorsSeen> look_at_descriptors(const std::string& socket) {
  const pid_t pid = process_behind(socket);
  if (pid == 0) return std::nullopt;
  const std::string process = "/proc/" + std::to_string(pid);
  return DescriptorsSeen{limit_of(process + "/limits"), open_files(process + "/fd"), 0};
}

std::string directory_of_hub(const std::string& data_dir, const std::string& socket) {
  if (socket.empty()) return "";
  if (data_dir.empty() || data_dir.starts_with('/')) return data_dir;
  const pid_t pid = process_behind(socket);
  std::error_code unknown;
  const auto started_in = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/cwd", unknown);
  return pid == 0 || unknown ? "" : (started_in / data_dir).lexically_normal().string();
}

void look_at_settings(const Json& settings, Machine& machine) {
  for (const Json& setting : settings)
    if (setting.is_object() && setting.contains("key") && setting.contains("value"))
      look_at_value(setting["key"].get<std::string>(), setting["value"], machine);
}

}  // namespace headgate::tools
