// Knows whether anybody upstream subscribes to the batches, as far as the broker tells, and when to ask it. Pure.
//
// A broker of MQTT 5 acknowledges what it has nobody to give to with 0x10. With NoSubscriber::wait, such a batch is
// not taken for delivered: data waits, and probes (batches without messages and gaps) ask until somebody listens.
// The first question goes before the first data of a process, so that nothing travels twice.
// MQTT 3.1.1 cannot tell, and with NoSubscriber::deliver it does not matter: then data always may go.
#pragma once

#include <cstdint>

#include "core/clock.h"
#include "upstream/drain/backoff.h"
#include "upstream/options.h"

namespace headgate::upstream {

class Audience {
 public:
  static constexpr int64_t kNever = INT64_MAX;
  static constexpr int64_t kAskEveryMsMax = 60000;
  // Connections that end over a probe before data is tried: somebody in between may not let probes through.
  static constexpr uint32_t kLostProbesMax = 3;
  static constexpr int64_t kLostProbeMs = 1000;  // before the next when one could not even be encoded

  explicit Audience(const UpstreamOptions& options);

  [[nodiscard]] bool lets_data_go() const { return state_ == State::heard; }
  // Whether an answer with this code means that the batch has reached nobody, and is to be sent again.
  [[nodiscard]] bool misses(uint8_t code) const;
  // Unix time since when nobody is known to subscribe; 0: somebody does, or nobody asked yet.
  [[nodiscard]] int64_t missing_since() const { return missing_since_ms_; }

  // Mono time of the next probe, if none is on its way; kNever while data may go.
  [[nodiscard]] int64_t asks_at() const { return lets_data_go() ? kNever : ask_at_ms_; }
  void on_asked(core::Now now) { ask_at_ms_ = now.mono_ms + kLostProbeMs; }

  // A batch with messages or gaps, or a probe, was answered. `random` is any uniformly distributed number.
  // True if this has changed whether data may go.
  bool on_answer(uint8_t code, core::Now now, uint64_t random);
  bool on_probe_answer(uint8_t code, core::Now now, uint64_t random);

  void on_link_up(core::Now now) { ask_at_ms_ = now.mono_ms; }
  // `unanswered`: a probe was on its way.
  void on_link_down(bool unanswered);

 private:
  enum class State : uint8_t { unknown, heard, missing };

  bool hear();
  bool miss(core::Now now, uint64_t random);

  const bool asks_;
  State state_;
  Backoff backoff_;
  uint32_t lost_probes_ = 0;
  int64_t ask_at_ms_ = 0;         // mono
  int64_t missing_since_ms_ = 0;  // Unix
};

}  // namespace headgate::upstream
