// Topics inside the hub of what devices and modules ask of it: `$iothub/…` of the wire, with the client's name in them. One client
// never has a right to another's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hub/edge/id.h"

namespace headgate::hub {

// "$iothub/devices/D/" or "$iothub/devices/D/modules/M/".
[[nodiscard]] std::string edge_prefix(const EdgeId& client);

// Filters by which a client says that it takes answers, desired properties, or calls of methods.
[[nodiscard]] std::string twin_answers_filter(const EdgeId& client);
[[nodiscard]] std::string desired_filter(const EdgeId& client);
[[nodiscard]] std::string methods_filter(const EdgeId& client);

[[nodiscard]] std::string twin_answer_topic(const EdgeId& client, unsigned status, std::string_view rid);
// Answers a report that was taken.
[[nodiscard]] std::string reported_topic(const EdgeId& client, std::string_view rid, int64_t version);
[[nodiscard]] std::string desired_topic(const EdgeId& client, int64_t version);
[[nodiscard]] std::string method_topic(const EdgeId& client, std::string_view method, std::string_view rid);

// Messages from the cloud's side to a device: its queue has that name, and its clients subscribe to that filter.
[[nodiscard]] std::string device_queue_name(std::string_view device);
// The device of such a name; nullopt: it is none.
[[nodiscard]] std::optional<std::string_view> device_of_queue(std::string_view name);

inline constexpr size_t kRequestIdBytesMax = 128;

struct EdgeRequest {
  enum class Kind : uint8_t { twin_get, twin_report, method_answer };
  Kind kind = Kind::twin_get;
  std::string_view rid = {};  // as it came; empty: a report that wants no answer
  int64_t status = 0;         // of a method's answer; not 0
};
// A topic that `from` published to; the parts view it. nullopt: it is not the client's own or not of the protocol.
[[nodiscard]] std::optional<EdgeRequest> parse_edge_request(const EdgeId& from, std::string_view topic);

}  // namespace headgate::hub
