// Verbs on devices and modules of IoT Edge that answer as the test says, and remember what was asked. There are two identities,
// "edge-1" and "edge-1/sensor".
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hub/edge/verbs.h"

namespace headgate::testing {

class CannedEdgeVerbs : public hub::EdgeVerbs {
 public:
  [[nodiscard]] core::Status find(const hub::EdgeId& id) const override {
    if (id.device == "edge-1" && (id.module.empty() || id.module == "sensor")) return {};
    return core::fail(core::Errc::not_found, "there is no identity '" + id.id() + "'");
  }
  [[nodiscard]] core::Result<std::string> twin(const hub::EdgeId& id) const override {
    if (const auto known = find(id); !known) return core::fail(known.error());
    return twin_;
  }
  void patch_twin(const hub::EdgeId& id, const std::string& json, OnTwin done) override {
    asked_.push_back("patch " + id.id() + " " + json);
    done(twin(id));
  }
  void set_twin(const hub::EdgeId& id, const std::string& json, OnTwin done) override {
    asked_.push_back("set " + id.id() + " " + json);
    done(twin(id));
  }
  void call_method(hub::MethodCall call, OnMethod done) override {
    asked_.push_back("call " + call.target.id() + " " + call.name + " " + call.payload + " " +
                     std::to_string(call.response_timeout_s) + " " + std::to_string(call.connect_timeout_s));
    done(outcome_);
  }

  void send_to_device(hub::DeviceMessage message, OnSent done) override {
    if (const auto known = find({message.device, {}}); !known) return done(core::fail(known.error()));
    if (full_) return done(core::fail(core::Errc::full, "as many wait as may"));
    sent_.push_back(std::move(message));
    done(hub::DeviceMessageSent{7, sent_.size()});
  }

  void forget(const hub::EdgeId& id, OnForgotten done) override {
    if (find(id)) return done(core::fail(core::Errc::invalid, "'" + id.id() + "' is registered"));
    asked_.push_back("forget " + id.id());
    done(hub::ForgottenIdentity{true, 2});
  }

  std::string twin_ = R"({"desired":{"a":1,"$version":2},"reported":{"$version":1}})";
  hub::MethodOutcome outcome_{.status = 207, .payload = R"({"got":1})", .error = {}};
  std::vector<std::string> asked_;
  std::vector<hub::DeviceMessage> sent_;
  bool full_ = false;  // for messages to devices
};

}  // namespace headgate::testing
