#include "routing/language/sink.h"

namespace headgate::routing {
namespace {

// A fixed topic as a route writes it: a brace of its own is doubled, so that it is told from a template.
std::string with_doubled_braces(const std::string& topic) {
  std::string written;
  for (const char c : topic) written.append(c == '{' || c == '}' ? 2 : 1, c);
  return written;
}

}  // namespace

std::string endpoint_name(const Sink& sink) {
  switch (sink.kind) {
    case Sink::Kind::upstream:
      return "$upstream";
    case Sink::Kind::module_input:
      return sink.topic;
    case Sink::Kind::topic:
      return "topic:" + (sink.filled_in.empty() ? with_doubled_braces(sink.topic) : sink.topic);
    case Sink::Kind::dead_letter:
      return "$deadletter";
    case Sink::Kind::null:
      return "$null";
  }
  return {};
}

}  // namespace headgate::routing
