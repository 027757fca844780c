// Batches of the hub that come back to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hub/engine/engine_fixture.h"
#include "upstream/payload/batch_codec.h"

namespace headgate::hub {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::qos1;
using testing::to;
using testing::v3;
using testing::v5;
using testing::with_will;

using ReturnedBatch = EngineTest;

// A batch of that hub with one message.
std::string batch_of(std::string_view hub, std::string body = "{}") {
  auto message = std::make_shared<core::Message>();
  message->topic = "plant/1";
  message->body = std::move(body);
  const store::Entry entry{1, std::move(message), 0, ""};
  upstream::BatchEncoder encoder(9);
  return std::string(encoder.encode({hub, "E", "upstream", 5, 1, {}}, {&entry, 1})->payload);
}

TEST_F(ReturnedBatch, IsNotRoutedAndSaysThatItReachedNobody) {
  route("FROM /messages/* INTO $upstream");
  auto link = client();
  link.connect(v5("link"));
  EXPECT_THAT(link.publish(qos1(1, "headgate/hub-1/batches", batch_of("hub-1"))), ElementsAre("PUBACK 1 10"));
  EXPECT_TRUE(waiting("$upstream").empty());
  EXPECT_EQ(engine_->returned_batches(), 1u);
  EXPECT_THAT(log_.lines(),
              Contains(HasSubstr("own_batch_came_back topic=headgate/hub-1/batches from=link")));
  auto reader = client();
  reader.connect(v5("reader"));
  reader.subscribe(1, {to("headgate/#")});
  EXPECT_THAT(link.publish(qos1(2, "headgate/hub-1/batches", batch_of("hub-1"))), ElementsAre("PUBACK 2"));
}

TEST_F(ReturnedBatch, IsAlsoOneInABatchOfAnotherHubWhichElseIsRouted) {
  route("FROM /messages/* INTO $upstream");
  auto link = client();
  link.connect(v5("link"));
  link.publish(qos1(1, "there/batches", batch_of("hub-2")));
  commit();
  EXPECT_EQ(waiting("$upstream").size(), 1u);
  link.publish(qos1(2, "there/batches", batch_of("hub-2", batch_of("hub-1"))));
  commit();
  EXPECT_EQ(waiting("$upstream").size(), 1u);
}

TEST_F(ReturnedBatch, IsNotRoutedAsAWillEither) {
  route("FROM /messages/* INTO $upstream");
  auto dying = client();
  const std::string batch = batch_of("hub-1");
  broker::Connect connect = with_will(v5("dying"));
  connect.will->payload = batch;
  dying.connect(connect);
  dying.drop();
  commit();
  EXPECT_TRUE(waiting("$upstream").empty());
  EXPECT_EQ(engine_->returned_batches(), 1u);
}

TEST_F(ReturnedBatch, IsAcknowledgedToAClientThatCannotBeToldMore) {
  route("FROM /messages/* INTO $upstream");
  auto link = client();
  link.connect(v3("link"));
  EXPECT_THAT(link.publish(qos1(1, "back", batch_of("hub-1"))), ElementsAre("PUBACK 1"));
  EXPECT_EQ(engine_->returned_batches(), 1u);
}

}  // namespace
}  // namespace headgate::hub
