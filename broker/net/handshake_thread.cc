#include "broker/net/handshake_thread.h"

#include <utility>

namespace headgate::broker {

void HandshakeThread::run(TlsHandshake& handshake, std::function<void()> done) {
  if (!worker_) worker_.emplace(core::Worker::Priority::below_loop);
  worker_->post([this, &handshake, done = std::move(done)] {
    handshake.step();
    executor_.post(done);
  });
}

void HandshakeThread::stop() {
  if (worker_) worker_->stop();
}

}  // namespace headgate::broker
