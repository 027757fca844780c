// The file system that a store is on, beside RocksDB's use of it: how much room it has, and the reserve, a
// file that takes up room now so that there is some when everything else is full.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace headgate::store {

struct DiskSpace {
  uint64_t free_bytes = 0;  // for this process's user
  uint64_t total_bytes = 0;
  uint64_t reserved_bytes = 0;  // that the reserve takes up
};

// Beside RocksDB's files; RocksDB lets alone what it has not named itself.
inline constexpr std::string_view kReserveFileName = "RESERVE";

// All functions may block, and may be called on any thread, but set_aside() and give_back() not at once.
class Volume {
 public:
  virtual ~Volume() = default;

  // Errors: io.
  [[nodiscard]] virtual core::Result<DiskSpace> space() = 0;

  // Makes the reserve this large; its blocks are really taken. Errors: full, io; there is none then.
  [[nodiscard]] virtual core::Status set_aside(uint64_t bytes) = 0;

  // Removes the reserve. False if there was none.
  virtual bool give_back() = 0;
};

// The system's, for the store in `dir`, which need not be there yet.
[[nodiscard]] std::shared_ptr<Volume> system_volume(std::string dir);

}  // namespace headgate::store
