// The seam for log lines: one event with named values, `event key=value …`.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace headgate::core {

enum class LogLevel : uint8_t { debug, info, warn, error };
inline constexpr std::array<std::string_view, 4> kLogLevelNames = {"debug", "info", "warn", "error"};

// Parts of the hub whose lines have a level of their own.
enum class LogPart : uint8_t { hub, broker, engine, routes, store, upstream, access, http };
inline constexpr std::array<std::string_view, 8> kLogPartNames = {"hub",   "broker",   "engine", "routes",
                                                                  "store", "upstream", "access", "http"};

[[nodiscard]] constexpr std::string_view name_of(LogLevel level) {
  return kLogLevelNames[static_cast<size_t>(level)];
}
[[nodiscard]] constexpr std::string_view name_of(LogPart part) {
  return kLogPartNames[static_cast<size_t>(part)];
}

// The enumerator of a name, for E LogLevel or LogPart.
template <class E, size_t N>
[[nodiscard]] constexpr std::optional<E> named_in(const std::array<std::string_view, N>& names,
                                                  std::string_view name) {
  for (size_t i = 0; i < N; ++i)
    if (names[i] == name) return static_cast<E>(i);
  return std::nullopt;
}
[[nodiscard]] constexpr std::optional<LogLevel> log_level_named(std::string_view name) {
  return named_in<LogLevel>(kLogLevelNames, name);
}
[[nodiscard]] constexpr std::optional<LogPart> log_part_named(std::string_view name) {
  return named_in<LogPart>(kLogPartNames, name);
}

// A `key=value` of a line. Where lines have types, a number is one.
struct LogField {
  std::string_view key;
  std::string value;
  bool is_number = false;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, std::integral auto v) : key(k), value(std::to_string(v)), is_number(true) {}
};

// Takes finished events. Payloads are never logged. Implementations are called from the loop thread
// and, for the store's writer, from one other thread: they must be thread-safe.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) = 0;

  // The log of a part, which lives as long as this one. By default all parts share one.
  [[nodiscard]] virtual Log& of(LogPart /*part*/) { return *this; }
  // Whether a line of this level could be written: for who would make its values for nothing.
  [[nodiscard]] virtual bool takes(LogLevel /*level*/) const { return true; }

  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::info, event, fields);
  }
  void warn(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::warn, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    write(LogLevel::error, event, fields);
  }
};

}  // namespace headgate::core
