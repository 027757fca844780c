#include "hub/shell/uplink/encoder_thread.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/manual_executor.h"
#include "tests/support/scripted_links.h"

namespace headgate::hub {
namespace {

upstream::EncodeJob job_of(uint64_t number, size_t messages) {
  upstream::EncodeJob job;
  job.number = number;
  job.hub = "hub-1";
  job.epoch = "epoch";
  job.stream = "upstream";
  for (store::Seq seq = 1; seq <= messages; ++seq) {
    auto message = std::make_shared<core::Message>();
    message->topic = "plant/1";
    message->body = "{}";
    job.entries.push_back({seq, std::move(message), 0, ""});
  }
  return job;
}

TEST(EncoderThread, AnswersEachJobOnTheExecutorInOrder) {
  testing::ManualExecutor executor;
  std::vector<uint64_t> answered;
  EncoderThread encoder(executor, 1, [&](uint64_t job, core::Result<upstream::EncodedJob> made) {
    answered.push_back(job);
    EXPECT_EQ(made.value().messages, 3U);
    EXPECT_EQ(nlohmann::json::parse(testing::decompress_batch(made->payload)).at("m").size(), 3U);
  });
  for (uint64_t number = 1; number <= 10; ++number) encoder.encode(job_of(number, 3));
  EXPECT_TRUE(answered.empty());
  executor.run_until([&] { return answered.size() == 10; });
  EXPECT_EQ(answered, (std::vector<uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST(EncoderThread, AnswersNothingOnceItIsGone) {
  testing::ManualExecutor executor;
  size_t answered = 0;
  {
    EncoderThread encoder(executor, 1,
                          [&](uint64_t, const core::Result<upstream::EncodedJob>&) { ++answered; });
    for (uint64_t number = 1; number <= 10; ++number) encoder.encode(job_of(number, 3));
    executor.run_until([&] { return answered > 0; });
    answered = 0;
  }
  executor.run_ready();
  EXPECT_EQ(answered, 0U);
}

}  // namespace
}  // namespace headgate::hub
