// Users of a link of whom one may publish what ends its connection. Several had something on their way when it ended, so
// the next connections are theirs one after the other, until it shows whose publish it ends for. Pure; users are borrowed,
// and only compared.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "core/clock.h"

namespace headgate::upstream {

class CarrierUser;

class Suspects {
 public:
  // Time alone after which one that has nothing to publish is cleared.
  static constexpr int64_t kSoloMs = 2000;
  // Attempts in quick succession while there are several.
  static constexpr uint32_t kQuickMax = 60;

  // The connection has ended, and these had publishes on their way. One that was alone is known by that: others go
  // first next time.
  void accuse(const std::vector<CarrierUser*>& with_unanswered);

  // Who has the connection alone; null: nobody.
  [[nodiscard]] const CarrierUser* alone() const { return suspects_.empty() ? nullptr : suspects_.front(); }
  [[nodiscard]] bool admits(const CarrierUser& user) const { return suspects_.empty() || alone() == &user; }

  // The time of the one that is alone begins: the connection is up, or somebody was attached to it.
  void begin_time(core::Now now) { since_ms_ = now.mono_ms; }
  // Mono time from which the one that is alone may be cleared if it has nothing on its way. REQUIRES: there is one.
  [[nodiscard]] int64_t time_ends_ms() const { return since_ms_ + kSoloMs; }
  // Clears the one that is alone: it was answered, or its time is over. The next has its time from now: it may never
  // come, as it goes over another link meanwhile. REQUIRES: there is one.
  void clear_first(core::Now now);
  void forget(const CarrierUser& user) { std::erase(suspects_, &user); }

  // Whether the next attempt may be a quick one; there are so many of them until everybody is cleared.
  [[nodiscard]] bool take_quick() { return quick_left_ > 0 && quick_left_-- > 0; }

 private:
  std::deque<const CarrierUser*> suspects_;  // the first has the connection alone
  int64_t since_ms_ = 0;                     // mono
  uint32_t quick_left_ = kQuickMax;
};

}  // namespace headgate::upstream
