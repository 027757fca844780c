// Takes the steps of TLS handshakes when the test says so, or none at all.
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "broker/net/handshakes.h"

namespace headgate::testing {

class ManualHandshakeWorker : public broker::HandshakeWorker {
 public:
  void run(broker::TlsHandshake& handshake, std::function<void()> done) override {
    has_.push_back({&handshake, std::move(done)});
  }
  void stop() override { stopped_ = true; }

  // How many steps it has been given and has not finished.
  [[nodiscard]] size_t has() const { return has_.size(); }
  [[nodiscard]] const broker::TlsHandshake* first() const { return has_.front().handshake; }
  [[nodiscard]] bool stopped() const { return stopped_; }

  // Takes the oldest step and says so. `skip`: says so without having taken it.
  void finish_next(bool skip = false) {
    auto [handshake, done] = std::move(has_.front());
    has_.pop_front();
    if (!skip) handshake->step();
    done();
  }
  // Tells nobody yet: a `done` on its way to the loop.
  [[nodiscard]] std::function<void()> take_next_done() {
    auto done = std::move(has_.front().done);
    has_.pop_front();
    return done;
  }

 private:
  struct Step {
    broker::TlsHandshake* handshake;
    std::function<void()> done;
  };
  std::deque<Step> has_;
  bool stopped_ = false;
};

}  // namespace headgate::testing
