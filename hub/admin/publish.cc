#include "hub/admin/publish.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/text.h"
#include "core/text/json_nesting.h"
#include "core/topic.h"
#include "hub/access/base64.h"
#include "hub/access/hub_user.h"

namespace headgate::hub {
namespace {

using PublishJson = nlohmann::json;

constexpr uint32_t kExpiryMaxS = UINT32_MAX;
constexpr size_t kKeyBytesMax = 256;
constexpr size_t kLinesAtATime = 64;  // so that the loop is not held by parsing

core::Error invalid(std::string what) { return {core::Errc::invalid, std::move(what)}; }

core::Status check(const PublishRequest& request) {
  if (!core::is_valid_topic_name(request.topic))
    return core::fail(invalid("topic is \"" + request.topic + "\"; allowed: an MQTT topic without + and #"));
  const std::string& answers = request.properties.response_topic;
  if (!answers.empty() && !core::is_valid_topic_name(answers))
    return core::fail(
        invalid("response topic is \"" + answers + "\"; allowed: an MQTT topic without + and #"));
  for (const core::UserProperty& one : request.properties.user)
    if (!core::is_valid_utf8(one.name) || !core::is_valid_utf8(one.value))
      return core::fail(invalid("a user property is not UTF-8"));
  if (!core::is_valid_utf8(request.properties.content_type))
    return core::fail(invalid("the content type is not UTF-8"));
  if (request.idempotency_key.size() > kKeyBytesMax)
    return core::fail(invalid("the idempotency key is longer than 256 bytes"));
  return {};
}

core::Status take_base64(const std::string& name, const std::string& text, std::string& into) {
  auto bytes = text.empty() ? std::optional<std::string>(std::string()) : decode_base64(text);
  if (!bytes) return core::fail(invalid(name + " is no base64"));
  into = *std::move(bytes);
  return {};
}

core::Status take_expiry(std::string_view text, uint32_t& into) {
  const auto seconds = core::parse_whole<uint32_t>(text);
  if (!seconds || *seconds == 0)
    return core::fail(invalid("expiry is \"" + std::string(text) + "\"; allowed: 1 to " +
                              std::to_string(kExpiryMaxS) + " s"));
  into = *seconds;
  return {};
}

// ---- one message ----

core::Status take_field(const std::string& name, const std::string& value, PublishRequest& into) {
  if (name == "headgate-retain") {
    if (value != "0" && value != "1") return core::fail(invalid("Headgate-Retain is neither 0 nor 1"));
    into.retain = value == "1";
  } else if (name == "headgate-expiry-s") {
    return take_expiry(value, into.expiry_s);
  } else if (name == "headgate-content-type") {
    into.properties.content_type = value;
  } else if (name == "headgate-response-topic") {
    into.properties.response_topic = value;
  } else if (name == "headgate-correlation-data") {
    return take_base64("Headgate-Correlation-Data", value, into.properties.correlation_data);
  } else if (name == "headgate-user-property") {
    const size_t equals = value.find('=');
    if (equals == std::string::npos)
      return core::fail(invalid("Headgate-User-Property is \"" + value + "\"; allowed: name=value"));
    into.properties.user.push_back({value.substr(0, equals), value.substr(equals + 1)});
  } else if (name == "idempotency-key") {
    into.idempotency_key = value;
  } else if (name.starts_with("headgate-")) {
    return core::fail(invalid("there is no field " + name));
  }
  return {};
}

core::Result<PublishRequest> parse_one(const AdminCall& call) {
  PublishRequest request;
  request.topic = call.name;
  request.body = call.request.body;
  for (const auto& [name, value] : call.request.fields)
    if (auto taken = take_field(name, value, request); !taken) return core::fail(taken.error());
  if (auto right = check(request); !right) return core::fail(right.error());
  return request;
}

// ---- a line of many ----

core::Error wrong_member(const std::string& name, const char* allowed) {
  return invalid(name + " is wrong; allowed: " + allowed);
}

core::Status take_properties(const PublishJson& value, PublishRequest& into) {
  if (!value.is_array()) return core::fail(wrong_member("user_properties", "a list of [name, value]"));
  for (const PublishJson& pair : value) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string())
      return core::fail(wrong_member("user_properties", "a list of [name, value]"));
    into.properties.user.push_back({pair[0], pair[1]});
  }
  return {};
}

std::string* text_member(const std::string& name, PublishRequest& into) {
  if (name == "topic") return &into.topic;
  if (name == "content_type") return &into.properties.content_type;
  if (name == "response_topic") return &into.properties.response_topic;
  if (name == "idempotency_key") return &into.idempotency_key;
  return nullptr;
}

