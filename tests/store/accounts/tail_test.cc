// The newest messages in memory.
#include "store/accounts/tail.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace headgate::store {
namespace {

core::MessagePtr message_called(Seq seq) {
  core::Message message;
  message.topic = std::to_string(seq);
  return std::make_shared<const core::Message>(std::move(message));
}

std::string found(const MessageTail& tail, Seq seq) {
  const core::MessagePtr message = tail.find(seq);
  return message ? message->topic : "none";
}

TEST(Tail, FindsMessagesWhoseSeqsFollowEachOther) {
  MessageTail tail(1 << 20);
  for (Seq seq = 7; seq < 40; ++seq) tail.add(seq, message_called(seq));
  for (Seq seq = 7; seq < 40; ++seq) EXPECT_EQ(found(tail, seq), std::to_string(seq));
  EXPECT_EQ(found(tail, 6), "none");
  EXPECT_EQ(found(tail, 40), "none");
  EXPECT_EQ(found(tail, 4'000'000'000'000), "none");
}

// Ends and values have seqs too.
TEST(Tail, FindsMessagesBetweenSeqsThatAreOfNone) {
  MessageTail tail(1 << 20);
  for (Seq seq = 3; seq < 200; seq += 1 + seq % 5) tail.add(seq, message_called(seq));
  Seq next = 3;
  for (Seq seq = 0; seq < 230; ++seq) {
    const bool held = seq == next && seq < 200;
    EXPECT_EQ(found(tail, seq), held ? std::to_string(seq) : "none");
    if (held) next += 1 + seq % 5;
  }
}

TEST(Tail, LetsTheOldestGoAndFindsTheOthers) {
  MessageTail tail(8 << 10);
  for (Seq seq = 1; seq <= 1'000; seq += 2) tail.add(seq, message_called(seq));
  EXPECT_LE(tail.bytes(), size_t{8} << 10);
  EXPECT_EQ(found(tail, 1), "none");
  EXPECT_EQ(found(tail, 999), "999");
  EXPECT_EQ(found(tail, 997), "997");
}

TEST(Tail, HoldsNothingAtFirst) {
  EXPECT_EQ(found(MessageTail(1 << 20), 0), "none");
  EXPECT_EQ(found(MessageTail(1 << 20), 1), "none");
}

}  // namespace
}  // namespace headgate::store
