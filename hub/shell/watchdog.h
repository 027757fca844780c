// Judges whether the loop is alive, and whether the hub has ended in time after it was asked to. No thread, no clock:
// LifeWatch asks it.
#pragma once

#include <cstdint>
#include <optional>

namespace headgate::hub {

struct WatchdogLimits {
  int64_t stalled_ms = 5'000;  // without a sign of the loop for so long, something is said
  int64_t stop_ms = 5'000;     // from SIGTERM to the end of the process, whatever hangs
  int64_t ping_every_ms = 0;   // the service manager wants to hear that the loop is alive; 0: it does not
};

// Times are monotonic, in ms.
class Watchdog {
 public:
  enum class Sign : uint8_t { nothing, stalled, recovered };
  struct Verdict {
    Sign sign = Sign::nothing;  // each once for a stall
    int64_t silent_ms = 0;  // how long there was no sign of the loop; of a recovery, how long it had lasted
    bool ping = false;      // the loop is alive, and somebody wants to hear it
    bool end = false;       // it was asked to stop, and has not in time
  };

  explicit Watchdog(const WatchdogLimits& limits) : limits_(limits) {}

  // `beats`: how often the loop has given a sign. 0: it does not run yet, and is not judged.
  [[nodiscard]] Verdict look(uint64_t beats, int64_t now_ms);

  // The process was asked to end. Further calls do nothing.
  void stop(int64_t now_ms);

 private:
  [[nodiscard]] Sign judge(bool beaten, int64_t silent_ms);

  WatchdogLimits limits_;
  uint64_t beats_ = 0;
  int64_t beaten_ms_ = 0;
  bool stalled_ = false;
  std::optional<int64_t> pinged_ms_;
  std::optional<int64_t> asked_ms_;
};

}  // namespace headgate::hub
