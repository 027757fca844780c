#include "routing/files/queue_rule.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/units.h"
#include "routing/files/json_text.h"

namespace headgate::routing {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> kOnRemove = {"keep", "drain", "purge"};
constexpr int64_t kAgeMsMax = int64_t{100} * 365 * 86'400'000;

template <class T>
std::optional<T> tightest(const std::optional<T>& a, const std::optional<T>& b) {
  if (!a || !b) return a ? a : b;
  if (*a == 0 || *b == 0) return std::max(*a, *b);
  return std::min(*a, *b);
}

template <class E>
std::optional<E> gentler(const std::optional<E>& a, const std::optional<E>& b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

template <class T>
bool differ(const std::optional<T>& a, const std::optional<T>& b) {
  return a && b && *a != *b;
}

class RuleReader {
 public:
  explicit RuleReader(std::vector<QueueRuleProblem>& problems) : problems_(problems) {}

  void read_queue(const Json& queue, bool unknown_keys_allowed, QueueRule& rule) {
    if (!queue.is_object())
      return report("queue", queue, "an object with maxBytes, maxMessages, maxAge, onFull");
    for (const auto& [key, value] : queue.items()) {
      const std::string path = join_path("queue", key);
      if (key == "maxBytes") {
        read_bytes(value, path, rule.bytes_max);
      } else if (key == "maxMessages") {
        read_count(value, path, rule.messages_max);
      } else if (key == "maxAge") {
        read_age(value, path, rule.age_max_ms);
      } else if (key == "onFull") {
        read_word(value, path, core::kOnFullNames, rule.on_full);
      } else if (!unknown_keys_allowed) {
        problems_.push_back(
            {path, "unknown key" + did_you_mean(key, {"maxBytes", "maxMessages", "maxAge", "onFull"})});
      }
    }
  }

  void read_on_remove(const Json& value, QueueRule& rule) {
    read_word(value, "onRemove", kOnRemove, rule.on_remove);
  }

 private:
  void report(const std::string& path, const Json& value, const std::string& allowed) {
    problems_.push_back({path, "is " + describe(value) + "; allowed: " + allowed});
  }

  void read_bytes(const Json& value, const std::string& path, std::optional<uint64_t>& into) {
    if (value.is_number_unsigned()) {
      into = value.get<uint64_t>();
      return;
    }
    const auto size = core::parse_byte_size(value.is_string() ? value.get<std::string>() : "");
    if (!size) return report(path, value, "a number of bytes or \"64MiB\", 0 for no limit");
    into = *size;
  }

  void read_count(const Json& value, const std::string& path, std::optional<uint64_t>& into) {
    if (!value.is_number_unsigned()) return report(path, value, "a number of messages, 0 for no limit");
    into = value.get<uint64_t>();
  }

  void read_age(const Json& value, const std::string& path, std::optional<int64_t>& into) {
    const auto age_ms = core::parse_duration_ms(value.is_string() ? value.get<std::string>() : "");
    if (!age_ms || *age_ms > kAgeMsMax)
      return report(path, value, "\"30s\", \"15m\", \"12h\" or \"7d\", up to 36500d; \"0s\" for no limit");
    into = *age_ms;
  }

  template <class E, size_t kCount>
  void read_word(const Json& value, const std::string& path,
                 const std::array<std::string_view, kCount>& words, std::optional<E>& into) {
    const auto found = std::ranges::find(words, value.is_string() ? value.get<std::string>() : "");
    if (found != words.end()) {
      into = static_cast<E>(found - words.begin());
      return;
    }
    std::string allowed;
    for (const std::string_view word : words) {
      allowed.append(allowed.empty() ? "" : word == words.back() ? " or " : ", ");
      allowed.append("\"").append(word).append("\"");
    }
    report(path, value, allowed);
  }

  std::vector<QueueRuleProblem>& problems_;
};

}  // namespace

std::string_view to_string(OnRemove on_remove) { return kOnRemove[static_cast<size_t>(on_remove)]; }

std::optional<OnRemove> parse_on_remove(std::string_view text) {
  const auto found = std::ranges::find(kOnRemove, text);
  if (found == kOnRemove.end()) return std::nullopt;
  return static_cast<OnRemove>(found - kOnRemove.begin());
}

QueueRule combined(const QueueRule& a, const QueueRule& b) {
  return {tightest(a.bytes_max, b.bytes_max), tightest(a.messages_max, b.messages_max),
          tightest(a.age_max_ms, b.age_max_ms), gentler(a.on_full, b.on_full),
          gentler(a.on_remove, b.on_remove)};
}

bool disagree(const QueueRule& a, const QueueRule& b) {
  return differ(a.bytes_max, b.bytes_max) || differ(a.messages_max, b.messages_max) ||
         differ(a.age_max_ms, b.age_max_ms) || differ(a.on_full, b.on_full) ||
         differ(a.on_remove, b.on_remove);
}

QueueRule read_queue_rule(const Json& route, bool unknown_keys_allowed,
                          std::vector<QueueRuleProblem>& problems) {
  QueueRule rule;
  RuleReader reader(problems);
  if (const auto queue = route.find("queue"); queue != route.end())
    reader.read_queue(*queue, unknown_keys_allowed, rule);
  if (const auto on_remove = route.find("onRemove"); on_remove != route.end())
    reader.read_on_remove(*on_remove, rule);
  return rule;
}

}  // namespace headgate::routing
