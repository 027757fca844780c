#include "hub/observe/line_writer.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace headgate::hub {
namespace {

// A pipe that can be written to takes this much without waiting (PIPE_BUF of Linux).
constexpr size_t kPieceBytes = 4096;

constexpr int kNone = -1;

// Waits for the file. Returns what it has taken: less than all if it refuses.
size_t write_all(int file, std::string_view all) {
  std::string_view bytes = all;
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
    if (written > 0 || (written < 0 && errno == EINTR)) continue;
    if (written < 0 && errno != EAGAIN && errno != EWOULDBLOCK) break;
    // Somebody else has set the descriptor, which processes share, to not waiting.
    pollfd until{file, POLLOUT, 0};
    if (::poll(&until, 1, -1) < 0 && errno != EINTR) break;
  }
  return all.size() - bytes.size();
}

void take_no_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

struct LineWriter::Shared {
  Shared(int the_file, bool is_owned, Gap the_gap)
      : file(the_file), owned(is_owned), gap(std::move(the_gap)) {}
  ~Shared() {
    use(kNone);
    if (next_file != kNone) ::close(next_file);
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  int file;  // the thread's, and so is `owned`
  bool owned;
  const Gap gap;

  std::mutex mutex;  // for all below
  int next_file = kNone;
  std::condition_variable changed;
  std::deque<std::string> waiting;
  size_t waiting_bytes = 0;
  size_t lines_being_written = 0;
  uint64_t dropped = 0;
  uint64_t untold = 0;  // of the dropped, since the last gap in the file
  bool torn = false;    // the file ends within a line
  bool started = false;
  bool stopping = false;

  void use(int other) {
    if (owned) ::close(file);
    file = other;
    owned = other != kNone;
  }

  // Before a line: where it goes.
  void change_file() {
    if (next_file == kNone) return;
    use(std::exchange(next_file, kNone));
    torn = false;
  }

  [[nodiscard]] bool idle() const { return waiting.empty() && lines_being_written == 0; }

  void drop_oldest() {
    waiting_bytes -= waiting.front().size();
    waiting.pop_front();
    ++dropped;
    ++untold;
  }

  // Whole lines, and what is to be said of those that are missing before them.
  std::string take_piece(uint64_t missing) {
    std::string piece = torn ? "\n" : "";
    if (missing > 0) piece += gap(missing);
    while (!waiting.empty() &&
           (lines_being_written == 0 || piece.size() + waiting.front().size() <= kPieceBytes)) {
      piece += waiting.front();
      waiting_bytes -= waiting.front().size();
      waiting.pop_front();
      ++lines_being_written;
    }
    return piece;
  }

  void piece_ended(size_t bytes, size_t written, uint64_t missing) {
    torn = written < bytes && (written > 0 || torn);
    if (written < bytes) {
      dropped += lines_being_written;
      untold += missing + lines_being_written;
    }
    lines_being_written = 0;
    if (waiting.empty()) changed.notify_all();
  }
};

LineWriter::LineWriter(int file, bool owned, Gap gap)
    : shared_(std::make_shared<Shared>(file, owned, std::move(gap))) {}

LineWriter::~LineWriter() {
  flush(kExitPatience);
  const std::lock_guard lock(shared_->mutex);
  shared_->stopping = true;
  shared_->changed.notify_all();
}

void LineWriter::write(std::string line) {
  const std::lock_guard lock(shared_->mutex);
  shared_->waiting_bytes += line.size();
  shared_->waiting.push_back(std::move(line));
  while (shared_->waiting_bytes > kWaitingBytesMax) shared_->drop_oldest();
  if (!shared_->started) {
    try {
      std::thread([shared = shared_] { run(shared); }).detach();
      shared_->started = true;
    } catch (const std::system_error&) {
      return;  // no thread is left for the log: lines wait, and the next one tries again
    }
  }
  shared_->changed.notify_all();
}

void LineWriter::write_to(int file) {
  const std::lock_guard lock(shared_->mutex);
  const int unused = std::exchange(shared_->next_file, file);
  if (unused != kNone) ::close(unused);
}

bool LineWriter::flush(std::chrono::milliseconds patience) {
  std::unique_lock lock(shared_->mutex);
  return shared_->changed.wait_for(lock, patience, [this] { return shared_->idle(); });
}

uint64_t LineWriter::dropped() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->dropped;
}

void LineWriter::run(const std::shared_ptr<Shared>& shared) {
  take_no_signals();
  std::unique_lock lock(shared->mutex);
  for (;;) {
    shared->changed.wait(lock, [&] { return shared->stopping || !shared->waiting.empty(); });
    if (shared->waiting.empty()) return;
    shared->change_file();
    const uint64_t missing = std::exchange(shared->untold, 0);
    const std::string piece = shared->take_piece(missing);
    lock.unlock();
    const size_t written = write_all(shared->file, piece);
    lock.lock();
    shared->piece_ended(piece.size(), written, missing);
  }
}

}  // namespace headgate::hub
