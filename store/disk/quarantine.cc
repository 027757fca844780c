#include "store/disk/quarantine.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "store/disk/names.h"

namespace headgate::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRoot = "quarantine";
constexpr std::string_view kPending = "pending";
constexpr std::string_view kCause = "cause";
constexpr std::string_view kReport = "report.json";

std::string join(const std::string& folder, std::string_view name) {
  return folder + "/" + std::string(name);
}

core::Status failed(const std::string& path) {
  const core::Errc code = errno == ENOSPC ? core::Errc::full : core::Errc::io;
  return core::fail(code, "quarantine " + path + ": " + std::strerror(errno));
}

core::Status write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) return failed(path);
  return sync_file(path);
}

}  // namespace

std::string quarantine_folder(const std::string& store_dir, std::string_view epoch) {
  return join(join(store_dir, kRoot), epoch);
}

Quarantine::Quarantine(std::string store_dir)
    : store_dir_(std::move(store_dir)), root_(join(store_dir_, kRoot)), pending_(join(root_, kPending)) {}

std::string Quarantine::unfinished() const {
  std::ifstream file(join(pending_, kCause), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Quarantine::hold_logs() {
  std::error_code error;
  for (const auto& file : fs::directory_iterator(store_dir_, error)) {
    if (file.path().extension() != ".log") continue;
    fs::create_directories(pending_, error);
    fs::create_hard_link(file.path(), pending_ / file.path().filename(), error);
  }
}

void Quarantine::release_logs() {
  std::error_code error;
  std::vector<fs::path> logs;
  for (const auto& file : fs::directory_iterator(pending_, error)) {
    if (file.path().extension() == ".log") logs.push_back(file.path());
  }
  for (const fs::path& log : logs) fs::remove(log, error);
  fs::remove(pending_, error);  // if there is nothing else in it
  fs::remove(root_, error);
}

core::Status Quarantine::begin(std::string_view cause) {
  if (auto made = make_directories(pending_); !made) return made;
  std::error_code error;
  fs::permissions(root_, fs::perms::owner_all, error);
  if (auto written = write_file(join(pending_, kCause), cause); !written) return written;
  for (const std::string& folder : {pending_, root_, store_dir_}) {
    if (auto synced = sync_directory(folder); !synced) return synced;
  }
  return {};
}

void Quarantine::keep(const std::string& file_name) {
  std::error_code error;
  const fs::path from = fs::path(store_dir_) / file_name;
  const fs::path to = fs::path(pending_) / file_name;
  fs::create_hard_link(from, to, error);
  if (error) fs::copy_file(from, to, fs::copy_options::skip_existing, error);
  // The original is deleted once it is mended. A copy that cannot be synced is better than none.
  (void)sync_file(to);
  (void)sync_directory(pending_);
}

core::Status Quarantine::finish(std::string_view epoch, std::string_view report) {
  if (auto written = write_file(join(pending_, kReport), report); !written) return written;
  if (auto synced = sync_directory(pending_); !synced) return synced;
  const std::string folder = quarantine_folder(store_dir_, epoch);
  std::error_code error;
  fs::rename(pending_, folder, error);
  if (error) return core::fail(core::Errc::io, "quarantine " + folder + ": " + error.message());
  return sync_directory(root_);
}

std::vector<std::string> Quarantine::files() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(pending_, error)) {
    const std::string name = file.path().filename().string();
    if (name != kCause && name != kReport) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace headgate::store
