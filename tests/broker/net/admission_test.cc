#include "broker/net/admission.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace headgate::broker {
namespace {

class AdmissionTest : public ::testing::Test {
 protected:
  // To be set before the first client.
  AdmissionLimits limits_{.connections_max = 100, .connections_per_address_max = 0, .connect_rate_max = 0};
  size_t listener_max_ = SIZE_MAX;

  Admission& admission() {
    if (!admission_) {
      admission_.emplace(limits_);
      EXPECT_EQ(admission_->add_listener(listener_max_), 0u);
      EXPECT_EQ(admission_->add_listener(SIZE_MAX), 1u);
    }
    return *admission_;
  }
  static Admission::Ticket from(uint8_t last_byte, uint32_t listener = 0) {
    return {listener, net_of_v4({10, 0, 0, last_byte})};
  }
  static Admission::Ticket from_here() { return {0, std::nullopt}; }
  Refusal come(const Admission::Ticket& ticket) { return verdict(ticket).refusal; }
  Admission::Verdict verdict(const Admission::Ticket& ticket) {
    return admission().admit(ticket, clock_.now());
  }
  int come_many(const Admission::Ticket& ticket, int count) {
    int admitted = 0;
    for (int i = 0; i < count; ++i) admitted += come(ticket) == Refusal::none ? 1 : 0;
    return admitted;
  }

  testing::ManualClock clock_;
  std::optional<Admission> admission_;
};

TEST_F(AdmissionTest, RefusesMoreConnectionsThanTheHubMayHave) {
  limits_.connections_max = 2;
  EXPECT_EQ(come(from(1)), Refusal::none);
  EXPECT_EQ(come(from_here()), Refusal::none);
  EXPECT_EQ(come(from(2)), Refusal::connections);
  EXPECT_EQ(admission().refused(Refusal::connections), 1u);
  admission().leave(from(1));
  EXPECT_EQ(come(from(2)), Refusal::none);
}

TEST_F(AdmissionTest, RefusesMoreConnectionsThanAListenerMayHave) {
  listener_max_ = 1;
  EXPECT_EQ(come(from(1, 0)), Refusal::none);
  EXPECT_EQ(come(from(2, 0)), Refusal::listener);
  EXPECT_EQ(come(from(2, 1)), Refusal::none);
}

TEST_F(AdmissionTest, RefusesMoreConnectionsThanAnAddressMayHave) {
  limits_.connections_per_address_max = 1;
  EXPECT_EQ(come(from(1)), Refusal::none);
  EXPECT_EQ(come(from(1)), Refusal::address);
  EXPECT_EQ(come(from(2)), Refusal::none);
  admission().leave(from(1));
  EXPECT_EQ(come(from(1)), Refusal::none);
}

TEST_F(AdmissionTest, TakesTenSecondsWorthAtOnceAndThenTheRate) {
  limits_.connect_rate_max = 2;
  EXPECT_EQ(come_many(from(1), 50), 20);
  EXPECT_EQ(come(from(1)), Refusal::rate);
  clock_.advance_ms(1000);
  EXPECT_EQ(come_many(from(1), 50), 2);
  EXPECT_EQ(come(from(2)), Refusal::none);
}

TEST_F(AdmissionTest, DoesNotSaveUpMoreThanItsBurst) {
  limits_.connect_rate_max = 2;
  ASSERT_EQ(come(from(1)), Refusal::none);
  clock_.advance_ms(3'600'000);
  EXPECT_EQ(come_many(from(1), 50), 20);
}

TEST_F(AdmissionTest, DefaultsLetAThousandClientsOfOneAddressComeBackAtOnceTwice) {
  limits_ = {};
  EXPECT_EQ(come_many(from(1), 1000), 1000);
  for (int i = 0; i < 1000; ++i) admission().leave(from(1));
  EXPECT_EQ(come_many(from(1), 1000), 1000);
}

TEST_F(AdmissionTest, HoldsThisMachineToNoLimitByAddress) {
  limits_.connections_per_address_max = 1;
  limits_.connect_rate_max = 1;
  EXPECT_EQ(come_many(from_here(), 60), 60);
}

TEST_F(AdmissionTest, TellsOfAnAddressOnceAMinuteAndHowManyItLeftOut) {
  limits_.connections_per_address_max = 1;
  ASSERT_EQ(come(from(1)), Refusal::none);
  EXPECT_TRUE(verdict(from(1)).tell);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(verdict(from(1)).tell);
  clock_.advance_ms(60'000);
  const auto later = verdict(from(1));
  EXPECT_TRUE(later.tell);
  EXPECT_EQ(later.untold, 5u);
  ASSERT_EQ(come(from(2)), Refusal::none);
  EXPECT_TRUE(verdict(from(2)).tell);
}

TEST_F(AdmissionTest, CountsFailedHandshakesAndTellsOfThemAsSeldom) {
  ASSERT_EQ(come(from(1)), Refusal::none);
  EXPECT_TRUE(admission().fail_handshake(from(1), clock_.now()).tell);
  EXPECT_FALSE(admission().fail_handshake(from(1), clock_.now()).tell);
  EXPECT_EQ(admission().refused(Refusal::handshake), 2u);
}

TEST_F(AdmissionTest, ForgetsAddressesThatLeftNothingToRemember) {
  limits_.connect_rate_max = 2;
  ASSERT_EQ(come(from(1)), Refusal::none);
  ASSERT_EQ(come(from(2)), Refusal::none);
  admission().leave(from(1));
  admission().tick(clock_.now());
  EXPECT_EQ(admission().addresses(), 2u) << "the first one's burst is not whole yet";
  clock_.advance_ms(1000);
  admission().tick(clock_.now());
  EXPECT_EQ(admission().addresses(), 1u) << "the second one is connected";
}

TEST(ClientNetTest, IsTheMachineItselfForLoopback) {
  EXPECT_EQ(net_of_v4({127, 0, 0, 9}), std::nullopt);
  EXPECT_EQ(net_of_v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), std::nullopt);
  EXPECT_EQ(net_of_v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, 1}), std::nullopt);
}

TEST(ClientNetTest, IsOneForANetworkOfSixtyFourBits) {
  const std::array<uint8_t, 16> one = {0x20, 1, 0xD, 0xB8, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8};
  std::array<uint8_t, 16> other = one;
  other[15] = 9;
  EXPECT_EQ(net_of_v6(one), net_of_v6(other));
  other[7] = 8;
  EXPECT_NE(net_of_v6(one), net_of_v6(other));
}

TEST(ClientNetTest, SeesThroughAnIpv4AddressInsideAnIpv6One) {
  EXPECT_EQ(net_of_v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1}), net_of_v4({10, 0, 0, 1}));
}

}  // namespace
}  // namespace headgate::broker
