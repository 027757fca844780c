#include "tests/routing/compute/support/stream.h"

#include <string>

namespace headgate::routing {
namespace {

constexpr int64_t kBegin = 1785585600000;  // 2026-08-01T12:00:00Z

class Chances {
 public:
  explicit Chances(uint32_t seed) : random_(seed) {}

  int64_t below(int64_t most) {
    return most > 0 ? static_cast<int64_t>(random_() % static_cast<uint64_t>(most)) : 0;
  }
  bool happens(double share) { return static_cast<double>(below(10'000)) < share * 10'000; }

 private:
  std::mt19937 random_;
};

std::string timestamp(Chances& chances, int64_t now, const StreamShape& shape) {
  if (chances.happens(shape.odd)) {
    const char* const odd[] = {"\"soon\"", "null", "9e15", "\"9999-12-31T23:59:59Z\"", "true"};
    return odd[chances.below(5)];
  }
  const int64_t most = chances.happens(shape.far_behind) ? shape.behind_ms * 100 : shape.behind_ms;
  return std::to_string(now - chances.below(most));
}

}  // namespace

std::vector<Input> random_stream(uint32_t seed, const StreamShape& shape) {
  Chances chances(seed);
  std::vector<Input> inputs;
  int64_t now = kBegin + chances.below(kHour);
  for (size_t i = 0; i < shape.messages; ++i) {
    now += chances.below(chances.happens(0.03) ? shape.step_ms * 10 : shape.step_ms);
    std::string body = R"({"k":)" + std::to_string(chances.below(shape.keys));
    body += R"(,"d":"d)" + std::to_string(chances.below(shape.devices)) + "\"";
    if (!chances.happens(0.05))
      body += R"(,"v":)" + std::to_string(static_cast<double>(chances.below(400)) / 4 - 20);
    body += R"(,"ts":)" + timestamp(chances, now, shape) + "}";
    inputs.push_back({now, body, "device", std::to_string(seed) + "-" + std::to_string(i)});
  }
  return inputs;
}

}  // namespace headgate::routing
