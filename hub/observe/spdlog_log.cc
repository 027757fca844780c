#include "hub/observe/spdlog_log.h"

#include <fcntl.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <utility>

#include "hub/observe/log_line.h"

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

// RFC 5424's number of a level, as journald takes it before a line: sd-daemon(3).
class JournalPriority : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& line) override {
    const std::string prefix = "<" + std::to_string(number(message.level)) + ">";
    line.append(prefix.data(), prefix.data() + prefix.size());
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JournalPriority>();
  }

 private:
  static int number(spdlog::level::level_enum level) {
    if (level == spdlog::level::err) return 3;
    if (level == spdlog::level::warn) return 4;
    return level == spdlog::level::info ? 6 : 7;
  }
};

// The journal has times and levels of its own; an object that goes on from there keeps them.
std::string pattern_of(LogForm form) {
  const std::string priority = form.in_journal ? "%*" : "";
  if (form.format == LogFormat::json) return priority + R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";
  return form.in_journal ? priority + "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
}

std::unique_ptr<spdlog::pattern_formatter> make_formatter(LogForm form) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<JournalPriority>('*').set_pattern(pattern_of(form));
  return formatter;
}

std::string line_of(LogForm form, core::LogPart part, std::string_view event,
                    std::initializer_list<core::LogField> fields) {
  return form.format == LogFormat::json ? format_json_members(part, event, fields)
                                        : format_log_line(event, fields);
}

// Whether journald reads what is written there: it names the stream that it has made (systemd.exec(5)).
bool journal_reads(int file) {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat found = {};
  if (stream == nullptr || ::fstat(file, &found) != 0) return false;
  return std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino) == stream;
}

// Without waiting: to open a pipe that nobody reads is refused instead of being waited for.
core::Result<int> open_to_append(const std::string& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644);
  if (fd < 0)
    return core::fail(core::Errc::io, "log.file " + file + ": cannot be opened: " + std::strerror(errno));
  return fd;
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
LineWriter::Gap gap_line(LogForm form) {
  return [form, formatter = std::shared_ptr<spdlog::formatter>(make_formatter(form))](uint64_t lines) {
    const std::string text =
        line_of(form, core::LogPart::hub, "log_lines_dropped", {core::LogField("lines", lines)});
    return formatted(*formatter, spdlog::details::log_msg("headgate", spdlog::level::warn, text));
  };
}

}  // namespace

// The log of a part: the same lines, by another level.
class SpdlogLog::OfPart : public core::Log {
 public:
  OfPart(SpdlogLog& all, core::LogPart part) : all_(all), part_(part) {}

  void write(core::LogLevel level, std::string_view event,
             std::initializer_list<core::LogField> fields) override {
    all_.write_of(part_, level, event, fields);
  }
  [[nodiscard]] core::Log& of(core::LogPart part) override { return all_.of(part); }
  [[nodiscard]] bool takes(core::LogLevel level) const override { return all_.takes_of(part_, level); }

 private:
  SpdlogLog& all_;
  core::LogPart part_;
};

core::Result<std::unique_ptr<SpdlogLog>> SpdlogLog::open(const LogOptions& options,
                                                         const core::Clock& clock) {
  if (options.file.empty()) return std::unique_ptr<SpdlogLog>(new SpdlogLog(STDERR_FILENO, options, clock));
  std::error_code exists;
  const auto directory = std::filesystem::path(options.file).parent_path();
  if (!directory.empty()) std::filesystem::create_directories(directory, exists);
  const auto file = open_to_append(options.file);
  if (!file) return core::fail(file.error());
  return std::unique_ptr<SpdlogLog>(new SpdlogLog(*file, options, clock));
}

SpdlogLog::SpdlogLog(int file, const LogOptions& options, const core::Clock& clock)
    : clock_(clock),
      file_(options.file),
      form_{options.format, options.file.empty() && journal_reads(file)},
      writer_(file, !options.file.empty(), gap_line(form_)) {
  for (size_t i = 0; i < levels_.size(); ++i)
    parts_[i] = std::make_unique<OfPart>(*this, static_cast<core::LogPart>(i));
  use(options.levels);
  logger_ = std::make_shared<spdlog::logger>("headgate", std::make_shared<WriterSink>(writer_));
  logger_->set_formatter(make_formatter(form_));
  logger_->set_level(spdlog::level::debug);
}

SpdlogLog::~SpdlogLog() = default;

core::Log& SpdlogLog::of(core::LogPart part) { return *parts_[static_cast<size_t>(part)]; }

bool SpdlogLog::takes_of(core::LogPart part, core::LogLevel level) const {
  return level >= levels_[static_cast<size_t>(part)].load(std::memory_order_relaxed);
}

void SpdlogLog::use(const LogLevels& levels) {
  for (size_t i = 0; i < levels_.size(); ++i) levels_[i] = levels.of(static_cast<core::LogPart>(i));
}

LogLevels SpdlogLog::levels() const {
  LogLevels all;
  for (size_t i = 0; i < levels_.size(); ++i) all.of_parts[static_cast<core::LogPart>(i)] = levels_[i];
  return all;
}

core::Status SpdlogLog::reopen() {
  if (file_.empty()) return {};
  const auto file = open_to_append(file_);
  if (!file) return core::fail(file.error());
  writer_.write_to(*file);
  return {};
}

void SpdlogLog::write(core::LogLevel level, std::string_view event,
                      std::initializer_list<core::LogField> fields) {
  write_of(core::LogPart::hub, level, event, fields);
}

void SpdlogLog::write_of(core::LogPart part, core::LogLevel level, std::string_view event,
                         std::initializer_list<core::LogField> fields) {
  if (!takes_of(part, level)) return;
  {
    const std::lock_guard lock(gate_mutex_);
    if (!gate_.admit(event, name_in(fields), clock_.now(), level)) return;
  }
  put(part, level, event, fields);
}

void SpdlogLog::put(core::LogPart part, core::LogLevel level, std::string_view event,
                    std::initializer_list<core::LogField> fields) {
  logger_->log(to_spdlog(level), spdlog::string_view_t(line_of(form_, part, event, fields)));
  events_.add(level, event, fields, clock_.now().wall_ms);
}

void SpdlogLog::tick() {
  std::vector<LinesLeftOut> sums;
  {
    const std::lock_guard lock(gate_mutex_);
    sums = gate_.take_sums(clock_.now());
  }
  if (!takes_of(core::LogPart::hub, core::LogLevel::info)) return;
  for (const LinesLeftOut& sum : sums) {
    const std::string_view about =
        sum.name.empty() ? std::string_view("several") : std::string_view(sum.name);
    put(core::LogPart::hub, core::LogLevel::info, "log_lines_left_out",
        {{"of", sum.event}, {"about", about}, {"lines", sum.lines}});
  }
}

bool SpdlogLog::flush(std::chrono::milliseconds patience) { return writer_.flush(patience); }

LogStats SpdlogLog::stats() const {
  const std::lock_guard lock(gate_mutex_);
  return {writer_.dropped(), gate_.left_out()};
}

}  // namespace headgate::hub
