// Keeps log lines so that tests can assert what an operator would read.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "core/log.h"

namespace headgate::testing {

// At the level that hubs have: without debug.
class RecordingLog : public core::Log {
 public:
  [[nodiscard]] bool takes(core::LogLevel level) const override { return level > core::LogLevel::debug; }
  void write(core::LogLevel level, std::string_view event,
             std::initializer_list<core::LogField> fields) override {
    if (!takes(level)) return;
    std::string line(event);
    for (const core::LogField& field : fields)
      line.append(" ").append(field.key).append("=").append(field.value);
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }

  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace headgate::testing
