#include "tools/bench/wire.h"

#include <gtest/gtest.h>

namespace headgate::tools::bench {
namespace {

using namespace std::string_literals;

std::optional<AnswerView> answer(std::string_view bytes, Version version) {
  const auto packet = next_packet(bytes);
  return packet ? read_answer(*packet, version) : std::nullopt;
}

TEST(BenchWire, ConnectIsAsTheStandardSays) {
  ConnectFields fields{.client_id = "c", .keep_alive_s = 60};
  EXPECT_EQ(connect_packet(fields), "\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01"s + "c");
  fields = {.client_id = "c",
            .version = Version::v5,
            .clean = false,
            .session_expiry_s = 256,
            .username = "u",
            .password = "p"};
  EXPECT_EQ(connect_packet(fields),
            "\x10\x19\0\x04MQTT\x05\xc0\0\0\x05\x11\0\0\x01\0\0\x01"s + "c\0\x01u\0\x01p"s);
}

TEST(BenchWire, WaitsForTheWholePacket) {
  const std::string packet = "\x40\x02\0\x07"s;
  for (size_t size = 0; size < packet.size(); ++size) EXPECT_FALSE(next_packet(packet.substr(0, size)));
  EXPECT_EQ(answer(packet, Version::v311)->packet_id, 7);
}

TEST(BenchWire, ReadsAConnack) {
  EXPECT_TRUE(answer("\x20\x02\x01\0"s, Version::v311)->session_present);
  const std::string limits = "\x20\x09\0\0\x06\x21\0\x14\x22\0\x0a"s;  // receive maximum 20, topic aliases 10
  EXPECT_EQ(answer(limits, Version::v5)->receive_maximum, 20);
}

TEST(BenchWire, SaysWhyItWasRefused) {
  const auto refused3 = answer("\x20\x02\0\x05"s, Version::v311);
  EXPECT_EQ(reason_text(*refused3, Version::v311), "not authorized");
  const std::string sorry = "\x20\x0b\0\x86\x08\x1f\0\x05sorry"s;  // the answer points into it
  const auto refused5 = answer(sorry, Version::v5);
  EXPECT_EQ(reason_text(*refused5, Version::v5), "bad user name or password (sorry)");
  const auto unknown = answer("\x20\x03\0\xfe\0"s, Version::v5);
  EXPECT_EQ(reason_text(*unknown, Version::v5), "code 254");
}

TEST(BenchWire, ReadsAnswersWithAndWithoutACode) {
  EXPECT_EQ(answer("\x40\x02\0\x07"s, Version::v5)->code, 0);
  EXPECT_EQ(answer("\x40\x03\0\x07\x10"s, Version::v5)->code, 0x10);
  EXPECT_EQ(answer("\x90\x04\0\x01\0\x87"s, Version::v5)->code, 0x87);
  EXPECT_EQ(answer("\x90\x03\0\x01\x80"s, Version::v311)->code, 0x80);
  EXPECT_EQ(answer("\xe0\x00"s, Version::v5)->code, 0);
}

TEST(BenchWire, ABrokenAnswerIsNone) {
  for (const auto& broken : {"\x20\x01\0"s, "\x20\x03\0\0\x05"s, "\x40\x01\0"s, "\x90\x02\0\x01"s})
    EXPECT_FALSE(answer(broken, Version::v5));
}

TEST(BenchWire, ReadsWhatItPublishes) {
  for (const Version version : {Version::v311, Version::v5}) {
    for (const uint8_t qos : {uint8_t{0}, uint8_t{1}, uint8_t{2}}) {
      std::string bytes;
      PublishTemplate("a/b", qos, true, 300, version).append_to(bytes, 515, "head");
      const auto packet = next_packet(bytes);
      ASSERT_TRUE(packet);
      EXPECT_EQ(packet->bytes, bytes.size());
      const auto publish = read_publish(*packet, version);
      ASSERT_TRUE(publish);
      EXPECT_EQ(publish->qos, qos);
      EXPECT_TRUE(publish->retain);
      EXPECT_EQ(publish->packet_id, qos > 0 ? 515 : 0);
      EXPECT_EQ(publish->payload, "head" + std::string(296, 'x'));
    }
  }
}

TEST(BenchWire, AHeadThatDoesNotFitIsCut) {
  std::string bytes;
  PublishTemplate("t", 0, false, 2, Version::v311).append_to(bytes, 0, "head");
  EXPECT_EQ(bytes, "\x30\x05\0\x01the"s);
}

}  // namespace
}  // namespace headgate::tools::bench
