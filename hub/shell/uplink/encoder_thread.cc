#include "hub/shell/uplink/encoder_thread.h"

#include <utility>

namespace headgate::hub {

EncoderThread::EncoderThread(core::Executor& executor, int zstd_level, Answer answer)
    : executor_(executor), answer_(std::make_shared<const Answer>(std::move(answer))), encoder_(zstd_level) {}

EncoderThread::~EncoderThread() {
  stopping_ = true;
  worker_.stop();
}

// The job goes back with the answer, so that the loop frees its messages: to free what the loop allocated takes a
// lock of the allocator that the loop needs, and a thread below the loop may lose its core while it has it.
void EncoderThread::encode(upstream::EncodeJob job) {
  worker_.post([this, job = std::move(job), answer = std::weak_ptr(answer_)]() mutable {
    if (stopping_) return;
    auto made = upstream::encode_to_fit(encoder_, job);
    executor_.post([answer, job = std::move(job), made = std::move(made)]() mutable {
      if (const auto call = answer.lock()) (*call)(job.number, std::move(made));
    });
  });
}

}  // namespace headgate::hub
