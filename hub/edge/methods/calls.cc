#include "hub/edge/methods/calls.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/text/json_nesting.h"
#include "core/topic.h"
#include "hub/edge/topics.h"

namespace headgate::hub {
namespace {

constexpr unsigned kBadCall = 400;
constexpr unsigned kUnreachable = 404;
constexpr unsigned kTooManyCalls = 429;
constexpr unsigned kUnreadable = 500;
constexpr unsigned kNoAnswer = 504;

// Characters with which a call vanishes in an SDK, which reads the topic as a URL, or that no topic has.
constexpr std::string_view kNotInNames = " \"'`<>\\^{|}#?/+";

MethodOutcome refused(unsigned http_status, std::string why) {
  return {http_status, 0, "null", std::move(why)};
}

size_t characters_of(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_method_name(std::string_view name) {
  const auto allowed = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F && kNotInNames.find(c) == std::string_view::npos;
  };
  return !name.empty() && characters_of(name) <= kMethodNameCharactersMax &&
         std::ranges::all_of(name, allowed) && core::is_valid_utf8(name);
}

bool is_within(uint32_t seconds, uint32_t min) { return seconds >= min && seconds <= kMethodTimeoutMaxS; }

// Whoever reads it can walk it, and sees all of it: a payload goes to clients and operators as it came.
bool is_payload(std::string_view json) {
  return core::is_nested_within(json) && json.find('\0') == json.npos && nlohmann::json::accept(json);
}

int64_t deadline(core::Now now, uint32_t seconds) { return now.mono_ms + int64_t{seconds} * 1'000; }

}  // namespace

core::Status check_method(const MethodCall& call) {
  const auto invalid = [](std::string what) { return core::fail(core::Errc::invalid, std::move(what)); };
  if (!is_method_name(call.name))
    return invalid(
        "the method's name has 1 to 100 characters, without a blank and without any of \" ' ` < > \\ ^ { | } # ? / +");
  if (!is_within(call.response_timeout_s, kMethodResponseMinS))
    return invalid("the response timeout is 5 to 300 s");
  if (!is_within(call.connect_timeout_s, 0)) return invalid("the connect timeout is 0 to 300 s");
  if (call.payload.size() > kMethodPayloadBytesMax) return invalid("the payload has more than 128 KiB");
  if (!is_payload(call.payload))
    return invalid("the payload is no JSON, or has too many levels within one another");
  return {};
}

void MethodCalls::call(MethodCall call, core::Now now, EdgeVerbs::OnMethod done) {
  const auto refuse = [&](unsigned http_status, std::string why) {
    const MethodOutcome outcome = refused(http_status, std::move(why));
    count(outcome);
    done(outcome);
  };
  if (const auto right = check_method(call); !right) return refuse(kBadCall, right.error().what);
  if (calls_.size() >= kInAllMax || of_target(call.target) >= kOfTargetMax)
    return refuse(kTooManyCalls, "too many calls are under way");
  const int64_t until = deadline(now, call.connect_timeout_s);
  const auto [made, is_new] =
      calls_.emplace(next_rid(now), Call{std::move(call), until, false, std::move(done)});
  if (send(made->first, made->second, now) || made->second.what.connect_timeout_s > 0) return;
  finish(made, refused(kUnreachable,
                       "'" + made->second.what.target.id() + "' is not connected, or takes no methods"));
}

void MethodCalls::on_answer(const EdgeId& from, std::string_view rid, int64_t status, const std::string& body,
                            core::Now now) {
  const auto call = calls_.find(rid);
  const bool awaited = call != calls_.end() && call->second.sent && call->second.what.target == from &&
                       now.mono_ms < call->second.deadline_mono_ms;
  if (!awaited) {
    ++counts_.stray;
    return;
  }
  if (body.size() > kMethodPayloadBytesMax)
    return finish(call, refused(kUnreadable, "the answer of '" + from.id() + "' has more than 128 KiB"));
  if (!body.empty() && !is_payload(body))
    return finish(call, refused(kUnreadable, "the answer of '" + from.id() +
                                                 "' is no JSON, or has too many levels within one another"));
  finish(call, {.status = status, .payload = body.empty() ? "null" : body, .error = {}});
}

void MethodCalls::on_connected(const EdgeId& client, core::Now now) {
  for (auto& [rid, call] : calls_)
    if (!call.sent && call.what.target == client) send(rid, call, now);
}

void MethodCalls::tick(core::Now now) {
  std::vector<std::string> due;
  for (auto& [rid, call] : calls_) {
    if (!call.sent && send(rid, call, now)) continue;
    if (now.mono_ms >= call.deadline_mono_ms) due.push_back(rid);
  }
  for (const std::string& rid : due) {
    const auto call = calls_.find(rid);
    const std::string name = "'" + call->second.what.target.id() + "'";
    finish(call, call->second.sent ? refused(kNoAnswer, name + " has not answered in time")
                                   : refused(kUnreachable, name + " has not connected, or takes no methods"));
  }
}

size_t MethodCalls::of_target(const EdgeId& target) const {
  return static_cast<size_t>(
      std::ranges::count_if(calls_, [&](const auto& one) { return one.second.what.target == target; }));
}

std::string MethodCalls::next_rid(core::Now now) {
  if (rid_front_.empty()) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), static_cast<uint64_t>(now.wall_ms), 36).ptr;
    rid_front_.assign(digits.begin(), end);
    rid_front_.push_back('-');
  }
  return rid_front_ + std::to_string(++last_);
}

bool MethodCalls::send(const std::string& rid, Call& call, core::Now now) {
  const EdgeId& target = call.what.target;
  if (!clients_.is_subscribed(target, methods_filter(target))) return false;
  if (!clients_.send(target, method_topic(target, call.what.name, rid), call.what.payload, now)) return false;
  call.sent = true;
  call.deadline_mono_ms = deadline(now, call.what.response_timeout_s);
  call.what.payload = std::string();
  return true;
}

void MethodCalls::finish(Calls::iterator call, const MethodOutcome& outcome) {
  const EdgeVerbs::OnMethod done = std::move(call->second.done);
  calls_.erase(call);
  count(outcome);
  done(outcome);
}

void MethodCalls::count(const MethodOutcome& outcome) {
  switch (outcome.http_status) {
    case kBadCall:
      ++counts_.invalid;
      return;
    case kUnreachable:
      ++counts_.unreachable;
      return;
    case kTooManyCalls:
      ++counts_.throttled;
      return;
    case kUnreadable:
      ++counts_.unreadable;
      return;
    case kNoAnswer:
      ++counts_.timed_out;
      return;
    default:
      ++counts_.answered;
  }
}

}  // namespace headgate::hub
