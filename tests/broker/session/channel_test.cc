// Packets in pieces, many packets at once, and what a channel holds.
#include "broker/session/channel.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/broker/broker_fixture.h"
#include "tests/support/client_codec.h"

namespace headgate::broker {
namespace {

std::string encoded(const Publish& publish) {
  std::string bytes;
  testing::encode_publish(publish, Version::v5, bytes);
  return bytes;
}

class Assembling : public ::testing::Test {
 protected:
  // The bodies of the packets that are whole after this read.
  std::vector<std::string> feed(core::Bytes input) {
    std::vector<std::string> bodies;
    for (;;) {
      const NextFrame next = assembler_.next(input, 1 << 20);
      EXPECT_NE(next.kind, NextFrame::Kind::error);
      if (next.kind != NextFrame::Kind::frame) break;
      bodies.emplace_back(next.frame.body);
    }
    EXPECT_TRUE(input.empty());
    return bodies;
  }
  FrameAssembler assembler_;
};

TEST_F(Assembling, PutsAPacketTogetherByteByByte) {
  const std::string packet = encoded(qos0("t", std::string(300, 'x')));
  for (size_t i = 0; i + 1 < packet.size(); ++i) ASSERT_THAT(feed(packet.substr(i, 1)), IsEmpty()) << i;
  EXPECT_EQ(feed(packet.substr(packet.size() - 1)).size(), 1u);
}

TEST_F(Assembling, FindsEveryPacketWhereverTheReadsAreCut) {
  const std::string packets = encoded(qos0("t", "first")) + encoded(qos0("t", std::string(200, 'x'))) +
                              "\xC0" + std::string(1, '\0') + encoded(qos0("t", "last"));
  for (size_t cut = 0; cut <= packets.size(); ++cut) {
    std::vector<std::string> bodies = feed(packets.substr(0, cut));
    for (std::string& body : feed(packets.substr(cut))) bodies.push_back(std::move(body));
    ASSERT_EQ(bodies.size(), 4u) << cut;
    EXPECT_TRUE(bodies[3].ends_with("last")) << cut;
  }
}

TEST_F(Assembling, CopiesNothingOfPacketsThatAreWhole) {
  const std::string packet = encoded(qos0("t", "x"));
  core::Bytes input = packet;
  const NextFrame next = assembler_.next(input, 1000);
  EXPECT_EQ(next.frame.body.data(), packet.data() + 2);
}

TEST_F(Assembling, ReadsThePacketsBehindOneInPiecesWhereTheyLie) {
  const std::string packet = encoded(qos0("t", "x"));
  feed(packet.substr(0, 3));
  const std::string rest = packet.substr(3) + packet;
  core::Bytes input = rest;
  EXPECT_EQ(assembler_.next(input, 1000).kind, NextFrame::Kind::frame);
  EXPECT_EQ(assembler_.next(input, 1000).frame.body.data(), rest.data() + packet.size() - 3 + 2);
}

TEST_F(Assembling, GivesTheRoomOfALargePacketBack) {
  const std::string packet = encoded(qos0("t", std::string(100'000, 'x')));
  feed(packet.substr(0, 50'000));
  EXPECT_GE(assembler_.held_bytes(), 50'000u);
  feed(packet.substr(50'000));
  EXPECT_LE(assembler_.held_bytes(), 4096u);
}

TEST_F(Assembling, RefusesASizeAsSoonAsItIsKnown) {  // [MQTT-3.2.2-15]
  core::Bytes input("\x30\xFF", 2);
  EXPECT_EQ(assembler_.next(input, 100).kind, NextFrame::Kind::need_more);
  input = core::Bytes("\x7F", 1);
  EXPECT_EQ(assembler_.next(input, 100).error, ReasonCode::packet_too_large);
}

using Reading = BrokerTest;

TEST_F(Reading, TakesAThousandPacketsInOneRead) {
  ScriptedClient& a = connected(v5("a"));
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += encoded(qos0("t", std::to_string(i)));
  a.send(bytes);
  const Lines lines = happened();
  ASSERT_EQ(lines.size(), 1000u);
  EXPECT_EQ(lines.back(), "publish a q0 t=999");
}

TEST_F(Reading, TakesAWholeConversationByteByByte) {
  ScriptedClient& a = connected(v5("a"));
  const std::string bytes =
      encoded(qos1(1, "t", "x")) + encoded(qos2(2, "t", "y")) + std::string("\x62\2\0\2\xC0\0", 6);
  Lines answers;
  for (const char byte : bytes) {
    for (std::string& line : a.send({&byte, 1})) answers.push_back(std::move(line));
  }
  EXPECT_THAT(answers, ElementsAre("PUBACK 1", "PUBREC 2", "PUBCOMP 2", "PINGRESP"));
}

class Waking : public ::testing::Test {
 protected:
  testing::RecordingShell shell_;
  Channel channel_{shell_, "peer"};
};

TEST_F(Waking, HappensOnceUntilTheShellHasLooked) {
  channel_.out() += "a";
  channel_.out() += "b";
  channel_.close(ReasonCode::success);
  EXPECT_EQ(shell_.wakes, 1u);
  channel_.settle();
  channel_.out() += "c";
  EXPECT_EQ(shell_.wakes, 2u);
}

TEST_F(Waking, GivesTheShellWhatIsToBeSentBehindWhatItHas) {
  std::string unsent = "a";
  channel_.out() += "b";
  channel_.take_out(unsent);
  EXPECT_EQ(unsent, "ab");
  EXPECT_EQ(channel_.unsent_bytes(), 0u);
}

TEST_F(Waking, KeepsTheFirstReasonToClose) {
  channel_.close(ReasonCode::protocol_error);
  channel_.close(ReasonCode::success);
  EXPECT_EQ(channel_.close_reason(), ReasonCode::protocol_error);
}

}  // namespace
}  // namespace headgate::broker
