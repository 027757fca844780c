#include "hub/observe/spdlog_log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>

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

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

bool needs_quotes(std::string_view value) {
  const auto special = [](unsigned char c) {
    return is_control(c) || c == ' ' || c == '"' || c == '=' || c == '\\';
  };
  return value.empty() || std::any_of(value.begin(), value.end(), special);
}

void append_escaped(std::string& line, unsigned char c) {
  if (c == '"' || c == '\\') {
    line += '\\';
    line += static_cast<char>(c);
  } else if (c == '\n') {
    line += "\\n";
  } else if (is_control(c)) {
    std::array<char, 5> hex{};
    std::snprintf(hex.data(), hex.size(), "\\x%02x", c);
    line += hex.data();
  } else {
    line += static_cast<char>(c);
  }
}

void append_value(std::string& line, std::string_view value) {
  if (!needs_quotes(value)) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) append_escaped(line, static_cast<unsigned char>(c));
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
