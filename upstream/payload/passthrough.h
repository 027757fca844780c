// Messages that go upstream one by one: the payload is the body as it came, and nothing of a batch is round it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/executor.h"
#include "core/result.h"
#include "upstream/payload/encoder.h"

namespace headgate::upstream {

// An encoder with nothing to compute, so it needs no thread: it answers by the executor.
class PassthroughEncoder : public Encoder {
 public:
  using Answer = std::function<void(uint64_t job, core::Result<EncodedJob> made)>;

  // `executor` must outlive it. What is not answered when it is destroyed is not answered.
  PassthroughEncoder(core::Executor& executor, Answer answer);

  // REQUIRES: the job has one entry, and no gaps.
  void encode(EncodeJob job) override;

 private:
  core::Executor& executor_;
  const std::shared_ptr<const Answer> answer_;
};

}  // namespace headgate::upstream
