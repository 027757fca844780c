#include "upstream/payload/passthrough.h"

#include <utility>

namespace headgate::upstream {
namespace {

EncodedJob pass_through(const store::Entry& entry) {
  EncodedJob made;
  made.messages = 1;
  made.payload = entry.message->body;
  made.tries.push_back({made.payload.size(), made.payload.size()});
  made.expires_ms = entry.expires_ms;
  made.message = entry.message;
  return made;
}

}  // namespace

PassthroughEncoder::PassthroughEncoder(core::Executor& executor, Answer answer)
    : executor_(executor), answer_(std::make_shared<const Answer>(std::move(answer))) {}

void PassthroughEncoder::encode(EncodeJob job) {
  executor_.post([weak = std::weak_ptr<const Answer>(answer_), job = std::move(job)] {
    if (const auto answer = weak.lock()) (*answer)(job.number, pass_through(job.entries.front()));
  });
}

}  // namespace headgate::upstream
