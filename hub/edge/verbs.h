// Verbs of an operator on devices and modules of IoT Edge, connected or not. Loop thread only; implemented by EdgeDesk
// and, in tests of the admin API, by a fake.
//
// Errors are for the operator to read: not_found (there is no such identity), invalid, full, unavailable (the store is being
// opened again).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/message.h"
#include "core/result.h"
#include "hub/edge/id.h"

namespace headgate::hub {

// A direct method to be called.
struct MethodCall {
  EdgeId target = {};
  std::string name = {};
  std::string payload = "null";  // JSON
  uint32_t response_timeout_s = 30;
  uint32_t connect_timeout_s = 0;
};

// Result of a call. `http_status` is edgeHub's: 200 (the target answered, whatever its status), 400, 404 (not connected, or
// not subscribed to methods), 429 (too many are under way), 500 (its answer is no JSON), 504 (no answer in time).
struct MethodOutcome {
  unsigned http_status = 200;
  int64_t status = 0;            // the target's
  std::string payload = "null";  // the target's, JSON
  std::string error = {};        // for people, of an `http_status` that is not 200
};

// A message to a device.
struct DeviceMessage {
  std::string device = {};
  std::string body = {};
  core::Properties properties =
      {};  // "$.mid" among the user properties is its id, correlation_data its "$.cid"
  uint32_t expiry_s = 3'600;
};
struct DeviceMessageSent {
  uint64_t seq = 0;
  uint64_t waiting = 0;  // messages for the device, with this one
};

// Losses of an identity that is no more.
struct ForgottenIdentity {
  bool twin = false;      // whether there was one
  uint64_t messages = 0;  // that waited for the device
};

class EdgeVerbs {
 public:
  using OnTwin = std::function<void(const core::Result<std::string>& json)>;
  using OnSent = std::function<void(const core::Result<DeviceMessageSent>& sent)>;
  using OnMethod = std::function<void(const MethodOutcome& outcome)>;
  using OnForgotten = std::function<void(const core::Result<ForgottenIdentity>& forgotten)>;

  virtual ~EdgeVerbs() = default;

  // Error: not_found, if there is no such identity, connected or not.
  [[nodiscard]] virtual core::Status find(const EdgeId& id) const = 0;

  // {"desired": {…, "$version": n}, "reported": {…, "$version": n}}, as it is durable.
  [[nodiscard]] virtual core::Result<std::string> twin(const EdgeId& id) const = 0;
  // Merges the patch (RFC 7396), or replaces all, of what is desired; `done` gets the twin once it is durable, now or later.
  virtual void patch_twin(const EdgeId& id, const std::string& json, OnTwin done) = 0;
  virtual void set_twin(const EdgeId& id, const std::string& json, OnTwin done) = 0;

  // `done` is called with the outcome, now or later; never, if the hub ends before.
  virtual void call_method(MethodCall call, OnMethod done) = 0;

  // `done` is called once the message is durable or refused, now or later.
  virtual void send_to_device(DeviceMessage message, OnSent done) = 0;

  // Drops the twin of an identity, and the messages for it; `done` is called once that is durable. Error invalid: it is registered.
  virtual void forget(const EdgeId& id, OnForgotten done) = 0;
};

}  // namespace headgate::hub
