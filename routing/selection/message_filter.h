// Selection of messages that somebody wants to see: a topic filter, a sender, a property, a span of time, a piece of the body, a condition
// of the route language. All that is given has to hold.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/message.h"
#include "core/result.h"
#include "routing/evaluation/evaluator.h"
#include "routing/evaluation/message_fields.h"
#include "routing/language/ast.h"

namespace headgate::routing {

class MessageFilter {
 public:
  // Names of what can be given:
  //   topic     an MQTT topic filter
  //   client    the client id of the publisher; likewise device and module
  //   property  a user property that is there, or name=value
  //   since     arrival, see parse_moment(): from then on
  //   until     before then
  //   contains  bytes that the body has somewhere
  //   where     a condition, read strictly
  static const std::vector<std::string_view>& names();

  // Other names are passed over. Error: invalid, for whoever wrote it.
  [[nodiscard]] static core::Result<MessageFilter> compile(const std::map<std::string, std::string>& given,
                                                           int64_t now_ms);

  // Judges one. To be called by one thread at a time.
  [[nodiscard]] bool takes(const core::Message& message);

  // Takes all.
  [[nodiscard]] bool empty() const { return tests_.empty() && condition_.empty(); }
  // Says whether its answers may tell something of bodies.
  [[nodiscard]] bool looks_inside() const { return looks_inside_; }

 private:
  using Test = std::function<bool(const core::Message& message)>;

  core::Status add(std::string_view name, const std::string& value, int64_t now_ms);
  core::Status add_condition(const std::string& text);

  std::vector<Test> tests_;  // cheap ones first, as they were given
  Expression condition_;
  Evaluator evaluator_;
  MessageFields fields_;
  bool looks_inside_ = false;
};

}  // namespace headgate::routing
