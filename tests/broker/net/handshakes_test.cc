// The line in front of the worker that takes the steps of TLS handshakes. No step is taken here.
#include "broker/net/handshakes.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/manual_handshake_worker.h"

namespace headgate::broker {
namespace {

// A connection that only counts what it gets back.
class CountingOwner : public HandshakeOwner {
 public:
  bool wanted = true;
  size_t given_back = 0;
  std::function<void()> also_on_handshake;

  [[nodiscard]] bool wants_handshake() const override { return wanted; }
  void on_handshake(std::unique_ptr<TlsHandshake> handshake) override {
    given_back += handshake != nullptr ? 1 : 0;
    if (also_on_handshake) also_on_handshake();
  }
};

class WaitingHandshakes : public ::testing::Test {
 protected:
  std::shared_ptr<CountingOwner> wait() {
    auto owner = std::make_shared<CountingOwner>();
    handshakes_->step(std::make_unique<TlsHandshake>(nullptr, -1, CertificateIdentity::none), owner);
    return owner;
  }
  std::vector<std::shared_ptr<CountingOwner>> wait(size_t how_many) {
    std::vector<std::shared_ptr<CountingOwner>> owners;
    while (owners.size() < how_many) owners.push_back(wait());
    return owners;
  }
  void finish_next() { worker_.finish_next(/*skip=*/true); }

  static constexpr size_t kWithWorker = Handshakes::kWithWorkerMax;

  testing::ManualHandshakeWorker worker_;
  std::unique_ptr<Handshakes> handshakes_ = std::make_unique<Handshakes>(worker_);
};

TEST_F(WaitingHandshakes, GoToTheWorkerAFewAtATime) {
  const auto owners = wait(kWithWorker + 2);
  EXPECT_EQ(worker_.has(), kWithWorker);
  finish_next();
  EXPECT_EQ(worker_.has(), kWithWorker);
  for (size_t i = 0; i < kWithWorker + 1; ++i) finish_next();
  EXPECT_EQ(worker_.has(), 0u);
}

TEST_F(WaitingHandshakes, AreGivenBackInTheOrderInWhichTheyCame) {
  const auto first = wait();
  const auto second = wait();
  finish_next();
  EXPECT_EQ(first->given_back, 1u);
  EXPECT_EQ(second->given_back, 0u);
  finish_next();
  EXPECT_EQ(second->given_back, 1u);
}

TEST_F(WaitingHandshakes, WorkerGoesOnBeforeTheOwnerHears) {
  const auto owners = wait(kWithWorker + 1);
  size_t with_worker = 0;
  owners[0]->also_on_handshake = [&] { with_worker = worker_.has(); };
  finish_next();
  EXPECT_EQ(with_worker, kWithWorker);
}

TEST_F(WaitingHandshakes, ClosedOneCostsTheWorkerNothing) {
  const auto owners = wait(kWithWorker + 2);
  const auto& closed = owners[kWithWorker];
  closed->wanted = false;
  finish_next();
  EXPECT_EQ(closed->given_back, 1u);
  for (size_t i = 0; i < kWithWorker; ++i) finish_next();
  EXPECT_EQ(owners.back()->given_back, 1u);
  EXPECT_FALSE(handshakes_->busy());
}

TEST_F(WaitingHandshakes, OneThatTheWorkerHasIsNotGivenBackBeforeItsEnd) {
  const auto closed = wait();
  closed->wanted = false;
  EXPECT_EQ(closed->given_back, 0u);
  EXPECT_TRUE(handshakes_->busy());
  finish_next();
  EXPECT_EQ(closed->given_back, 1u);
}

TEST_F(WaitingHandshakes, HaveNoRoomForMoreAtTheBound) {
  const auto owners = wait(kWithWorker + Handshakes::kWaitingMax - 1);
  EXPECT_TRUE(handshakes_->has_room());
  const auto last = wait();
  EXPECT_FALSE(handshakes_->has_room());
  finish_next();
  EXPECT_TRUE(handshakes_->has_room());
}

TEST_F(WaitingHandshakes, OwnerMayAskForTheNextStepAtOnce) {
  const auto owner = wait();
  owner->also_on_handshake = [&] {
    owner->also_on_handshake = nullptr;
    handshakes_->step(std::make_unique<TlsHandshake>(nullptr, -1, CertificateIdentity::none), owner);
  };
  finish_next();
  finish_next();
  EXPECT_EQ(owner->given_back, 2u);
}

TEST_F(WaitingHandshakes, EndWaitsForTheWorkerAndLetsTheOwnersGo) {
  const std::weak_ptr<CountingOwner> owner = wait();
  EXPECT_FALSE(owner.expired());
  handshakes_.reset();
  EXPECT_TRUE(worker_.stopped());
  EXPECT_TRUE(owner.expired());
}

TEST_F(WaitingHandshakes, WordThatComesAfterTheEndFindsNobody) {
  const auto owner = wait();
  const auto done = worker_.take_next_done();
  handshakes_.reset();
  done();
  EXPECT_EQ(owner->given_back, 0u);
}

}  // namespace
}  // namespace headgate::broker
