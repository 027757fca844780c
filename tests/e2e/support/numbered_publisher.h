// QoS 1 load whose every message can be told apart, and a judge of what arrived.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/e2e/support/mqtt_client.h"

namespace headgate::e2e {

// Which message a payload is; publisher and number are what {"id":"<publisher>-<number>"} says.
struct MessageId {
  std::string publisher;
  uint64_t number = 0;

  friend auto operator<=>(const MessageId&, const MessageId&) = default;
};

[[nodiscard]] std::string to_payload(const MessageId& id);

// The first id in the text, wherever it stands in it; nullopt when there is none.
[[nodiscard]] std::optional<MessageId> find_id(std::string_view text);

class NumberedPublisher {
 public:
  explicit NumberedPublisher(std::string name) : name_(std::move(name)) {}

  // Connects anew and publishes to load/<name>, with at most `window` unacknowledged, until `duration` has
  // passed and all is acknowledged, or until the connection is lost. Numbers go on from the last run.
  void run(uint16_t port, std::chrono::milliseconds duration, size_t window = 64);

  // What was acknowledged in all runs, and how many were published.
  [[nodiscard]] const std::vector<MessageId>& acked() const { return acked_; }
  [[nodiscard]] uint64_t published() const { return next_ - 1; }

 private:
  std::string name_;
  uint64_t next_ = 1;
  std::vector<MessageId> acked_;
};

// All of them at once, each on its own thread.
void run_all(std::vector<NumberedPublisher>& publishers, uint16_t port, std::chrono::milliseconds duration);

// The ids acknowledged to any publisher, sorted.
[[nodiscard]] std::vector<MessageId> all_acked(const std::vector<NumberedPublisher>& publishers);

// Those of `expected` (sorted) that are not among `arrived`.
[[nodiscard]] std::vector<MessageId> missing(const std::vector<MessageId>& expected,
                                             std::vector<MessageId> arrived);

// The first message whose first arrival came after a later one of the same publisher.
[[nodiscard]] std::optional<MessageId> out_of_order(const std::vector<MessageId>& arrived);

}  // namespace headgate::e2e
