#include "routing/language/parse/sink_parser.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "core/topic.h"
#include "routing/language/parse/template_parser.h"
#include "routing/language/text.h"

namespace headgate::routing {
namespace {

using Kind = Token::Kind;

constexpr std::string_view kBrokeredEndpoint = "BrokeredEndpoint";
constexpr std::string_view kTopic = "Topic";
constexpr std::string_view kUpstream = "Upstream";

std::string_view sink_help(bool strict) {
  return strict
             ? R"(sinks are $upstream, BrokeredEndpoint("/modules/<module>/inputs/<input>"), Topic('<topic>'), Upstream('<topic>'), $deadletter and $null)"
             : R"(sinks are $upstream, BrokeredEndpoint("/modules/<module>/inputs/<input>"), Topic('<topic>') and $null)";
}

bool goes_up(const Sink& sink) { return sink.kind == Sink::Kind::upstream; }

bool same_place(const Sink& a, const Sink& b) {
  return a.kind == b.kind && a.topic == b.topic && a.filled_in.empty() == b.filled_in.empty();
}

}  // namespace

bool SinkParser::parse(std::vector<Sink>& sinks) {
  do {
    const Token first = cursor_.peek();
    if (sinks.size() == kSinksMax)
      return error(first, "the route has more than " + std::to_string(kSinksMax) + " sinks");
    Sink next;
    if (!sink(next)) return false;
    next.offset = first.offset;
    next.length = cursor_.previous()->end_offset() - first.offset;
    if (std::any_of(sinks.begin(), sinks.end(), [&](const Sink& known) { return same_place(known, next); })) {
      found_.error(first.offset, cursor_.previous()->end_offset() - first.offset, "this sink is named twice",
                   "leave one out");
    } else if (goes_up(next) && std::any_of(sinks.begin(), sinks.end(), goes_up)) {
      found_.warning(first.offset, cursor_.previous()->end_offset() - first.offset,
                     "this sink goes upstream too: each message goes there once for each topic",
                     "leave one out, unless the far side wants it under both topics");
    }
    sinks.push_back(std::move(next));
  } while (strict_ && cursor_.accept(Kind::comma));
  return true;
}

std::string SinkParser::help() const { return std::string(sink_help(strict_)); }

bool SinkParser::sink(Sink& sink) {
  const Token token = cursor_.take();
  const std::string_view text = cursor_.text(token);
  if (token.kind == Kind::system_name) return system_sink(token, sink);
  if (token.kind == Kind::name && cursor_.at(Kind::open)) return endpoint_function(token, sink);
  if (token.kind == Kind::end) return error(token, "the text ends here; expected a sink after INTO", help());
  if (token.kind == Kind::name && edit_distance(text, "upstream") <= 2) {
    return error(token, "expected a sink, found " + quote(text), "did you mean `$upstream`?");
  }
  const bool input_path =
      token.kind == Kind::slash || (token.kind == Kind::string && text.find("modules") == 2);
  return error(token, "expected a sink, found " + quote(text),
               input_path ? R"(write BrokeredEndpoint("/modules/<module>/inputs/<input>"))" : help());
}

bool SinkParser::system_sink(const Token& token, Sink& sink) {
  const std::string_view name = cursor_.text(token);
  if (core::equals_ignoring_case(name, "$upstream")) return sink.kind = Sink::Kind::upstream, true;
  if (core::equals_ignoring_case(name, "$null")) return sink.kind = Sink::Kind::null, true;
  if (core::equals_ignoring_case(name, "$deadletter")) {
    sink.kind = Sink::Kind::dead_letter;
    return strict_ || error(token, "edgeHub has no sink `$deadletter`", "use strict semantics");
  }
  if (strict_ && edit_distance(core::ascii_lowered(name), "$deadletter") <= 3)
    return error(token, "there is no sink " + quote(name), "did you mean `$deadletter`?");
  const bool close = edit_distance(name, "$upstream") <= 3;
  return error(token, "there is no sink " + quote(name), close ? "did you mean `$upstream`?" : help());
}

bool SinkParser::endpoint_function(const Token& name, Sink& sink) {
  const Token open = cursor_.take();
  const Token argument = cursor_.peek();
  if (!cursor_.accept(Kind::string)) {
    report_unexpected(cursor_, "a quoted string", found_, help());
    return false;
  }
  if (!cursor_.accept(Kind::close)) return error(open, "missing closing `)`");
  return endpoint(name, argument, sink);
}

bool SinkParser::endpoint(const Token& name, const Token& argument, Sink& sink) {
  const std::string_view function = cursor_.text(name);
  if (core::equals_ignoring_case(function, kBrokeredEndpoint)) return module_input(argument, sink);
  if (core::equals_ignoring_case(function, kTopic)) {
    sink.kind = Sink::Kind::topic;
    return topic(argument, sink);
  }
  if (core::equals_ignoring_case(function, kUpstream)) {
    if (!strict_) return error(name, "edgeHub has no sink `Upstream('…')`", "write `$upstream`");
    sink.kind = Sink::Kind::upstream;
    return topic(argument, sink);
  }
  const bool close = edit_distance(function, kBrokeredEndpoint) <= 5;
  return error(name, "there is no sink " + quote(function),
               close ? "did you mean `BrokeredEndpoint`?" : help());
}

// Four parts; as in edgeHub the first and third may be any word: "/a/b/c/d" is input d of module b.
bool SinkParser::module_input(const Token& token, Sink& sink) {
  const std::string address = unquote(cursor_.text(token));
  std::string_view rest = address;
  if (rest.starts_with('/')) rest.remove_prefix(1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  std::vector<std::string> parts;
  core::TopicLevels levels(rest);
  while (const auto level = levels.next()) parts.emplace_back(*level);
  if (parts.size() != 4 || parts[1].empty() || parts[3].empty()) {
    return error(token, "not the address of a module's input", R"(write "/modules/<module>/inputs/<input>")");
  }
  std::string delivered_on = core::module_input_topic(parts[1], parts[3]);
  if (!core::is_valid_topic_name(delivered_on)) {
    return error(token, "a module or input name cannot hold `+`, `#` or control characters");
  }
  if (parts[0] != "modules" || parts[2] != "inputs") {
    found_.warning(token.offset, token.length,
                   "read as input " + quote(parts[3]) + " of module " + quote(parts[1]),
                   "write \"/modules/" + parts[1] + "/inputs/" + parts[3] + "\"");
  }
  sink.kind = Sink::Kind::module_input;
  sink.module = std::move(parts[1]);
  sink.input = std::move(parts[3]);
  sink.topic = std::move(delivered_on);
  return true;
}

// edgeHub has no templates: a brace is a character.
bool SinkParser::topic(const Token& token, Sink& sink) {
  if (strict_) return parse_topic_template(cursor_, token, query_, sink, found_);
  sink.topic = unquote(cursor_.text(token));
  return is_topic_to_publish(sink.topic, token, found_);
}

bool SinkParser::error(const Token& token, std::string message, std::string suggestion) {
  found_.error(token.offset, token.length, std::move(message), std::move(suggestion));
  return false;
}

}  // namespace headgate::routing
