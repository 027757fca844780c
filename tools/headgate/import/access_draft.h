// Rules of access as they come out of an ACL: who may do what on which topics.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace headgate::tools {

enum class Right : uint8_t { deny, read, write, readwrite };

// A topic in which nothing is a variable.
[[nodiscard]] std::string literal_topic(std::string_view topic);

// Collects topics by whom they concern and by the right, in the order in which people first come.
class AccessDraft {
 public:
  // `who` is JSON text, as `access.rules` has it.
  void add(const std::string& who, Right right, std::string topic);

  // Gives `access.rules`: behind the one that lets everybody subscribe, which Mosquitto judges by what is delivered.
  [[nodiscard]] nlohmann::ordered_json rules() const;

 private:
  std::vector<std::string> order_;
  std::map<std::string, std::map<Right, std::vector<std::string>>> topics_;
};

[[nodiscard]] std::string anonymous_clients();
[[nodiscard]] std::string everybody();
[[nodiscard]] std::string user_named(const std::string& name);

// A rule that lets them do everything, for brokers without an ACL.
[[nodiscard]] nlohmann::ordered_json full_right(const std::string& who);

}  // namespace headgate::tools
