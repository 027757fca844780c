// The thread that writes the log, so that nobody else ever waits for who reads it: a pipe that nobody empties,
// a terminal that is paused, a disk that hangs.
//
//   any thread:  write(line) ──▶ waits here, at most kWaitingBytesMax ──▶ thread: write(2), however long it takes
//                                 beyond that the oldest line goes, and is counted
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace headgate::hub {

// Thread-safe. The thread begins with the first line, not before: what the process has to do while it has one
// thread only comes before that. It takes no signals.
class LineWriter {
 public:
  static constexpr size_t kWaitingBytesMax = size_t{256} << 10;
  static constexpr std::chrono::milliseconds kExitPatience{1000};

  // Makes the line that stands where others are missing, so that the log itself says so. On the writer's thread.
  using Gap = std::function<std::string(uint64_t lines)>;

  // `file` is closed at the end if it is `owned`.
  LineWriter(int file, bool owned, Gap gap);
  // Waits for the file for kExitPatience at most. What it has not taken by then is lost; a thread that hangs in
  // write(2) goes with the process.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // Takes a whole line, its end included, and returns at once.
  void write(std::string line);
  // Writes into `file` from the next line on, which it owns, and closes the one before. Returns at once.
  void write_to(int file);
  // Returns true once everything that was taken has been written, false if that lasts longer than `patience`.
  bool flush(std::chrono::milliseconds patience);
  // Lines that will never be in the file: there was no room for them here, or the file refused them.
  [[nodiscard]] uint64_t dropped() const;

 private:
  struct Shared;
  static void run(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;  // with the thread, which may outlast the writer
};

}  // namespace headgate::hub
