#include "broker/codec/frame.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/broker/codec/well_formed.h"
#include "tests/broker/codec/wire_text.h"

namespace headgate::broker {
namespace {

using Kind = NextFrame::Kind;
using testing::to_hex;
using testing::wire;

constexpr size_t kMax = 1024;

std::string packet_of(size_t body_bytes) {
  return wire("30 (<'t'> '" + std::string(body_bytes - 3, 'x') + "')");
}

TEST(Framing, CutsAPacketOffTheFront) {
  const std::string input = wire("32 (<'t'> 0001 'hi') C0 ()");
  const NextFrame next = next_frame(input, kMax);
  ASSERT_EQ(next.kind, Kind::frame);
  EXPECT_EQ(next.frame.type, PacketType::publish);
  EXPECT_EQ(next.frame.flags, 2);
  EXPECT_EQ(to_hex(next.frame.body), "00 01 74 00 01 68 69");
  EXPECT_EQ(next.frame.bytes, 9U);
  EXPECT_EQ(next.frame.body.data(), input.data() + 2) << "the body is a view";
}

TEST(Framing, AllowsExactlyTheFirstBytesOfTheStandard) {  // [MQTT-2.1.3-1] [MQTT-3.3.1-2] [MQTT-3.3.1-4]
  const std::set<int> allowed = {0x10, 0x20, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x3A, 0x3B, 0x3C, 0x3D,
                                 0x40, 0x50, 0x62, 0x70, 0x82, 0x90, 0xA2, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0};
  for (int byte = 0; byte < 256; ++byte) {
    const NextFrame next = next_frame(std::string(1, static_cast<char>(byte)), kMax);
    EXPECT_EQ(next.kind, allowed.contains(byte) ? Kind::need_more : Kind::error) << byte;
  }
}

TEST(Framing, WaitsForEveryByte) {
  for (const auto& each : testing::well_formed_corpus()) {
    const std::string packet = wire(each.packet);
    for (size_t bytes = 0; bytes < packet.size(); ++bytes)
      EXPECT_EQ(next_frame({packet.data(), bytes}, kMax).kind, Kind::need_more)
          << each.name << " at " << bytes;
    EXPECT_EQ(next_frame(packet, kMax).frame.bytes, packet.size()) << each.name;
  }
}

TEST(Framing, KnowsTheSizeOnceTheHeaderIsThere) {
  EXPECT_EQ(next_frame(wire("30"), kMax).total_bytes, 0U);
  EXPECT_EQ(next_frame(wire("30 80"), kMax).total_bytes, 0U);
  EXPECT_EQ(next_frame(wire("30 80 01"), kMax).total_bytes, 131U);
}

TEST(Framing, ReadsEveryWidthOfTheRemainingLength) {  // MQTT 5.0 table 1-1
  for (const size_t body : {127U, 128U, 16'383U, 16'384U, 2'097'151U, 2'097'152U}) {
    const NextFrame next = next_frame(packet_of(body), SIZE_MAX);
    ASSERT_EQ(next.kind, Kind::frame) << body;
    EXPECT_EQ(next.frame.body.size(), body);
  }
  EXPECT_EQ(next_frame(wire("30 FFFFFF7F"), SIZE_MAX).total_bytes, 268'435'460U);
}

TEST(Framing, RefusesALargePacketByItsHeaderAlone) {  // [MQTT-3.2.2-15]
  EXPECT_EQ(next_frame(wire("30 FF07"), kMax).error, ReasonCode::packet_too_large);
  EXPECT_EQ(next_frame(wire("30 FE07"), kMax).error, ReasonCode::packet_too_large);
  EXPECT_EQ(next_frame(wire("30 FD07"), kMax).total_bytes, kMax) << "1,024 bytes in all";
}

TEST(Framing, CountsTheWholePacketAgainstTheMaximum) {
  EXPECT_EQ(next_frame(packet_of(8), 10).kind, Kind::frame);
  EXPECT_EQ(next_frame(packet_of(8), 9).error, ReasonCode::packet_too_large);
}

TEST(Framing, LetsAClientOfVersion31SetFlagsThatItsVersionHas) {
  for (const char* packet :
       {"6A 02 0001", "8A 06 0001 0001 61 00", "AA 05 0001 0001 61", "48 02 0001", "C1 00"}) {
    EXPECT_EQ(next_frame(wire(packet), SIZE_MAX, true).kind, Kind::frame) << packet;
    EXPECT_EQ(next_frame(wire(packet), SIZE_MAX).error, ReasonCode::malformed_packet) << packet;
  }
  for (const char* packet : {"36 00", "60 02 0001", "80 06 0001 0001 61 00", "00 00"})
    EXPECT_EQ(next_frame(wire(packet), SIZE_MAX, true).error, ReasonCode::malformed_packet) << packet;
}

TEST(PacketTypes, KnowTheirNameAndSender) {
  EXPECT_EQ(name(PacketType::unsubscribe), "UNSUBSCRIBE");
  EXPECT_EQ(name(PacketType::auth), "AUTH");
  for (const auto type :
       {PacketType::connack, PacketType::suback, PacketType::unsuback, PacketType::pingresp})
    EXPECT_FALSE(client_may_send(type)) << name(type);
  for (const auto type : {PacketType::connect, PacketType::publish, PacketType::pubrel, PacketType::auth})
    EXPECT_TRUE(client_may_send(type)) << name(type);
}

}  // namespace
}  // namespace headgate::broker
