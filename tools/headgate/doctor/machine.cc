#include <algorithm>

#include "tools/headgate/doctor/findings.h"
#include "tools/headgate/format.h"

namespace headgate::tools {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kSoonDays = 30;
constexpr int64_t kSlowSyncUs = 50'000;
constexpr uint64_t kFullPercent = 90;
constexpr uint32_t kOfOthers = 0007;
constexpr uint64_t kOwnDescriptors = 100;  // of the store, the log and the links

using Findings = std::vector<Diagnosis>;

void clock(const Machine& machine, Findings& found) {
  if (machine.clock_synced.value_or(true)) return;
  found.push_back(
      {Severity::warning, "clock", "this machine", "the clock is not synchronised",
       "have a time service run: timedatectl set-ntp true; times of messages and certificates depend on it"});
}

void path(const PrivatePath& it, Findings& found) {
  if (it.missing) {
    found.push_back({Severity::error, "permissions", it.path, it.what + " is not there",
                     "make it, or mend its path in the configuration; see headgate config check"});
  } else if ((it.mode & kOfOthers) != 0) {
    found.push_back({Severity::warning, "permissions", it.path,
                     it.what + " is open to everybody on this machine", "chmod o= " + it.path});
  }
}

void certificate(const CertificateSeen& it, int64_t now_ms, Findings& found) {
  const std::string where = it.where + " " + it.file;
  const std::string renew =
      it.renewal.empty() ? "put a new one into that file and headgate reload" : it.renewal;
  if (!it.trouble.empty())
    return found.push_back({Severity::error, "certificates", where, it.trouble, "see headgate config check"});
  if (it.expires_ms <= now_ms)
    return found.push_back(
        {Severity::error, "certificates", where, "expired " + iso_time(it.expires_ms), renew});
  const int64_t days = (it.expires_ms - now_ms) / kDayMs;
  if (days < kSoonDays)
    found.push_back({Severity::warning, "certificates", where,
                     "expires in " + std::to_string(days) + " days, " + iso_time(it.expires_ms), renew});
}

void disk(const DiskSeen& it, Findings& found) {
  const uint64_t used = it.total_bytes - std::min(it.free_bytes, it.total_bytes);
  if (it.total_bytes > 0 && used / (it.total_bytes / 100 + 1) >= kFullPercent)
    found.push_back(
        {Severity::warning, "disk", it.path,
         "the file system has " + human_bytes(it.free_bytes) + " of " + human_bytes(it.total_bytes) + " left",
         "make room, or bound the queues: store.bytes_max; headgate queue ls shows which is large"});
  if (it.sync_us.value_or(0) > kSlowSyncUs)
    found.push_back(
        {Severity::warning, "disk", it.path,
         "a sync takes " + std::to_string(*it.sync_us / 1000) + " ms, and each acknowledgement waits for one",
         "use another disk for data_dir, or store.durability \"interval:100\" if a power cut may lose that"});
}

void descriptors(const DescriptorsSeen& it, Findings& found) {
  if (it.limit == 0) return;
  const std::string raise = "raise it: systemctl edit headgated, LimitNOFILE=" +
                            std::to_string(it.connections_max + kOwnDescriptors);
  if (it.open > 0 && it.open >= it.limit / 10 * 9)
    return found.push_back(
        {Severity::error, "descriptors", "the hub's process",
         std::to_string(it.open) + " of " + std::to_string(it.limit) + " open files are in use", raise});
  if (it.connections_max + kOwnDescriptors > it.limit)
    found.push_back({Severity::warning, "descriptors", "the hub's process",
                     "may open " + std::to_string(it.limit) +
                         " files, which is less than limits.connections_max (" +
                         std::to_string(it.connections_max) + ") takes",
                     raise});
}

}  // namespace

std::vector<Diagnosis> examine(const Machine& machine) {
  Findings found;
  clock(machine, found);
  for (const PrivatePath& it : machine.paths) path(it, found);
  for (const CertificateSeen& it : machine.certificates) certificate(it, machine.now_ms, found);
  if (machine.disk) disk(*machine.disk, found);
  if (machine.descriptors) descriptors(*machine.descriptors, found);
  return found;
}

}  // namespace headgate::tools
