// Rights of modules and devices in the dialect of IoT Edge: fixed, and each its own.
#pragma once

#include <memory>
#include <string_view>

#include "broker/session/rights.h"
#include "hub/edge/id.h"

namespace headgate::hub {

// On the topics inside the hub, as docs/from-iot-edge.md has them: its events and outputs, its inputs or the messages for it from the
// cloud, and its part of `$iothub/…`. `own_device`: the device that this gateway is, whose modules have topics without a device.
[[nodiscard]] std::shared_ptr<const broker::Rights> edge_rights(const EdgeId& id,
                                                                std::string_view own_device);

}  // namespace headgate::hub
