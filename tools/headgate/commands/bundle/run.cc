#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "tools/headgate/bundle/contents.h"
#include "tools/headgate/commands/bundle/commands.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

namespace fs = std::filesystem;

// A directory that only its owner sees, and that goes with this.
class Scratch {
 public:
  Scratch() : path_((fs::temp_directory_path() / "headgate-bundle-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void add_answers(AdminClient& hub, std::map<std::string, std::string>& texts) {
  for (const char* what : {"status", "queues", "routes", "clients", "upstream", "store", "remote"}) {
    const auto body = hub.get("/v1/" + std::string(what));
    texts[std::string(what) + ".json"] = body ? *body : "";
  }
}

std::string text_of_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string versions(const AskDaemon& ask) {
  utsname system{};
  (void)uname(&system);
  const auto daemon = ask({"--version"});
  return "headgated: " + (daemon ? daemon->out : daemon.error().what + "\n") + "kernel: " + system.sysname +
         " " + system.release + " " + system.machine + "\n" + text_of_file("/etc/os-release");
}

// False after an error, which was told.
bool write_files(const std::string& dir, const std::vector<BundleFile>& files, std::ostream& err) {
  for (const BundleFile& file : files) {
    std::ofstream written(dir + "/" + file.name, std::ios::binary);
    written << file.text << std::flush;
    if (written) continue;
    err << "headgate: " << dir << "/" << file.name << ": cannot be written: " << std::strerror(errno) << '\n';
    return false;
  }
  return true;
}

int pack(const std::string& dir, const std::string& out, std::ostream& err) {
  const auto packed = run_program("tar", {"--create", "--gzip", "--owner=0", "--group=0", "--file",
                                          fs::absolute(out).string(), "--directory", dir, "."});
  if (packed && packed->exit_code == 0) return 0;
  err << "headgate: "
      << printable(out + " cannot be written: " + (packed ? packed->err : packed.error().what),
                   core::LineFeeds::kept)
      << '\n';
  return 1;
}

}  // namespace

int run_bundle(const Bundler& bundler, const BundleOptions& options) {
  std::error_code unknown;
  if (fs::exists(options.out, unknown)) {
    bundler.err << "headgate: " << printable(options.out) << ": is there already and is not overwritten\n";
    return 1;
  }
  std::map<std::string, std::string> texts;
  add_answers(bundler.hub, texts);
  if (!options.config.empty()) {
    const auto settings = bundler.ask({"--print-config", "--json", "--config", options.config});
    texts["config.json"] = settings ? settings->out : "";
    const auto check = bundler.ask({"--check", options.config, "--json"});
    texts["config-check.json"] = check ? check->out : "";
  }
  texts["doctor.json"] = bundler.doctor();
  texts["versions.txt"] = versions(bundler.ask);
  const Scratch scratch;
  const auto files = bundle_files(texts);
  if (scratch.path().empty()) {
    bundler.err << "headgate: a temporary directory cannot be made: " << std::strerror(errno)
                << "; set TMPDIR\n";
    return 1;
  }
  if (!write_files(scratch.path(), files, bundler.err) || pack(scratch.path(), options.out, bundler.err) != 0)
    return 1;
  for (const BundleFile& file : files) bundler.out << printable(file.name) << '\n';
  bundler.out << files.size() << " files in " << printable(options.out) << ", without payloads and secrets\n";
  return 0;
}

}  // namespace headgate::tools
