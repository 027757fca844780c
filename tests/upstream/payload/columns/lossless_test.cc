// Whatever a publisher sends comes back from columns byte by byte as it comes from rows.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/support/batches/random_messages.h"
#include "tests/support/batches/rows_of.h"
#include "upstream/payload/batch_codec.h"

namespace headgate::upstream {
namespace {

uint64_t seeds() {
  const char* const text = std::getenv("HEADGATE_SEEDS");
  return text == nullptr ? 200 : std::strtoull(text, nullptr, 10);
}

TEST(Lossless, AreRandomMessagesInColumns) {
  BatchEncoder encoder(3);
  for (uint64_t seed = 1; seed <= seeds(); ++seed) {
    testing::RandomMessages messages(seed);
    const auto entries = messages.next(1 + messages.below(400));
    const BatchHeader header{"site-42", "01J8ZQ4", "upstream", 3, 1700000001000, {}};
    const std::string rows(
        encoder.encode(header, entries, {BatchLayout::rows, BatchCompression::none})->payload);
    const auto packed = encoder.encode(header, entries, {BatchLayout::columns, BatchCompression::zstd});
    EXPECT_EQ(packed->json_bytes, rows.size());
    ASSERT_EQ(testing::batch_text(packed->payload), rows) << "HEADGATE_SEEDS at least " << seed;
  }
}

TEST(Lossless, IsABatchWhateverWasEncodedBefore) {
  const BatchForm form{BatchLayout::columns, BatchCompression::zstd};
  const auto entries = testing::RandomMessages(4).next(300);
  const BatchHeader header{"site-42", "01J8ZQ4", "upstream", 3, 1700000001000, {}};
  BatchEncoder used(9), fresh(9);
  (void)used.encode(header, testing::RandomMessages(7).next(500), form);
  (void)used.encode(header, testing::RandomMessages(8).next(30), {});
  const std::string again(used.encode(header, entries, form)->payload);
  EXPECT_EQ(fresh.encode(header, entries, form)->payload, again);
}

}  // namespace
}  // namespace headgate::upstream
