// Receives payloads from a broker at QoS 1 and reconnects for as long as it is wanted. Blocks; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "tools/unbatch/acks/acknowledger.h"
#include "tools/unbatch/credentials.h"

namespace headgate::tools {

struct SubscribeOptions {
  std::string host;
  uint16_t port = 1883;
  std::string topic = "headgate/+/batches";
  std::string second_topic;  // empty: none; a broker may refuse it
  int protocol = 5;          // MQTT protocol level: 5, or 4 for MQTT 3.1.1
  std::string client_id;     // with one, the broker keeps what arrives while nobody is connected
  Credentials credentials;
  int64_t timeout_s = 0;  // 0 = no limit
};

// Fate of a payload, and of the run.
enum class Taken : uint8_t {
  more,    // it is acknowledged, and the next is wanted
  enough,  // it is acknowledged; the run ends
  not_it,  // it is not acknowledged, and comes again to whoever is next; the run ends
};
using Take = std::function<Taken(core::Bytes payload, std::string_view topic)>;

// Words of the reader to the broker that the payloads come from.
struct Talk {
  std::function<void(bool session_present)> on_connected = [](bool) {};
  // Asked often; at the `end` of the run once more.
  std::function<std::vector<RetainedNote>(bool end)> take_due = [](bool) {
    return std::vector<RetainedNote>();
  };
};

// Calls `take` for each payload until it wants no more, SIGINT or SIGTERM comes, or time is up. A payload is
// acknowledged after `take` has returned: if the process dies before, the broker gives it to the next one. Errors that pass
// are told on `err`.
// Errors: unavailable (never connected in the time given), invalid (refused: credentials, files, topic).
[[nodiscard]] core::Status subscribe(const SubscribeOptions& options, const Take& take, std::ostream& err,
                                     const Talk& talk = {});

}  // namespace headgate::tools
