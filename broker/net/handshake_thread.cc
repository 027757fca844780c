#include "broker/net/handshake_thread.h"

#include <utility>

namespace headgate::broker {
namespace {

constexpr size_t kToldAtOnceMax =
    Handshakes::kWithWorkerMax / 2;  // the loop hands out more while half are left

}  // namespace

void HandshakeThread::run(TlsHandshake& handshake, std::function<void()> done) {
  if (!worker_) worker_.emplace("handshakes", core::Worker::Priority::below_loop);
  ++due_;
  worker_->post(
      [this, &handshake, done = std::move(done)]() mutable { take_step(handshake, std::move(done)); });
}

void HandshakeThread::take_step(TlsHandshake& handshake, std::function<void()> done) {
  handshake.step();
  untold_.push_back(std::move(done));
  if (--due_ > 0 && untold_.size() < kToldAtOnceMax) return;
  executor_.post([told = std::exchange(untold_, {})] {
    for (const auto& tell : told) tell();
  });
}

void HandshakeThread::stop() {
  if (worker_) worker_->stop();
}

}  // namespace headgate::broker
