// core::Log on spdlog: one line an event, as text or JSON, to stderr, the journal or a file.
#pragma once

#include <array>
#include <atomic>
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
#include "hub/observe/log_options.h"
#include "hub/observe/recorder/event_ring.h"

namespace spdlog {
class logger;
}

namespace headgate::hub {

// How lines are written.
struct LogForm {
  LogFormat format = LogFormat::text;
  bool in_journal = false;  // journald reads them
};

// Thread-safe. Lines carry UTC time and the level; where journald reads them, its prefix for the level instead. They are
// written by a thread of its own (LineWriter) as they come; no caller waits for it. Levels and LogGate decide which are
// written. Lines that go straight here are the hub's (LogPart::hub); the other parts have theirs by of().
class SpdlogLog : public core::Log {
 public:
  // `clock` must outlive the log. Errors: io when the file cannot be opened for appending.
  [[nodiscard]] static core::Result<std::unique_ptr<SpdlogLog>> open(const LogOptions& options,
                                                                     const core::Clock& clock);
  ~SpdlogLog() override;
  SpdlogLog(const SpdlogLog&) = delete;
  SpdlogLog& operator=(const SpdlogLog&) = delete;

  void write(core::LogLevel level, std::string_view event,
             std::initializer_list<core::LogField> fields) override;
  [[nodiscard]] core::Log& of(core::LogPart part) override;
  [[nodiscard]] bool takes(core::LogLevel level) const override {
    return takes_of(core::LogPart::hub, level);
  }

  void use(const LogLevels& levels);
  // Levels in force: of_parts has every part.
  [[nodiscard]] LogLevels levels() const;
  // Opens the file by its name again, where somebody has moved what was there; nothing without a file. May wait for the
  // disk. Errors: io; then the file before stays.
  core::Status reopen();

  // Writes how many lines were left out, about whom. Call every second.
  void tick();
  // Waits until all lines are written, for `patience` at most; whether they are.
  bool flush(std::chrono::milliseconds patience = LineWriter::kExitPatience);
  [[nodiscard]] LogStats stats() const;
  // The last lines that were written.
  [[nodiscard]] const EventRing& events() const { return events_; }

 private:
  class OfPart;

  SpdlogLog(int file, const LogOptions& options, const core::Clock& clock);
  void write_of(core::LogPart part, core::LogLevel level, std::string_view event,
                std::initializer_list<core::LogField> fields);
  // Writes a line that was let in, and remembers it.
  void put(core::LogPart part, core::LogLevel level, std::string_view event,
           std::initializer_list<core::LogField> fields);
  [[nodiscard]] bool takes_of(core::LogPart part, core::LogLevel level) const;

  const core::Clock& clock_;
  const std::string file_;  // empty: stderr
  const LogForm form_;
  LineWriter writer_;
  std::array<std::atomic<core::LogLevel>, core::kLogPartNames.size()> levels_{};
  std::array<std::unique_ptr<OfPart>, core::kLogPartNames.size()> parts_;
  std::shared_ptr<spdlog::logger> logger_;
  mutable std::mutex gate_mutex_;  // the store's writer has lines too
  LogGate gate_;
  EventRing events_;
};

}  // namespace headgate::hub
