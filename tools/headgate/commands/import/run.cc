#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tools/headgate/commands/import/commands.h"
#include "tools/headgate/format.h"
#include "tools/headgate/route_texts.h"

namespace headgate::tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr mode_t kSecretMode = 0600;
constexpr mode_t kConfigMode = 0644;

core::Result<std::vector<std::string>> names_in(const std::string& dir) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error))
    names.push_back(it->path().filename().string());
  if (error) return core::fail(core::Errc::io, dir + ": cannot be read: " + error.message());
  return names;
}

std::string secret_path(const std::string& out, const std::string& link) {
  return (fs::absolute(out).parent_path() / (link + ".password")).string();
}

core::Status write_new(const std::string& path, const std::string& text, mode_t mode, bool force) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (force ? O_TRUNC : O_EXCL);
  const int fd = open(path.c_str(), flags, mode);
  if (fd < 0 && errno == EEXIST)
    return core::fail(core::Errc::invalid, path + ": is there already and is not overwritten; say --force");
  const bool written =
      fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (written) return {};
  return core::fail(core::Errc::io, path + ": cannot be written: " + std::strerror(error));
}

core::Status write_all(const ConfigImportOptions& options, const Imported& imported) {
  for (const ImportSecret& secret : imported.secrets) {
    core::Status done =
        write_new(secret_path(options.out, secret.link), secret.text + "\n", kSecretMode, options.force);
    if (!done) return done;
  }
  return write_new(options.out, imported.config, kConfigMode, options.force);
}

void show_notes(const Imported& imported, std::ostream& err) {
  for (const ImportNote& note : imported.errors)
    err << printable(note.place + ": error: " + (note.what.empty() ? "" : note.what + ": ") + note.why)
        << '\n';
  for (const ImportNote& note : imported.notes)
    err << printable(note.place + ": " + note.what + ": " + note.why) << '\n';
  if (imported.errors.empty())
    err << imported.notes.size() << (imported.notes.size() == 1 ? " line has" : " lines have")
        << " no counterpart, or another meaning\n";
  else
    err << "nothing is written: " << imported.errors.size()
        << (imported.errors.size() == 1 ? " line is wrong\n" : " lines are wrong\n");
}

Json list_of(const std::vector<ImportNote>& notes) {
  Json list = Json::array();
  for (const ImportNote& note : notes)
    list.push_back({{"place", note.place}, {"line", note.what}, {"why", note.why}});
  return list;
}

void tell(const Imported& imported, bool json, std::ostream& err) {
  if (!json) return show_notes(imported, err);
  err << Json{{"errors", list_of(imported.errors)}, {"notes", list_of(imported.notes)}}.dump(
             -1, ' ', false, Json::error_handler_t::replace)
      << '\n';
}

}  // namespace

int run_import(Importer importer, const ConfigImportOptions& options, bool json, std::ostream& out,
               std::ostream& err) {
  const auto password_file = [&](const std::string& link) {
    return options.out.empty() ? "" : secret_path(options.out, link);
  };
  const Imported imported = importer(options.file, {read_text, names_in, password_file});
  tell(imported, json, err);
  if (!imported.errors.empty()) return 1;
  if (options.out.empty()) {
    out << imported.config;
    return 0;
  }
  if (const core::Status written = write_all(options, imported); !written) {
    err << "headgate: " << printable(written.error().what) << '\n';
    return 1;
  }
  return 0;
}

}  // namespace headgate::tools
