// A CONNECT that is being decided on. Lives as long as its channel waits.
#pragma once

#include <optional>
#include <string>

#include "broker/access.h"
#include "broker/codec/packets/connect.h"
#include "broker/dialect/translator.h"

namespace headgate::broker {

struct PendingConnect {
  std::string packet;  // what `connect` views
  Connect connect;
  Credentials credentials;
  std::optional<Translated> will;  // of the dialect of IoT Edge; its message is this one then
  std::string behind;              // came behind CONNECT, and is read once that is accepted
};

}  // namespace headgate::broker
