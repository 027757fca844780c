#include "tools/unbatch/memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace headgate::tools {
namespace {

constexpr mode_t kOwnerOnly = 0600;

core::Unexpected io_error(const std::string& path) {
  return core::fail(core::Errc::io, "cannot write " + path + ": " + std::strerror(errno));
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

Memory::Memory(std::string path, Seen& seen, ChainVerifier& verifier, Acknowledger& acknowledger)
    : path_(std::move(path)), seen_(seen), verifier_(verifier), acknowledger_(acknowledger) {}

Memory::~Memory() {
  if (journal_ >= 0) ::close(journal_);
}

core::Status Memory::load() {
  if (path_.empty()) return {};
  if (auto loaded = seen_.load(path_); !loaded) return loaded;
  if (auto loaded = load_chain(); !loaded) return loaded;
  if (auto loaded = load_acknowledged(); !loaded) return loaded;
  return replay();
}

core::Status Memory::load_chain() {
  std::ifstream file(chain_path(), std::ios::binary);
  if (!file) return {};
  const std::string saved(std::istreambuf_iterator<char>(file), {});
  if (auto loaded = verifier_.load(saved); !loaded)
    return core::fail(loaded.error().code,
                      chain_path() + ": " + loaded.error().what + "; remove it to start anew");
  return {};
}

core::Status Memory::load_acknowledged() {
  std::ifstream file(ack_path(), std::ios::binary);
  if (!file || !acknowledger_.enabled()) return {};
  const std::string saved(std::istreambuf_iterator<char>(file), {});
  if (auto loaded = acknowledger_.load(saved); !loaded)
    return core::fail(loaded.error().code, ack_path() + ": " + loaded.error().what +
                                               "; remove it, and hubs send a few batches again");
  return {};
}

// A line that a crash has cut is of a batch that was not acknowledged: it comes again.
core::Status Memory::replay() {
  std::ifstream file(journal_path(), std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    if (file.eof()) break;
    auto link = read_line(line);
    if (!link)
      return core::fail(link.error().code, journal_path() + ": " + link.error().what +
                                               "; remove it, and copies of a few batches may come");
    for (const auto& [id, digest] : link->rows) seen_.insert(link->stream.hub, link->stream.epoch, id);
    acknowledger_.take(*link, {}, 0);
    verifier_.add(*std::move(link));
  }
  return {};
}

core::Status Memory::note(const ChainLink& link) {
  if (path_.empty()) return {};
  if (journal_ < 0)
    journal_ = ::open(journal_path().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kOwnerOnly);
  if (journal_ < 0 || !write_all(journal_, line_of(link) + '\n') || ::fdatasync(journal_) != 0)
    return io_error(journal_path());
  return {};
}

// The journal last: what it says twice changes nothing.
core::Status Memory::save() {
  if (path_.empty()) return {};
  if (auto saved = replace_file(chain_path(), verifier_.save() + '\n'); !saved) return saved;
  if (auto saved = seen_.save(path_); !saved) return saved;
  if (acknowledger_.enabled())
    if (auto saved = replace_file(ack_path(), acknowledger_.save() + '\n'); !saved) return saved;
  if (::truncate(journal_path().c_str(), 0) != 0 && errno != ENOENT) return io_error(journal_path());
  return {};
}

}  // namespace headgate::tools
