// core::Log on spdlog: one line an event, `event key=value …`, to stderr or a file.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/log.h"
#include "core/result.h"
#include "hub/observe/line_writer.h"
#include "hub/observe/log_gate.h"

namespace spdlog {
class logger;
}

namespace headgate::hub {

// Thread-safe. Lines carry UTC time and the level. They are written by a thread of its own (LineWriter) as they
// come; no caller waits for it. LogGate decides which are written.
class SpdlogLog : public core::Log {
 public:
  // `file` empty: stderr. `clock` must outlive the log. Errors: io when the file cannot be opened for appending.
  [[nodiscard]] static core::Result<std::unique_ptr<SpdlogLog>> open(const std::string& file,
                                                                     core::LogLevel level,
                                                                     const core::Clock& clock);

  void write(core::LogLevel level, std::string_view event,
             std::initializer_list<core::LogField> fields) override;
  // Writes how many lines were left out, about whom. Call every second.
  void tick();
  // Waits until all lines are written, for `patience` at most; whether they are.
  bool flush(std::chrono::milliseconds patience = LineWriter::kExitPatience);
  [[nodiscard]] LogStats stats() const;

 private:
  SpdlogLog(int file, bool owned, core::LogLevel level, const core::Clock& clock);
  void put(core::LogLevel level, std::string_view event, std::initializer_list<core::LogField> fields);

  const core::Clock& clock_;
  LineWriter writer_;
  std::shared_ptr<spdlog::logger> logger_;
  mutable std::mutex gate_mutex_;  // the store's writer has lines too
  LogGate gate_;
};

// `event key=value key="quoted value"`: values are quoted when empty or when they hold spaces, quotes, `=` or
// control characters, which are escaped, so that a line is always one line. Long ids and topics are cut in their middle
// (core::shortened), so that it is one of bounded length.
[[nodiscard]] std::string format_log_line(std::string_view event,
                                          std::initializer_list<core::LogField> fields);

}  // namespace headgate::hub
