#include "hub/observe/spdlog_log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <exception>

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

core::Result<std::unique_ptr<SpdlogLog>> SpdlogLog::open(const std::string& file, core::LogLevel level) {
  try {
    spdlog::sink_ptr sink;
    if (file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
    }
    auto logger = std::make_shared<spdlog::logger>("headgate", std::move(sink));
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    logger->set_level(to_spdlog(level));
    logger->flush_on(spdlog::level::info);
    return std::unique_ptr<SpdlogLog>(new SpdlogLog(std::move(logger)));
  } catch (const std::exception& error) {
    return core::fail(core::Errc::io, "log.file " + file + ": cannot be opened: " + error.what());
  }
}

void SpdlogLog::write(core::LogLevel level, std::string_view event,
                      std::initializer_list<core::LogField> fields) {
  if (!logger_->should_log(to_spdlog(level))) return;
  logger_->log(to_spdlog(level), spdlog::string_view_t(format_log_line(event, fields)));
}

void SpdlogLog::flush() { logger_->flush(); }

std::string format_log_line(std::string_view event, std::initializer_list<core::LogField> fields) {
  std::string line(event);
  for (const core::LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field.value);
  }
  return line;
}

}  // namespace headgate::hub
