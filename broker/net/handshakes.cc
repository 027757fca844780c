#include "broker/net/handshakes.h"

#include <utility>

namespace headgate::broker {

void Handshakes::step(std::unique_ptr<TlsHandshake> handshake, std::shared_ptr<HandshakeOwner> owner) {
  waiting_.push_back({std::move(handshake), std::move(owner)});
  start();
}

void Handshakes::start() {
  while (!waiting_.empty() && with_worker_.size() < kWithWorkerMax) {
    Step next = std::move(waiting_.front());
    waiting_.pop_front();
    if (!next.owner->wants_handshake()) {
      give_back(std::move(next));
      continue;
    }
    with_worker_.push_back(std::move(next));
    worker_.run(*with_worker_.back().handshake, [this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) on_done();
    });
  }
}

void Handshakes::on_done() {
  Step done = std::move(with_worker_.front());
  with_worker_.pop_front();
  // Before the owner's turn: the worker goes on meanwhile.
  start();
  give_back(std::move(done));
}

void Handshakes::give_back(Step step) { step.owner->on_handshake(std::move(step.handshake)); }

}  // namespace headgate::broker
