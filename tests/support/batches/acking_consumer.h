// A consumer of batches that acknowledges them, made of the parts of `headgate unbatch` without its broker and its files.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/support/batches/trained_dictionary.h"
#include "tools/unbatch/acks/acknowledger.h"
#include "tools/unbatch/chain/verifier.h"
#include "tools/unbatch/frame_splitter.h"

namespace headgate::testing {

class AckingConsumer {
 public:
  explicit AckingConsumer(uint32_t credit) : credit_(credit), acknowledger(credit) {}

  // From the next restart on it holds these.
  void hold(tools::Dictionaries dictionaries) { dictionaries_ = std::move(dictionaries); }

  // What needs a dictionary that is not here cannot be taken, and is not acknowledged.
  void take(const std::string& payload, int64_t mono_ms) {
    const tools::FrameSplitter::Batch batch = tools::decode_payload(payload, &dictionaries_);
    if (!batch.json && dictionary_needed(payload) != 0) {
      ++unreadable;
      acknowledger.on_unreadable(mono_ms);
      return;
    }
    if (dictionary_needed(payload) != 0) ++with_dictionary;
    ASSERT_TRUE(batch.json) << batch.json.error().what;
    auto link = verifier.read(*batch.json, batch.mark, batch.content_sha256);
    ASSERT_TRUE(link) << link.error().what;
    for (const auto& [id, digest] : link->rows) ++times[id];
    acknowledger.take(*link, "headgate/hub-1/batches", mono_ms);
    verifier.add(*std::move(link));
  }
  // kill -9: what was taken is remembered, and what was not said is not said.
  void restart() {
    const std::string kept = acknowledger.save();
    acknowledger = tools::Acknowledger(credit_, tools::ids_of(dictionaries_));
    EXPECT_TRUE(acknowledger.load(kept));
  }

 private:
  const uint32_t credit_;
  tools::Dictionaries dictionaries_;

 public:
  tools::Acknowledger acknowledger;
  tools::ChainVerifier verifier{""};
  std::map<uint64_t, uint64_t> times;  // that each id has come, by id
  size_t with_dictionary = 0;          // payloads that were read so
  size_t unreadable = 0;
};

}  // namespace headgate::testing
