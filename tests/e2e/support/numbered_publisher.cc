#include "tests/e2e/support/numbered_publisher.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <set>

namespace headgate::e2e {
namespace {

constexpr std::string_view kPrefix = "{\"id\":\"";

}  // namespace

std::string to_payload(const MessageId& id) {
  return std::string(kPrefix) + id.publisher + "-" + std::to_string(id.number) + "\"}";
}

std::optional<MessageId> find_id(std::string_view text) {
  const size_t at = text.find("\"id\":\"");
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + kPrefix.size() - 1);
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  MessageId id{std::string(text.substr(0, dash)), 0};
  std::from_chars(text.data() + dash + 1, text.data() + text.size(), id.number);
  return id;
}

void NumberedPublisher::run(uint16_t port, std::chrono::milliseconds duration, size_t window) {
  const uint64_t base = next_ - 1;
  const auto until = std::chrono::steady_clock::now() + duration;
  MqttClient client(port, {.id = name_, .protocol = Protocol::v311});
  while (client.is_connected() && std::chrono::steady_clock::now() < until) {
    if (client.publish("load/" + name_, to_payload({name_, next_}), 1) == 0) break;
    ++next_;
    client.wait_unacked_below(window);
  }
  client.wait_unacked_below(1);
  for (const uint64_t number : client.acked()) acked_.push_back({name_, base + number});
}

void run_all(std::vector<NumberedPublisher>& publishers, uint16_t port, std::chrono::milliseconds duration) {
  std::vector<std::thread> threads;
  for (NumberedPublisher& publisher : publishers) {
    threads.emplace_back([&publisher, port, duration] { publisher.run(port, duration); });
  }
  for (std::thread& thread : threads) thread.join();
}

std::vector<MessageId> all_acked(const std::vector<NumberedPublisher>& publishers) {
  std::vector<MessageId> all;
  for (const NumberedPublisher& publisher : publishers) {
    all.insert(all.end(), publisher.acked().begin(), publisher.acked().end());
  }
  std::ranges::sort(all);
  return all;
}

std::vector<MessageId> missing(const std::vector<MessageId>& expected, std::vector<MessageId> arrived) {
  std::ranges::sort(arrived);
  std::vector<MessageId> lost;
  std::ranges::set_difference(expected, arrived, std::back_inserter(lost));
  return lost;
}

std::optional<MessageId> out_of_order(const std::vector<MessageId>& arrived) {
  std::set<MessageId> seen;
  std::map<std::string, uint64_t> last;
  for (const MessageId& id : arrived) {
    if (!seen.insert(id).second) continue;
    if (id.number < last[id.publisher]) return id;
    last[id.publisher] = id.number;
  }
  return std::nullopt;
}

}  // namespace headgate::e2e