core::Status take_member(const std::string& name, const PublishJson& value, PublishRequest& into) {
  if (name == "payload") {
    into.body = value.is_string() ? value.get<std::string>() : value.dump();
    return {};
  }
  if (name == "retain") {
    if (!value.is_boolean()) return core::fail(wrong_member(name, "true or false"));
    into.retain = value.get<bool>();
    return {};
  }
  if (name == "expiry_s") return take_expiry(value.is_number_unsigned() ? value.dump() : "", into.expiry_s);
  if (name == "user_properties") return take_properties(value, into);
  if (!value.is_string()) return core::fail(wrong_member(name, "a text, in a member that there is"));
  if (name == "payload_base64") return take_base64(name, value, into.body);
  if (name == "correlation_base64") return take_base64(name, value, into.properties.correlation_data);
  std::string* const text = text_member(name, into);
  if (text == nullptr) return core::fail(invalid("there is no member " + name));
  *text = value.get<std::string>();
  return {};
}

// ---- answers ----

std::string outcome_text(const Published& published) {
  const PublishJson json = published.status == 200
                               ? PublishJson{{"seq", published.seq}, {"repeated", published.repeated}}
                               : PublishJson{{"error", published.why}, {"status", published.status}};
  return json.dump(-1, ' ', false, PublishJson::error_handler_t::replace);
}

// Whoever owns the socket publishes as the hub's operator.
std::string publisher_of(const Caller& caller) {
  return caller.user.empty() ? std::string(kOperatorUser) : caller.user;
}

// A body of many lines on its way: some at a time, each answered in its place.
class Batch : public std::enable_shared_from_this<Batch> {
 public:
  Batch(HubView& hub, std::shared_ptr<const AdminRequest> request, std::string topic,
        std::function<void(AdminResponse)> done)
      : hub_(hub),
        request_(std::move(request)),
        topic_(std::move(topic)),
        user_(publisher_of(request_->caller)),
        done_(std::move(done)) {}

  void go_on() {
    const std::string& text = request_->body;
    const size_t begin = answers_.size();
    std::vector<std::string_view> lines;
    while (lines.size() < kLinesAtATime && at_ < text.size()) {
      const size_t end = std::min(text.find('\n', at_), text.size());
      std::string_view line(text.data() + at_, end - at_);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!line.empty()) lines.push_back(line);
      at_ = end + 1;
    }
    if (lines.empty()) return finish();
    answers_.resize(begin + lines.size());
    open_ = lines.size();
    for (size_t i = 0; i < lines.size(); ++i) publish(lines[i], begin + i);
  }

 private:
  void publish(std::string_view line, size_t place) {
    auto request = parse_publish_line(line, topic_);
    if (!request) return answered(place, {400, 0, false, request.error().what});
    request->user = user_;
    hub_.publish(*std::move(request), [self = shared_from_this(), place](const Published& published) {
      self->answered(place, published);
    });
  }

  void answered(size_t place, const Published& published) {
    answers_[place] = outcome_text(published);
    if (--open_ == 0) hub_.later([self = shared_from_this()] { self->go_on(); });
  }

  void finish() {
    std::string body;
    for (const std::string& answer : answers_) body.append(answer).append("\n");
    done_({200, std::move(body), "application/x-ndjson"});
  }

  HubView& hub_;
  const std::shared_ptr<const AdminRequest> request_;
  const std::string topic_;
  const std::string user_;
  const std::function<void(AdminResponse)> done_;
  size_t at_ = 0;
  size_t open_ = 0;
  std::vector<std::string> answers_;
};

bool has_many(const AdminRequest& request) {
  for (const auto& [name, value] : request.fields)
    if (name == "content-type") return value.starts_with("application/x-ndjson");
  return false;
}

}  // namespace

core::Result<PublishRequest> parse_publish_line(std::string_view line, const std::string& topic) {
  if (!core::is_nested_within(line))
    return core::fail(invalid("the line has too many levels within one another"));
  const PublishJson json = PublishJson::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return core::fail(invalid("the line is no JSON object"));
  if (json.contains("payload") == json.contains("payload_base64"))
    return core::fail(invalid("a line has either payload or payload_base64"));
  PublishRequest request;
  request.topic = topic;
  for (const auto& [name, value] : json.items())
    if (auto taken = take_member(name, value, request); !taken) return core::fail(taken.error());
  if (auto right = check(request); !right) return core::fail(right.error());
  return request;
}

AdminReply post_publish(const AdminCall& call) {
  if (has_many(call.request)) {
    return AdminLater{[&hub = call.hub, request = std::make_shared<const AdminRequest>(call.request),
                       topic = call.name](auto done) {
      std::make_shared<Batch>(hub, request, topic, std::move(done))->go_on();
    }};
  }
  auto request = parse_one(call);
  if (!request) return failed(400, request.error().what);
  request->user = publisher_of(call.request.caller);
  return AdminLater{[&hub = call.hub, request = *std::move(request)](auto done) {
    hub.publish(request, [done = std::move(done)](const Published& published) {
      done({published.status, outcome_text(published)});
    });
  }};
}

}  // namespace headgate::hub
