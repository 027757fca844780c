#include "routing/language/sink.h"

namespace headgate::routing {

std::string endpoint_name(const Sink& sink) {
  switch (sink.kind) {
    case Sink::Kind::upstream:
      return "$upstream";
    case Sink::Kind::module_input:
      return sink.topic;
    case Sink::Kind::topic:
      return "topic:" + sink.topic;
    case Sink::Kind::dead_letter:
      return "$deadletter";
    case Sink::Kind::null:
      return "$null";
  }
  return {};
}

}  // namespace headgate::routing
