#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/broker/codec/judge.h"
#include "tests/broker/codec/malformed_corpus.h"
#include "tests/broker/codec/well_formed.h"
#include "tests/broker/codec/wire_text.h"

namespace headgate::testing {
namespace {

using broker::ReasonCode;
using broker::Version;

TEST(MalformedPackets, AreRefusedWithTheRightReason) {
  for (const MalformedCase& each : malformed_corpus()) {
    const auto verdict = judge(wire(each.packet), each.version);
    ASSERT_TRUE(verdict) << each.name << ": not a whole packet: " << each.packet;
    EXPECT_EQ(*verdict, each.reason) << each.name << ": " << each.packet << ": " << broker::name(*verdict);
  }
}

TEST(MalformedPackets, AreHeldUpByWellFormedOnes) {
  for (const WellFormedCase& each : well_formed_corpus()) {
    const auto verdict = judge(wire(each.packet), each.version);
    ASSERT_TRUE(verdict) << each.name;
    EXPECT_EQ(*verdict, ReasonCode::success) << each.name << ": " << broker::name(*verdict);
  }
}

TEST(MalformedPackets, IncludeEveryPacketCutShort) {
  for (const WellFormedCase& each : well_formed_corpus()) {
    const std::string packet = wire(each.packet);
    const std::string_view body = broker::next_frame(packet, packet.size()).frame.body;
    for (size_t bytes = 0; bytes < body.size(); ++bytes) {
      const broker::Frame cut{static_cast<broker::PacketType>(static_cast<uint8_t>(packet[0]) >> 4),
                              static_cast<uint8_t>(packet[0] & 0x0F), body.substr(0, bytes), 0};
      const bool whole = std::ranges::count(each.whole_at, bytes) > 0;
      EXPECT_EQ(judge_frame(cut, each.version) == ReasonCode::success, whole)
          << each.name << " cut to a body of " << bytes << " bytes";
    }
  }
}

TEST(MalformedPackets, IncludeEveryPacketWithAByteMore) {
  for (const WellFormedCase& each : well_formed_corpus()) {
    if (each.may_go_on) continue;
    const std::string packet = wire(each.packet);
    broker::Frame frame = broker::next_frame(packet, packet.size()).frame;
    const std::string longer = std::string(frame.body) + '\0';
    frame.body = longer;
    EXPECT_NE(judge_frame(frame, each.version), ReasonCode::success) << each.name;
  }
}

// A copy in a block of its own size, so that the sanitizer sees every read beyond it.
std::optional<ReasonCode> judge_copy(const std::string& bytes, Version version) {
  const std::vector<char> exact(bytes.begin(), bytes.end());
  return judge({exact.data(), exact.size()}, version);
}

class HostileBytes : public ::testing::Test {
 protected:
  static constexpr unsigned kSeed = 20'261;
  static constexpr int kRounds = 20'000;

  HostileBytes() { RecordProperty("seed", static_cast<int>(kSeed)); }

  size_t below(size_t limit) { return random_() % limit; }
  Version version() { return below(2) == 0 ? Version::v3_1_1 : Version::v5; }

  std::string random_packet() {
    std::string body(below(48), '\0');
    for (char& byte : body) byte = static_cast<char>(below(4) == 0 ? below(256) : below(48));
    const size_t first = below(256);
    return std::string{static_cast<char>(first), static_cast<char>(body.size())} + body;
  }

  void damage(std::string& packet) {
    for (size_t times = 1 + below(3); times > 0; --times) {
      const size_t place = below(packet.size());
      packet[place] = static_cast<char>(below(2) == 0 ? below(256) : (packet[place] ^ (1 << below(8))));
    }
  }

 private:
  std::mt19937 random_{kSeed};
};

TEST_F(HostileBytes, AreNeverReadBeyondTheirEnd) {
  for (int round = 0; round < kRounds; ++round) (void)judge_copy(random_packet(), version());
}

TEST_F(HostileBytes, MadeFromGoodPacketsAreNeverReadBeyondTheirEnd) {
  const auto corpus = well_formed_corpus();
  for (int round = 0; round < kRounds; ++round) {
    const WellFormedCase& from = corpus[below(corpus.size())];
    std::string packet = wire(from.packet);
    damage(packet);
    (void)judge_copy(packet, from.version);
  }
}

}  // namespace
}  // namespace headgate::testing
