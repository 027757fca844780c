// Random routes, as text: a grammar turned round. All of them compile.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

namespace headgate::testing {

class RandomRoute {
 public:
  explicit RandomRoute(uint32_t seed) : random_(seed) {}

  std::string text() {
    windowed_ = pick(2) == 0;
    keys_.clear();
    if (windowed_) {
      for (size_t i = pick(3); i > 0; --i) keys_.push_back(key());
    }
    std::string out =
        select() + " FROM " + any({"'a/+/b'", "/messages/*", "/messages/modules/m/outputs/o", "'#'"});
    if (windowed_ && pick(2) == 0) out += " TIMESTAMP BY " + message_value() + over();
    if (pick(2) == 0) out += " WHERE " + condition(3);
    if (windowed_) out += group_by();
    return out + " INTO " + sinks();
  }

 private:
  size_t pick(size_t count) { return random_() % count; }
  std::string any(std::initializer_list<const char*> some) { return *(some.begin() + pick(some.size())); }
  static std::string join(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
    return out;
  }

  std::string key() {
    return any({"$body.a", "Site", "$topic", "{$body.b.c[2]}", "lower($body.x)", "topic_level(-1)",
                "payload()", "$body.n % 7", "($body.q ?? 'none')", "lookup('l', $body.a).line"});
  }

  std::string select() {
    std::vector<std::string> items;
    if (!windowed_ && pick(3) == 0) return "";
    if (!windowed_ && pick(2) == 0) items.push_back("*");
    for (size_t i = pick(4) + 1; i > 0; --i) {
      const std::string name = any({"n", "group", "as", "count-"}) + std::to_string(i);
      items.push_back(value(3) + (pick(2) == 0 ? " AS " + name : " as 'it\\'s " + name + "'"));
    }
    return "SELECT " + join(items);
  }

  // Values of a message, or of a window's result.
  std::string value(int depth) {
    if (pick(2) == 0) return number(depth);
    return windowed_ ? window_value() : message_value();
  }

  std::string number(int depth) {
    if (depth == 0 || pick(3) == 0) return plain_number();
    const std::string left = number(depth - 1);
    switch (pick(5)) {
      case 0:
        return "(" + left + any({" + ", " - ", " * ", " / ", " % "}) + number(depth - 1) + ")";
      case 1:
        return "- " + left;
      case 2:
        return left + any({" + ", " - "}) + number(depth - 1) + any({" * ", " + "}) + number(depth - 1);
      case 3:
        return any({"abs", "Floor", "SQRT"}) + "(" + left + ")";
      default:
        return "((" + left + ") ?? " + plain_number() + ")";
    }
  }

  std::string plain_number() {
    if (pick(3) == 0) return any({"5", "-1.5", "1e3", "0x1F", "1e999", "0.1", "123456789012345678"});
    return windowed_ ? aggregate() : number_of_message();
  }

  std::string number_of_message() {
    return any(
        {"$body.a", "{$body.b}", "as_number(temp)", "$body.c[1].d", "payload()", "lookup('l', Site).max"});
  }
  std::string message_value() {
    return any({"$body.a", "{$body.b.c}", "site", "$topic", "{$topic}", "payload()", "topic_level(3)",
                "$BODY.Q", "Lookup('t', $body.a)", "lookup('t u', lookup('t', $body.a || 'x').b.c[2])"});
  }

  std::string window_value() {
    if (!keys_.empty() && pick(3) == 0) return "(" + keys_[pick(keys_.size())] + ")";
    if (pick(5) == 0) return any({"$window.start", "{$Window.End}"});
    return aggregate();
  }

  std::string aggregate() {
    const std::string of = number_of_message();
    std::string call = any({"sum", "avg", "MIN", "max", "first", "last", "stddev", "stdevp", "var", "varp",
                            "delta", "rate", "median", "count"}) +
                       "(" + of + ")";
    switch (pick(6)) {
      case 0:
        call = "count(*)";
        break;
      case 1:
        call = "percentile(" + of + ", " + any({"0", "1", "0.95", "5e-1"}) + ")";
        break;
      case 2:
        call = "count_if(" + message_condition(1) + ")";
        break;
      default:
        break;
    }
    return pick(3) == 0 ? call + " FILTER (WHERE " + message_condition(1) + ")" : call;
  }

  std::string message_condition(int depth) {
    if (depth == 0 || pick(2) == 0)
      return message_value() + any({" = ", " != "}) + any({"'x'", "\"it's \\\\\"", "''"});
    const std::string left = message_condition(depth - 1);
    return pick(4) == 0 ? "NOT (" + left + ")" : left + any({" AND ", " or "}) + message_condition(depth - 1);
  }

  std::string condition(int depth) {
    if (pick(4) == 0) return stateful();
    if (depth == 0 || pick(3) == 0) return message_condition(2);
    const std::string left = "(" + condition(depth - 1) + ")";
    return pick(4) == 0 ? "NOT " + left : left + any({" AND ", " OR "}) + "(" + condition(depth - 1) + ")";
  }

  std::string stateful() {
    const std::string call =
        any({"changed($body.a)", "changed($body.a, 0.5)", "changed($body.a, '2.5%')",
             "changed($body.a, 7e-2, 10m)", "changed($body.a, '7%', 90s)", "every(30s)", "sample(0.1)",
             "sample(10)", "rising($body.a > 5)", "falling($body.ok)", "holds($body.a > 5, 1h)",
             "dedup($body.id, 86400s)", "lag($body.a, 3) = 'x'", "diff($body.a) > 1"});
    const size_t end = call.rfind(") ");
    if (pick(2) == 0) return call;
    const std::string keys = " OVER (" + message_value() + (pick(2) == 0 ? ", " + message_value() : "") + ")";
    return end == std::string::npos || call.back() == ')'
               ? call + keys
               : call.substr(0, end + 1) + keys + call.substr(end + 1);
  }

  std::string over() { return pick(2) == 0 ? "" : " OVER " + message_value() + ", " + message_value(); }

  std::string group_by() {
    std::vector<std::string> parts = keys_;
    parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(pick(parts.size() + 1)), window());
    std::string out = any({" GROUP BY ", " group by "}) + join(parts);
    if (pick(2) == 0) out += " HAVING " + aggregate() + any({" > ", " <= "}) + number(1);
    return out;
  }

  std::string window() {
    return any({"Tumbling(1m)", "TumblingWindow(minute, 15)", "Tumbling(1h, -5m)", "Hopping(1m, 10s)",
                "HoppingWindow(Duration(minute, 10), Hop(second, 30), Offset(ms, 500))", "Session(2m, 4h)",
                "SlidingWindow(second, 10)", "Count(100)", "CountWindow(100, 10)"});
  }

  std::string sinks() {
    std::vector<std::string> all = {"$upstream",
                                    "$null",
                                    "$deadletter",
                                    "Topic('out/{{x}}')",
                                    "Upstream(\"a\\\"b\")",
                                    "BrokeredEndpoint('/modules/m/inputs/i')"};
    const std::string value = !windowed_ ? message_value() : keys_.empty() ? "" : keys_[0];
    if (!value.empty() && value != "payload()") all.push_back("Topic(\"x/{" + value + "}/y\")");
    std::shuffle(all.begin(), all.end(), random_);
    all.resize(pick(3) + 1);
    return join(all);
  }

  std::mt19937 random_;
  bool windowed_ = false;
  std::vector<std::string> keys_;
};

}  // namespace headgate::testing
