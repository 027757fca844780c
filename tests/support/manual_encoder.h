// Encodes when the test says so, in the order that the test chooses.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "upstream/payload/encoder.h"

namespace headgate::testing {

class ManualEncoder : public upstream::Encoder {
 public:
  // Where the answers go.
  std::function<void(uint64_t job, core::Result<upstream::EncodedJob> made)> answer;

  void encode(upstream::EncodeJob job) override { jobs_.push_back(std::move(job)); }

  // Jobs not answered yet, oldest first.
  [[nodiscard]] size_t waiting() const { return jobs_.size(); }
  [[nodiscard]] const upstream::EncodeJob& job(size_t i) const { return jobs_.at(i); }

  void finish(size_t i) {
    const upstream::EncodeJob job = take(i);
    answer(job.number, upstream::encode_to_fit(encoder_, job));
  }
  // The job is never answered, as when its process ends.
  void drop(size_t i) { take(i); }
  void fail(size_t i) {
    answer(take(i).number, core::fail(core::Errc::unavailable, "cannot compress a batch: no memory"));
  }
  // Also what is asked for by the answers. False if there was nothing to do.
  bool finish_all() {
    const bool any = !jobs_.empty();
    while (!jobs_.empty()) finish(0);
    return any;
  }

 private:
  upstream::EncodeJob take(size_t i) {
    upstream::EncodeJob job = std::move(jobs_.at(i));
    jobs_.erase(jobs_.begin() + static_cast<ptrdiff_t>(i));
    return job;
  }

  std::vector<upstream::EncodeJob> jobs_;
  upstream::BatchEncoder encoder_{1};
};

}  // namespace headgate::testing
