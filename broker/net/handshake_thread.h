// The thread that takes the steps of TLS handshakes.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "broker/net/handshakes.h"
#include "core/executor.h"
#include "core/os/watched_worker.h"

namespace headgate::broker {

// Destroy it before the executor. Runs below the loop thread, and exists from the first handshake on only.
// While more steps wait it tells the loop of several ends at once: each telling may cost a change of threads, which
// in a crowd of clients comes to more than what the loop then does with them.
class HandshakeThread : public HandshakeWorker {
 public:
  explicit HandshakeThread(core::Executor& executor) : executor_(executor) {}

  void run(TlsHandshake& handshake, std::function<void()> done) override;
  void stop() override;

 private:
  void take_step(TlsHandshake& handshake, std::function<void()> done);

  core::Executor& executor_;
  std::atomic<size_t> due_ = 0;                // steps asked for and not taken
  std::vector<std::function<void()>> untold_;  // the worker's
  std::optional<core::WatchedWorker> worker_;  // last, so that it ends first
};

}  // namespace headgate::broker
