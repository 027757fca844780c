// Where the log goes, in which form, and which lines of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/log.h"

namespace headgate::hub {

enum class LogFormat : uint8_t {
  text,  // event key=value …
  json,  // an object a line
};

// Levels that parts of the hub have for themselves.
using PartLevels = std::map<core::LogPart, core::LogLevel>;

// Least important lines written, in all, and of parts that have a level of their own.
struct LogLevels {
  core::LogLevel level = core::LogLevel::info;
  PartLevels of_parts = {};

  [[nodiscard]] core::LogLevel of(core::LogPart part) const {
    const auto own = of_parts.find(part);
    return own == of_parts.end() ? level : own->second;
  }
  friend bool operator==(const LogLevels&, const LogLevels&) = default;
};

struct LogOptions {
  LogLevels levels;
  LogFormat format = LogFormat::text;
  std::string file;  // empty: stderr
};

}  // namespace headgate::hub
