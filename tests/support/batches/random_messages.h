// Messages of all kinds that a publisher may send: readings that are alike, and everything that is not.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/message.h"
#include "store/queue_store.h"

namespace headgate::testing {

class RandomMessages {
 public:
  explicit RandomMessages(uint64_t seed) : random_(seed), odd_percent_(pick({0, 2, 20, 100})) {}

  std::vector<store::Entry> next(size_t count) {
    std::vector<store::Entry> entries;
    for (size_t i = 0; i < count; ++i) {
      seq_ += pick({1, 1, 1, 7});
      arrived_ms_ += pick({0, 0, 1, 250, -3000});
      auto message = std::make_shared<core::Message>();
      message->topic = "plant/" + std::to_string(below(5)) + pick({"/t", "/t", "/gr\xC3\xBC\xC3\x9F\"\\"});
      message->body = below(100) < odd_percent_ ? odd_body() : reading();
      message->arrived_ms = arrived_ms_;
      if (below(4) == 0) message->properties = std::make_shared<core::Properties>(properties());
      entries.push_back({seq_, std::move(message), 0, ""});
    }
    return entries;
  }

  uint64_t below(uint64_t bound) { return random_() % bound; }

 private:
  template <typename T>
  T pick(std::initializer_list<T> of) {
    return of.begin()[below(of.size())];
  }
  std::string pick(std::initializer_list<const char*> of) { return of.begin()[below(of.size())]; }

  std::string number() {
    value_ += static_cast<int64_t>(below(2001)) - 1000;
    const std::string whole = std::to_string(value_ / 1000);
    switch (below(8)) {
      case 0:
        return whole;
      case 1:
        return whole + "." + std::to_string(below(10));
      default:
        return whole + "." + std::to_string(1000 + below(9000));
    }
  }

  std::string stamp() {
    std::string fraction = std::to_string(below(1000));
    fraction.insert(0, 3 - fraction.size(), '0');
    return "2026-0" + std::to_string(1 + below(9)) + "-2" + std::to_string(below(9)) + "T1" +
           std::to_string(below(9)) + ":00:5" + std::to_string(below(9)) + "." + fraction +
           pick({"Z", "Z", "Z", "+01:00"});
  }

  std::string reading() {
    switch (below(12)) {
      case 0:
        return R"({"state":")" + pick({"on", "off", ""}) + R"(","since":)" +
               std::to_string(1786999800000 + below(9999)) + "}";
      case 1:
        return R"({ "t" : )" + number() + " , \"q\":\t" + pick({"true", "false", "null", "1"}) + "\n}";
      default:
        return R"({"id":"m-)" + std::to_string(below(12)) + R"(","t":)" + number() + R"(,"p":)" + number() +
               R"(,"ok":)" + pick({"true", "true", "true", "null"}) + R"(,"at":")" + stamp() +
               R"(","n":[1,)" + number() + "]}";
    }
  }

  std::string odd_body() {
    switch (below(9)) {
      case 0:
        return pick({"", " ", "on", "NaN", "01", "{\"a\":}", "{} {}", "\"open", "[1,]", "tru", "-", "1.",
                     "\xEF\xBB\xBF{}"});
      case 1:
        return "{\"v\":" + odd_number() + "}";
      case 2:
        return odd_number();
      case 3: {
        const size_t depth = below(200);
        return std::string(depth, '[') + odd_number() + std::string(depth, ']');
      }
      case 4:
        return R"({"a":1,"a":2,"":{"":""},"a":"\u0000\ud83d\ude00\"\\\/"})";
      case 5:
        return " \t\r\n[ 1 ,\n{ } ,[ ] , \"x\" ] \n";
      case 6: {
        std::string binary;
        for (size_t left = below(40); left > 0; --left) binary += static_cast<char>(below(256));
        return binary;
      }
      case 7: {
        std::string names = "{";
        for (size_t i = 0, count = below(60); i < count; ++i)
          names += (i > 0 ? ",\"" : "\"") + std::to_string(below(1000)) + "\":" + number();
        return names + "}";
      }
      default:
        return "\"2026-02-3" + std::to_string(below(10)) + "T00:00:00" +
               pick({"Z", ".Z", ".5", ".1234567891Z", "\\u005a", " \\\""}) + "\"";
    }
  }

  std::string odd_number() {
    return pick({"1e400",
                 "1e5",
                 "1E-7",
                 "-0",
                 "-0.0",
                 "1.50",
                 "0.10",
                 "-1.0",
                 "9223372036854775807",
                 "9223372036854775808",
                 "18446744073709551615",
                 "18446744073709551616",
                 "-9223372036854775808",
                 "123456789012345678",
                 "1234567890123456789",
                 "0.123456789012345678",
                 "999999999999999999",
                 "-999999999999999999",
                 "0.1234567890123456789",
                 "1.7976931348623157e308",
                 "0",
                 "5e-324"});
  }

  core::Properties properties() {
    core::Properties properties;
    properties.content_type = pick({"", "application/json", "text/plain", "application/x\"y"});
    properties.content_encoding = pick({"", "", "utf-8", "gzip"});
    for (size_t left = below(3); left > 0; --left)
      properties.user.push_back({pick({"site", "line", "tag\x01"}), pick({"a", "b", "\xE4", "c\x1F\"\\"})});
    return properties;
  }

  std::mt19937_64 random_;
  uint64_t odd_percent_;
  uint64_t seq_ = 0;
  int64_t arrived_ms_ = 1786999800000;
  int64_t value_ = 21000;
};

}  // namespace headgate::testing
