#include "store/rocks/db/batch_buffer.h"

#include <gtest/gtest.h>

#include <string>

namespace headgate::store {
namespace {

constexpr size_t kMuch = 1u << 20;

void use(BatchBuffer& buffer, size_t bytes, size_t times = 1) {
  for (; times > 0; --times) {
    rocksdb::WriteBatch& batch = buffer.next();
    ASSERT_EQ(batch.Count(), 0u) << "it begins empty";
    ASSERT_TRUE(batch.Put("k", std::string(bytes, 'v')).ok());
    buffer.written();
  }
}

TEST(BatchBuffer, ServesTheNextBatchWithTheMemoryOfTheLastWhileTheyAreLarge) {
  BatchBuffer buffer;
  use(buffer, kMuch, BatchBuffer::kLargeMin);
  const size_t kept = buffer.bytes_kept();
  EXPECT_GE(kept, kMuch);
  use(buffer, 10, BatchBuffer::kSmallMax - 1);
  use(buffer, kMuch / 4, 100);
  EXPECT_EQ(buffer.bytes_kept(), kept);
}

TEST(BatchBuffer, KeepsNothingOfALargeBatchAlone) {
  BatchBuffer buffer;
  use(buffer, kMuch);
  EXPECT_LE(buffer.bytes_kept(), BatchBuffer::kSmallBytes);
}

TEST(BatchBuffer, GivesTheMemoryBackAfterSeveralSmallOnesInARow) {
  BatchBuffer buffer;
  use(buffer, kMuch, BatchBuffer::kLargeMin);
  use(buffer, 10, BatchBuffer::kSmallMax);
  EXPECT_LE(buffer.bytes_kept(), BatchBuffer::kSmallBytes);
}

TEST(BatchBuffer, KeepsALittle) {
  BatchBuffer buffer;
  use(buffer, 30'000);
  const size_t kept = buffer.bytes_kept();
  use(buffer, 10, 100);
  EXPECT_EQ(buffer.bytes_kept(), kept);
}

}  // namespace
}  // namespace headgate::store
