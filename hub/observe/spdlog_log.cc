#include "hub/observe/spdlog_log.h"

#include <fcntl.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <utility>

#include "core/text.h"

namespace headgate::hub {
namespace {

spdlog::level::level_enum to_spdlog(core::LogLevel level) {
  switch (level) {
    case core::LogLevel::debug:
      return spdlog::level::debug;
    case core::LogLevel::info:
      return spdlog::level::info;
    case core::LogLevel::warn:
      return spdlog::level::warn;
    case core::LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

// Room for an id or a topic that a person can read; one of 60,000 characters is still recognised by its ends.
constexpr size_t kValueCharactersMax = 128;
constexpr size_t kSentenceCharactersMax = 4096;  // with the lines and carets that a compiler draws

size_t characters_max(std::string_view key) {
  return key == "error" || key == "why" || key == "reason" ? kSentenceCharactersMax : kValueCharactersMax;
}

// Who a line is about, if it is about somebody who is not the operator; else empty.
std::string_view name_in(std::initializer_list<core::LogField> fields) {
  for (const std::string_view key : {"client", "peer", "topic"}) {
    const auto* const found = std::find_if(fields.begin(), fields.end(), [&](const core::LogField& field) {
      return field.key == key && !field.value.empty() && field.value != "-";
    });
    // A peer's port is another one each time that it comes.
    if (found == fields.end()) continue;
    const std::string_view name = found->value;
    return key == "peer" ? name.substr(0, name.rfind(':')) : name;
  }
  return {};
}

std::unique_ptr<spdlog::pattern_formatter> make_formatter() {
  return std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                                                     spdlog::pattern_time_type::utc);
}

std::string formatted(spdlog::formatter& formatter, const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter.format(message, line);
  return {line.data(), line.size()};
}

// Hands lines to the thread that writes them.
class WriterSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit WriterSink(LineWriter& writer) : writer_(writer) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    writer_.write(formatted(*formatter_, message));
  }
  void flush_() override {}

 private:
  LineWriter& writer_;
};

// On the writer's thread, with a formatter of its own: formatters are not thread-safe.
LineWriter::Gap gap_line() {
  return [formatter = std::shared_ptr<spdlog::formatter>(make_formatter())](uint64_t lines) {
    const std::string text = format_log_line("log_lines_dropped", {{"lines", lines}});
    return formatted(*formatter, spdlog::details::log_msg("headgate", spdlog::level::warn, text));
  };
}

bool needs_quotes(std::string_view value) {
  return value.empty() || value.find_first_of(" \"=\\") != std::string_view::npos ||
         !core::is_printable(value);
}

std::string with_escaped_quotes(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

void append_value(std::string& line, std::string_view value) {
  if (!needs_quotes(value)) {
    line += value;
    return;
  }
  line += '"';
  line += core::printable(with_escaped_quotes(value));
  line += '"';
}

}  // namespace

core::Result<std::unique_ptr<SpdlogLog>> SpdlogLog::open(const std::string& file, core::LogLevel level,
                                                         const core::Clock& clock) {
  if (file.empty()) return std::unique_ptr<SpdlogLog>(new SpdlogLog(STDERR_FILENO, false, level, clock));
  std::error_code exists;
  const auto directory = std::filesystem::path(file).parent_path();
  if (!directory.empty()) std::filesystem::create_directories(directory, exists);
  // Without waiting: to open a pipe that nobody reads is refused instead of being waited for.
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644);
  if (fd < 0)
    return core::fail(core::Errc::io, "log.file " + file + ": cannot be opened: " + std::strerror(errno));
  return std::unique_ptr<SpdlogLog>(new SpdlogLog(fd, true, level, clock));
}

SpdlogLog::SpdlogLog(int file, bool owned, core::LogLevel level, const core::Clock& clock)
    : clock_(clock), writer_(file, owned, gap_line()) {
  logger_ = std::make_shared<spdlog::logger>("headgate", std::make_shared<WriterSink>(writer_));
  logger_->set_formatter(make_formatter());
  logger_->set_level(to_spdlog(level));
}

void SpdlogLog::write(core::LogLevel level, std::string_view event,
                      std::initializer_list<core::LogField> fields) {
  if (!logger_->should_log(to_spdlog(level))) return;
  {
    const std::lock_guard lock(gate_mutex_);
    if (!gate_.admit(event, name_in(fields), clock_.now())) return;
  }
  put(level, event, fields);
}

void SpdlogLog::put(core::LogLevel level, std::string_view event,
                    std::initializer_list<core::LogField> fields) {
  logger_->log(to_spdlog(level), spdlog::string_view_t(format_log_line(event, fields)));
}

void SpdlogLog::tick() {
  std::vector<LinesLeftOut> sums;
  {
    const std::lock_guard lock(gate_mutex_);
    sums = gate_.take_sums(clock_.now());
  }
  for (const LinesLeftOut& sum : sums) {
    const std::string_view about =
        sum.name.empty() ? std::string_view("several") : std::string_view(sum.name);
    put(core::LogLevel::info, "log_lines_left_out",
        {{"event", sum.event}, {"about", about}, {"lines", sum.lines}});
  }
}

bool SpdlogLog::flush(std::chrono::milliseconds patience) { return writer_.flush(patience); }

LogStats SpdlogLog::stats() const {
  const std::lock_guard lock(gate_mutex_);
  return {writer_.dropped(), gate_.left_out()};
}

std::string format_log_line(std::string_view event, std::initializer_list<core::LogField> fields) {
  std::string line(event);
  for (const core::LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, core::shortened(field.value, characters_max(field.key)));
  }
  return line;
}

}  // namespace headgate::hub
