// The thread that encodes batches. It runs below the loop: a backlog that drains delays no client.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/executor.h"
#include "core/os/watched_worker.h"
#include "core/result.h"
#include "upstream/payload/batch_codec.h"
#include "upstream/payload/encoder.h"

namespace headgate::hub {

// Encodes in the order of the jobs. Belongs to the loop thread; destroyed on it, it waits for the encoding that is
// under way and answers nothing afterwards.
class EncoderThread : public upstream::Encoder {
 public:
  using Answer = std::function<void(uint64_t job, core::Result<upstream::EncodedJob> made)>;

  // `answer` is called by the executor. `executor` must outlive the thread.
  EncoderThread(core::Executor& executor, int zstd_level, Answer answer);
  ~EncoderThread() override;
  EncoderThread(const EncoderThread&) = delete;
  EncoderThread& operator=(const EncoderThread&) = delete;

  void encode(upstream::EncodeJob job) override;

 private:
  core::Executor& executor_;
  const std::shared_ptr<const Answer> answer_;  // what was posted and not run sees that the thread is gone
  upstream::BatchEncoder encoder_;              // the worker's
  std::atomic<bool> stopping_ = false;          // jobs that wait are left out
  core::WatchedWorker worker_{"batches", core::Worker::Priority::below_loop};
};

}  // namespace headgate::hub
