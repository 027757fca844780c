// core::Log on spdlog: one line an event, `event key=value …`, to stderr or a file.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "core/log.h"
#include "core/result.h"

namespace spdlog {
class logger;
}

namespace headgate::hub {

// Thread-safe. Lines carry UTC time and the level. Info and above are flushed at once: the last line before a
// crash is the one that is wanted. Events should be few.
class SpdlogLog : public core::Log {
 public:
  // `file` empty: stderr. Errors: io when the file cannot be opened for appending.
  [[nodiscard]] static core::Result<std::unique_ptr<SpdlogLog>> open(const std::string& file,
                                                                     core::LogLevel level);

  void write(core::LogLevel level, std::string_view event,
             std::initializer_list<core::LogField> fields) override;
  void flush();

 private:
  explicit SpdlogLog(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {}

  std::shared_ptr<spdlog::logger> logger_;
};

// `event key=value key="quoted value"`: values are quoted when empty or when they hold spaces, quotes, `=` or
// control characters, which are escaped, so that a line is always one line.
[[nodiscard]] std::string format_log_line(std::string_view event,
                                          std::initializer_list<core::LogField> fields);

}  // namespace headgate::hub
