// The thread that takes the steps of TLS handshakes.
#pragma once

#include <functional>
#include <optional>

#include "broker/net/handshakes.h"
#include "core/executor.h"
#include "core/worker.h"

namespace headgate::broker {

// Destroy it before the executor. Runs below the loop thread, and exists from the first handshake on only.
class HandshakeThread : public HandshakeWorker {
 public:
  explicit HandshakeThread(core::Executor& executor) : executor_(executor) {}

  void run(TlsHandshake& handshake, std::function<void()> done) override;
  void stop() override;

 private:
  core::Executor& executor_;
  std::optional<core::Worker> worker_;
};

}  // namespace headgate::broker
